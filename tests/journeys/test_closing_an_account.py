"""An account is closed: by oneself on a phone, or at the counter by who has none."""

import re
from types import SimpleNamespace

import pytest
from playwright.async_api import Page, expect

from api import demo
from api.core.actor import Actor, ActorKind
from api.core.i18n import text
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import (
    Newcomer,
    agree,
    as_actor,
    newcomer,
    open_the_door,
    session_of,
)
from tests.journeys.quality import is_for_everyone
from tests.journeys.test_first_house import carries_a_passkey
from tests.portal import scene
from tests.support.closing.conftest import admin, days_pass
from tests.support.closing.rounds import carried_out

__all__ = ["admin", "days_pass"]

CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}")


async def presses(page: Page, locale: str, key: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=text(locale, key), exact=True).click()


async def code_on(page: Page) -> str:
    code = await page.locator(".claim-code").inner_text()
    assert CODE.fullmatch(code.strip())
    return code.strip()


async def certificate_is_there(page: Page, locale: str, code: str) -> None:
    await page.goto("/closing-certificate")
    await is_for_everyone(page)
    await page.locator("[name=code]").fill(code.lower())
    await presses(page, locale, "closing.certificate.go")
    await expect(
        page.get_by_role("heading", name=text(locale, "closing.said.gone"))
    ).to_be_visible()
    await expect(page.locator("main")).not_to_contain_text("花子")
    await is_for_everyone(page)
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name=text(locale, "closing.said.file")).click()
    assert (await waiting.value).suggested_filename.endswith(".jws")


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_on_her_phone_from_the_first_thought_to_the_certificate(
    open_phone: OpenPhone, locale: str, days_pass
) -> None:
    page = await open_phone(locale)
    await carries_a_passkey(page)
    who = await newcomer()
    await open_the_door(page, who)
    await agree(page)
    await page.get_by_role("button", name=text(locale, "register.passkey.create")).click()
    await page.wait_for_url("**/home")

    # From the foot of any page: her records first, what ends and what stays, fourteen days.
    await page.get_by_role("link", name=text(locale, "closing.title")).click()
    await page.wait_for_url("**/account/closing")
    await expect(page.locator("main a[href='/book/out']")).to_be_visible()
    await expect(page.get_by_text(text(locale, "closing.lead", days=14))).to_be_visible()
    await is_for_everyone(page)
    await presses(page, locale, "closing.go")
    await expect(page.locator("#error-sure")).to_be_visible()
    await is_for_everyone(page)
    await page.locator("[name=sure]").check()
    await presses(page, locale, "closing.go")
    first = await code_on(page)
    await is_for_everyone(page)
    await page.locator("main a[href='/account/closing']").click()
    await expect(page.get_by_text(text(locale, "closing.days_left", days=14))).to_be_visible()
    await is_for_everyone(page)

    # Taken back, all is as it was; begun again, the earlier code opens nothing.
    await presses(page, locale, "closing.call_off")
    await expect(page.get_by_text(text(locale, "closing.called_off"))).to_be_visible()
    await page.locator("[name=sure]").check()
    await presses(page, locale, "closing.go")
    code = await code_on(page)
    assert code != first

    her = SimpleNamespace(
        actor=Actor(kind=ActorKind.PARTICIPANT, participant_id=who.participant_id)
    )
    await days_pass(her, 14)
    await carried_out(who.participant_id)
    await page.goto("/home")
    await page.wait_for_url("**/sign-in**")
    await page.get_by_role("button", name=text(locale, "sign_in.passkey")).click()
    await expect(page.locator("[data-passkey-fault=failed]")).to_be_visible()
    await page.goto("/home")
    await page.wait_for_url("**/sign-in**")
    await certificate_is_there(page, locale, code)


async def met(page: Page, who: Newcomer) -> None:
    await page.goto("/support/counter")
    for name, typed in {
        "card": who.card.grouped,
        "birth_year": "43",
        "birth_month": "5",
        "birth_day": "3",
    }.items():
        await page.locator(f"[name={name}]").fill(typed)
    await page.locator("[name=birth_era]").select_option("showa")
    await page.locator("[name=way][value=my_number_card]").check()
    async with page.expect_navigation():
        await page.locator("form[action='/support/counter'] .button").click()
    await page.locator("main a[href$='/closing']").click()
    await page.wait_for_url("**/closing")


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_at_the_counter_for_who_never_had_a_phone(
    open_phone: OpenPhone,
    people: dict[str, demo.Cast],
    locale: str,
    days_pass,
) -> None:
    who = await newcomer()
    ueda = await open_phone(locale, session=await session_of(as_actor(people["ueda"])))
    await met(ueda, who)
    await expect(ueda.get_by_text(text(locale, "error.closing.met_by_one"))).to_be_visible()
    await expect(ueda.locator("form[action$='/closing']")).to_have_count(0)
    await is_for_everyone(ueda)

    second = await open_phone(locale, session=await session_of(await scene.officer("第二 担当")))
    await met(second, who)
    await is_for_everyone(second)
    await presses(second, locale, "counter.closing.go")
    await expect(second.locator("#error-sure")).to_be_visible()
    await second.locator("[name=sure]").check()
    await presses(second, locale, "counter.closing.go")
    code = await code_on(second)
    await expect(second.get_by_text("山本 花子")).to_be_visible()
    await is_for_everyone(second)
    await second.emulate_media(media="print")
    await expect(second.locator(".claim-code")).to_be_visible()
    await expect(second.locator(".no-print").first).to_be_hidden()
    await second.emulate_media(media="screen")

    # Kept after all by the other officer, and begun again.
    await met(ueda, who)
    await is_for_everyone(ueda)
    await presses(ueda, locale, "counter.closing.off")
    await expect(ueda.get_by_text(text(locale, "counter.deed.closing_off"))).to_be_visible()
    await met(second, who)
    await second.locator("[name=sure]").check()
    await presses(second, locale, "counter.closing.go")
    assert await code_on(second) != code
    code = await code_on(second)

    person = Actor(kind=ActorKind.PARTICIPANT, participant_id=who.participant_id)
    await days_pass(SimpleNamespace(actor=person), 14)
    await carried_out(who.participant_id)
    await met(ueda, who)
    await expect(ueda.get_by_text(text(locale, "counter.closing.over"))).to_be_visible()
    await is_for_everyone(ueda)
    await certificate_is_there(ueda, locale, code)
