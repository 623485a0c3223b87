"""A form on paper becomes a participant: one officer types it, another confirms it, a letter goes.

Then an administrator's invitation becomes a colleague. Both on a phone, in both languages.
"""

import re
import secrets

import pytest
from playwright.async_api import Page, expect

from api import demo
from api.core.actor import Actor
from tests.identity.papers import PNG
from tests.journeys.conftest import PHONE, OpenPhone
from tests.journeys.people import Newcomer, as_actor, open_the_door, session_of, unused_card
from tests.journeys.quality import axe_violations, leads_on
from tests.portal import scene


async def is_for_everyone(page: Page) -> None:
    assert await axe_violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_two_officers_enrol_somebody_who_then_makes_a_key_of_their_own(
    open_phone: OpenPhone, people: dict[str, demo.Cast], locale: str
) -> None:
    card = unused_card()
    page = await open_phone(locale, session=await session_of(as_actor(people["ueda"])))
    await page.goto("/support/enrolments")
    await is_for_everyone(page)
    await page.locator("main a[href='/support/enrolments/new']").click()
    await page.locator("main form .button").last.click()  # nothing filled in yet
    await expect(page.locator("#error-name")).to_be_visible()
    await is_for_everyone(page)
    own = "".join(secrets.choice("あいうえおかきくけこ") for _ in range(8))  # nobody looks alike
    for name, text in {
        "name": f"山本 {own}",
        "name_kana": f"やまもと {own}",
        "birth_year": "43",
        "birth_month": "5",
        "birth_day": "3",
        "card": card.grouped,
        "address": "熊本県阿蘇市1-2-3",
    }.items():
        await page.fill(f"[name={name}]", text)
    await page.select_option("[name=birth_era]", "showa")
    await page.locator("[name=sex][value=female]").check()
    await page.locator("main form .button").last.click()
    await page.wait_for_url(re.compile("/support/enrolments/[0-9a-f-]{36}$"))
    where = page.url
    await page.set_input_files(
        "[name=scan]", {"name": "form.png", "mimeType": "image/png", "buffer": PNG}
    )
    async with page.expect_navigation():
        await page.locator("form[action$='/scan'] .button").click()
    await is_for_everyone(page)
    await expect(page.locator("form[action$='/confirm']")).to_have_count(0)

    second: Actor = await scene.officer("第二 担当")
    other = await open_phone(locale, session=await session_of(second))
    await other.goto(where)
    await is_for_everyone(other)
    seen = await other.evaluate(
        "path => fetch(path).then(answer => answer.status)", f"{where}/scan"
    )
    assert seen == 200
    await other.reload()
    async with other.expect_navigation():
        await other.locator("form[action$='/confirm'] .button").click()
    await is_for_everyone(other)
    code = (await other.locator(".spoken-code").inner_text()).strip()

    at_home = await open_phone(locale)
    await open_the_door(at_home, Newcomer(people["hanako"].person_id, card, code.replace("-", "")))
    await is_for_everyone(at_home)


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_an_administrator_invites_a_colleague_whose_code_opens_the_way_to_a_key(
    open_phone: OpenPhone, people: dict[str, demo.Cast], locale: str
) -> None:
    page = await open_phone(locale, session=await session_of(as_actor(people["desk"])))
    await page.goto("/facility")
    await is_for_everyone(page)
    await leads_on(page.locator("main a[href='/facility/invite']"))
    await is_for_everyone(page)
    await page.fill("[name=name]", "第二 担当")
    await page.fill("[name=name_kana]", "ダイニ タントウ")
    await page.locator("[name=profession]").select_option("nurse")
    async with page.expect_navigation():
        await page.locator("main form .button").last.click()
    await is_for_everyone(page)
    link = re.search(r"/join#code=([0-9A-Z]+)", await page.locator("main").inner_text())
    assert link is not None

    phone = await open_phone(locale)
    await phone.goto(link[0])
    await expect(phone.locator("[name=code]")).not_to_have_value("")
    await is_for_everyone(phone)
    async with phone.expect_navigation():
        await phone.locator("main form .button").last.click()
    await expect(phone.locator("main form")).to_be_visible()
    await is_for_everyone(phone)
