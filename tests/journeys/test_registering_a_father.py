"""Yumi registers her father Tarō, 85, on her phone: few pages, few taps, three minutes."""

import re
import time
from datetime import date, timedelta

import pytest
from playwright.async_api import Page, expect

from api import demo
from api.core import clock, i18n
from api.core.actor import OPERATOR
from api.identity.enrolling import intake
from tests.journeys.conftest import PHONE, OpenPhone
from tests.journeys.people import Newcomer, as_actor, session_of, unused_card
from tests.journeys.quality import axe_violations
from tests.pace import slowness

MOST_PAGES, MOST_TAPS, MOST_KEYS = 4, 12, 40
# How long somebody not used to it takes: to read a page, to find and tap, to type a character.
PAGE, TAP, KEY = 20.0, 3.0, 1.0
WORDS = {
    "ja": (
        "家族を登録する",
        "次へ",
        "ご本人が参加に同意しました",
        "登録する",
        "ご家族を登録しました",
    ),
    "en": (
        "Register a family member",
        "Continue",
        "The person has agreed to take part",
        "Register",
        "Your family member is registered",
    ),
}


SMALL = """
  [...document.querySelectorAll("main button, main input:not([type=hidden]), main select")]
    .map(e => e.closest("label") || e)
    .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML)
"""


class Thumb:
    """Counts what a hand does."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.keys, self.pages = page, 0, 0, 0

    async def arrives(self) -> None:
        self.pages += 1
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert await axe_violations(self.page) == []
        small = await self.page.evaluate(SMALL)
        assert small == []

    async def fills(self, name: str, text: str) -> None:
        self.taps += 1
        self.keys += len(text)
        await self.page.fill(f"[name={name}]", text)

    async def taps_on(self, role: str, name: str) -> None:
        self.taps += 1
        await self.page.get_by_role("main").get_by_role(role, name=re.compile(name)).last.click()  # type: ignore[arg-type]

    @property
    def seconds(self) -> float:
        return self.pages * PAGE + self.taps * TAP + self.keys * KEY


async def father() -> Newcomer:
    card = unused_card()
    paper = intake.Paper("山本 太郎", "ヤマモト タロウ", "male", date(1941, 2, 3))
    participant_id = await intake.admit(OPERATOR, paper, card)
    code = await intake.issue_code(OPERATOR, participant_id)
    return Newcomer(participant_id, card, code.text)


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_yumi_registers_her_father_within_three_minutes(
    open_phone: OpenPhone, people: dict[str, demo.Cast], locale: str
) -> None:
    taro = await father()
    link, following, agreed, register, done = WORDS[locale]
    page = await open_phone(locale, session=await session_of(as_actor(people["yumi"])))
    thumb = Thumb(page)
    started = time.monotonic()

    await page.goto("/proxies")
    await thumb.arrives()
    await thumb.taps_on("link", link)
    await page.wait_for_url("**/register/for-someone")
    await thumb.arrives()
    await thumb.fills("card", taro.card.digits)
    await thumb.fills("birth_year", "16")
    await thumb.fills("birth_month", "2")
    await thumb.fills("birth_day", "3")
    await thumb.fills("code", taro.code)
    await thumb.taps_on("button", f"^{following}")
    await page.wait_for_url("**/agree")
    await thumb.arrives()
    await thumb.taps_on("checkbox", agreed)
    await thumb.taps_on("button", f"^{register}$")
    await page.wait_for_url("**/done")
    await thumb.arrives()
    await expect(page.get_by_role("heading", level=1)).to_have_text(done)
    opens = i18n.day(locale, clock.today_in_japan() + timedelta(days=7))
    await expect(page.get_by_text(opens).last).to_be_visible()

    assert thumb.pages <= MOST_PAGES
    assert thumb.taps <= MOST_TAPS
    assert thumb.keys <= MOST_KEYS
    assert thumb.seconds < 180
    assert (time.monotonic() - started) / slowness() < 180
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text(done)


async def test_without_scripts_it_goes_as_well(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    taro = await father()
    session = await session_of(as_actor(people["yumi"]))
    page = await open_phone(session=session, scripts=False)
    await page.goto("/register/for-someone")
    for name, text in (
        ("card", taro.card.grouped),
        ("birth_year", "16"),
        ("birth_month", "2"),
        ("birth_day", "3"),
        ("code", taro.code),
    ):
        await page.fill(f"[name={name}]", text)
    await page.locator("#register button").click()
    await page.get_by_label("ご本人が参加に同意しました").check()
    await page.get_by_role("button", name="登録する", exact=True).click()
    await expect(page.get_by_text("これからのこと")).to_be_visible()
