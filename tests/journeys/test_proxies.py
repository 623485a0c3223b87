"""Tarō asks his daughter Yumi to look for him; she does, he sees it, he ends it; he goes alone."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from api.consent.lifecycle import leaving
from api.core.actor import Actor
from api.identity.card import CardNumber
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import session_of
from tests.journeys.quality import axe_violations, leads_on
from tests.portal import scene

WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('main button, .acting-bar button')]
  .map(each => [each.textContent.trim(), each.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 44 || box.width < 44)).map(([name]) => name)"""


class Said(NamedTuple):
    """What the screens say, in one language."""

    ask: str
    accept: str
    to_taro: str
    acting: str
    back: str
    own: str
    change: str
    end: str
    by: str
    again: str
    waits: str
    ended: str
    alone: str
    is_alone: str


SAID = {
    "ja": Said(
        "お願いする",
        "引き受ける",
        "山本 太郎さんの画面へ",
        "山本 太郎さんの代わりに見ています",
        "自分にもどる",
        "ご自分の画面です",
        "変える・やめる",
        "やめる",
        "山本 太郎さんの代わりに、山本 由美さん",
        "もう一度お願いする",
        "返事を待っています。",
        "代わりの手続きは、いまはできません",
        "自分だけで使う",
        "ご本人だけが使えるようになっています",
    ),
    "en": Said(
        "Ask",
        "Accept",
        "Go to 山本 太郎",
        "You are acting for 山本 太郎",
        "Back to myself",
        "This is your own view",
        "Change or end",
        "End",
        "山本 由美",
        "Ask once more",
        "Waiting for the answer.",
        "not available now",
        "Use it alone",
        "Only you can use it now",
    ),
}


class Person(NamedTuple):
    actor: Actor
    card: CardNumber
    page: Page


@pytest_asyncio.fixture(params=["ja", "en"])
async def both(
    request: pytest.FixtureRequest, open_phone: OpenPhone
) -> AsyncIterator[tuple[Person, Person, Said]]:
    found = []
    for name, kana in (("山本 太郎", "ヤマモト タロウ"), ("山本 由美", "ヤマモト ユミ")):
        actor, card = await scene.participant(name, kana)
        await leaving.take_part(actor, "participating")
        page = await open_phone(request.param, session=await session_of(actor))
        found.append(Person(actor, card, page))
    yield found[0], found[1], SAID[request.param]


async def is_for_everyone(page: Page) -> None:
    assert await axe_violations(page) == [], page.url
    assert not await page.evaluate(WIDER), page.url
    assert await page.evaluate(SMALL) == [], page.url


async def named_by(taro: Person, yumi: Person, said: Said) -> None:
    await taro.page.goto("/proxies/new")
    await is_for_everyone(taro.page)
    await taro.page.fill("[name=card]", yumi.card.digits)
    await taro.page.fill("[name=name]", "山本 由美")
    await taro.page.get_by_role("button", name=said.ask, exact=True).click()
    await taro.page.wait_for_url("**/proxies#asked")
    await is_for_everyone(taro.page)


async def accepts(yumi: Person, said: Said) -> None:
    await yumi.page.goto("/proxies")
    await leads_on(yumi.page.get_by_role("button", name=said.accept, exact=True))
    await yumi.page.wait_for_url("**/proxies")
    await is_for_everyone(yumi.page)


async def test_taro_names_yumi_she_looks_for_him_he_sees_it_and_ends_it(
    both: tuple[Person, Person, Said],
) -> None:
    taro, yumi, said = both
    await named_by(taro, yumi, said)
    await accepts(yumi, said)

    await yumi.page.goto("/home")
    await expect(yumi.page.get_by_text(said.own)).to_be_visible()
    await is_for_everyone(yumi.page)
    await leads_on(yumi.page.get_by_role("button", name=said.to_taro, exact=True))  # one tap
    await yumi.page.wait_for_url("**/home")
    for path in ("/home", "/records", "/access-log", "/help"):
        await yumi.page.goto(path)
        await expect(yumi.page.get_by_text(said.acting)).to_be_in_viewport()
        await is_for_everyone(yumi.page)
    await yumi.page.goto("/access-log")
    await expect(yumi.page.locator("main ol > li.card").first).to_contain_text(said.by)
    await leads_on(yumi.page.get_by_role("button", name=said.back, exact=True))  # one tap
    await yumi.page.wait_for_url("**/home")
    await expect(yumi.page.get_by_text(said.own)).to_be_visible()
    await expect(yumi.page.get_by_text(said.acting)).to_have_count(0)

    await taro.page.goto("/access-log")
    told = taro.page.locator("main ol > li.card", has_text=said.by).first
    await expect(told).to_contain_text("山本 太郎")
    await is_for_everyone(taro.page)
    await taro.page.goto("/proxies")
    await leads_on(taro.page.get_by_role("link", name=said.change))
    await is_for_everyone(taro.page)
    await leads_on(taro.page.get_by_role("button", name=said.end, exact=True))
    await taro.page.wait_for_url("**/proxies**")
    await expect(taro.page.get_by_role("link", name=said.change)).to_have_count(0)
    await is_for_everyone(taro.page)
    await leads_on(taro.page.get_by_role("button", name=said.again, exact=True))
    await expect(taro.page.get_by_text(said.waits)).to_be_visible()  # she is asked, no more
    await yumi.page.goto("/home")
    await expect(yumi.page.get_by_role("button", name=said.to_taro)).to_have_count(0)


async def test_taro_uses_it_alone_by_one_silent_action(both: tuple[Person, Person, Said]) -> None:
    taro, yumi, said = both
    await named_by(taro, yumi, said)
    await accepts(yumi, said)
    await yumi.page.goto("/home")
    await yumi.page.get_by_role("button", name=said.to_taro, exact=True).click()
    await expect(yumi.page.get_by_text(said.acting)).to_be_visible()
    await taro.page.goto("/proxies")
    await leads_on(taro.page.get_by_role("link", name=said.alone))
    await is_for_everyone(taro.page)
    await leads_on(taro.page.get_by_role("button", name=said.alone, exact=True))
    await expect(taro.page.get_by_text(said.is_alone)).to_be_visible()
    await is_for_everyone(taro.page)
    await yumi.page.goto("/home")
    await expect(yumi.page.get_by_text(said.ended)).to_be_visible()
    await is_for_everyone(yumi.page)
    await yumi.page.goto("/inbox")
    await expect(yumi.page.get_by_text(said.alone)).to_have_count(0)
    await taro.page.goto("/home")
    await expect(taro.page.locator("h1")).to_contain_text("山本 太郎")
