"""Dr Satō finds and reads; officer Ueda calls back."""

import re

from playwright.async_api import Page, expect

from api import demo
from api.core.database import unit_of_work
from api.identity.card import CardNumber
from api.records.demo_records import demo_patient_number
from api.support import queries
from api.support.service import CALL_BACK
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import (
    enter_by_demo_link,
    participating,
    session_of,
    unused_card,
)
from tests.journeys.quality import leads_on


async def finds(page: Page, field: str, value: str) -> str:
    """What the answer says, the bar of preferences included."""
    await page.goto("/clinic")
    await page.fill(f"[name={field}]", value)
    form = page.locator("form", has=page.locator(f"[name={field}]"))
    async with page.expect_response("**/clinic/find") as answer:
        await form.get_by_role("button").click()
    await expect(page.get_by_role("link", name="別の患者さんをさがす")).to_be_visible()
    await page.wait_for_load_state()
    return f"{(await answer.value).status} {await page.locator('body').inner_text()}"


async def test_dr_sato_finds_hanako_by_card_and_by_number_and_reads_by_category(
    phone: Page, people: dict[str, demo.Cast]
) -> None:
    await enter_by_demo_link(phone, people["sato"].account_id)
    await phone.wait_for_url("**/clinic")
    by_card = await finds(phone, "card", demo.card_of("hanako").grouped)
    heading = phone.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("山本 花子")
    groups = await phone.locator("main h2").all_inner_texts()
    assert len(groups) >= 5
    drugs = phone.get_by_role("region", name="いまの薬")
    drug = drugs.get_by_role("listitem").filter(has_text="メトグルコ")
    await expect(drug.first).to_contain_text("さくら内科クリニック")
    await expect(phone.get_by_role("link", name="検査結果")).to_be_visible()
    assert card_free(phone.url, demo.card_of("hanako"))

    number = demo_patient_number("hanako", demo.CLINIC)
    assert await finds(phone, "local_id", number) == by_card
    assert number not in phone.url


def card_free(url: str, card: CardNumber) -> bool:
    return card.digits not in re.sub(r"\D", "", url)


async def test_an_unknown_card_and_a_closed_record_look_exactly_alike(
    phone: Page, people: dict[str, demo.Cast]
) -> None:
    closed, _ = await participating()
    await enter_by_demo_link(phone, people["sato"].account_id)
    refusal = await finds(phone, "card", closed.card.grouped)
    assert refusal.startswith("404 ")
    assert "この番号で表示できる記録はありません" in refusal
    assert await finds(phone, "card", unused_card().grouped) == refusal
    assert await finds(phone, "local_id", "00000000") == refusal


async def test_a_wish_to_be_called_reaches_officer_ueda_who_closes_it(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    who, hanako = await participating()
    phone = await open_phone(session=await session_of(hanako))
    number = f"090{who.card.digits[1:9]}"
    await phone.goto("/home")
    await phone.get_by_role("main").get_by_role("link", name="お電話でお手伝いします").click()
    await phone.fill("[name=phone]", number)
    await phone.locator("main form button").click()
    await expect(phone.get_by_text("受け付けました")).to_be_visible()

    desk = await open_phone()
    await enter_by_demo_link(desk, people["ueda"].account_id)
    await desk.wait_for_url("**/support")
    async with unit_of_work(hanako) as tx:
        case_id = await queries.waiting(tx, CALL_BACK)
    case = desk.locator(f"#case-{case_id}")
    while await case.count() == 0:
        await leads_on(desk.get_by_role("link", name="古い方へ"))
    await expect(case).not_to_contain_text(number)
    await case.get_by_role("link").click()
    await expect(desk.locator("main")).to_contain_text(number)
    await expect(desk.locator("main")).to_contain_text("山本 花子")
    await desk.get_by_role("button", name="対応を終える").click()
    await desk.wait_for_url("**/support")
    await expect(case).to_have_count(0)

    await phone.goto("/access-log")
    await expect(phone.get_by_text("ご本人の情報を見ました。")).to_be_visible()
    await expect(phone.get_by_text("サポートセンターが受付を終えました。")).to_be_visible()
    await phone.goto("/help")
    await expect(phone.locator("[name=phone]")).to_be_visible()
