"""Between two patients: what a doctor reaches, by how many taps, on a phone."""

import os
from collections.abc import Mapping
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from api import demo
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import as_actor, participating, session_of, unused_card

MOST_BYTES = 100_000
TABS = ("", "/medication", "/labs", "/vitals", "/documents", "/timeline")


class Finger:
    """Counts its taps."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    async def tap(self, target: Locator) -> None:
        self.taps += 1
        async with self.page.expect_navigation():
            await target.tap()


async def found(page: Page, card: str) -> None:
    await page.goto("/clinic")
    assert await page.evaluate("document.activeElement.name") == "card"
    await page.keyboard.type(card)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


def of(people: Mapping[str, demo.Cast], key: str) -> str:
    person: UUID | None = people[key].person_id
    return f"/clinic/participants/{person}"


async def test_a_doctor_reaches_allergies_and_drugs_within_two_taps_of_finding(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])))
    await found(page, demo.card_of("hanako").digits)
    finger = Finger(page)
    allergies = page.get_by_role("region", name="アレルギー・薬剤禁忌")
    await expect(allergies).to_contain_text("ペニシリン系抗菌薬")
    await expect(allergies).to_be_in_viewport()
    drugs = page.get_by_role("region", name="いまの薬")
    await expect(drugs).to_contain_text("メトグルコ錠２５０ｍｇ")
    await finger.tap(page.get_by_role("link", name="薬", exact=True))
    await expect(page.get_by_text("アムロジピン錠５ｍｇ").first).to_be_visible()
    await expect(allergies).to_contain_text("ペニシリン系抗菌薬")
    assert finger.taps <= 2


async def test_in_an_emergency_both_are_there_as_soon_as_the_session_is_open(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["mori"])))
    await page.goto("/clinic/emergency")
    await page.fill("[name=card]", demo.card_of("taro").digits)
    await page.fill("[name=words]", "救急車で来院、呼びかけに答えません。")
    finger = Finger(page)
    await finger.tap(page.locator("main form button").last)
    await expect(page.get_by_text("造影剤（ヨード）")).to_be_in_viewport()
    await expect(page.get_by_text("フロセミド").first).to_be_visible()
    assert finger.taps <= 2


async def test_a_refusal_leads_to_a_request_in_two_taps_with_its_reason(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    closed, _ = await participating()
    page = await open_phone(session=await session_of(as_actor(people["sato"])))
    for card in (closed.card.digits, unused_card().digits):
        await found(page, card)
        finger = Finger(page)
        await finger.tap(page.get_by_role("button", name="見せてほしいとお願いする"))
        await expect(page.locator("[name=reason][value=treatment]")).to_be_checked()
        await finger.tap(page.get_by_role("button", name="お願いを送る"))
        await expect(page.locator(".banner-success")).to_be_visible()
        assert finger.taps == 2
        assert card not in page.url


async def test_what_may_not_all_be_seen_is_asked_for_from_the_page_in_two_taps(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])), scripts=False)
    await page.goto(of(people, "hanako"))
    finger = Finger(page)
    await finger.tap(page.get_by_role("link", name="見せてほしいとお願いする"))
    await finger.tap(page.get_by_role("button", name="お願いを送る"))
    await expect(page.locator(".banner-success")).to_be_visible()
    assert finger.taps == 2


@pytest.mark.parametrize("person", ["hanako", "taro"])
async def test_every_page_is_light_reads_without_scripts_and_keeps_allergies_on_top(
    open_phone: OpenPhone, people: dict[str, demo.Cast], person: str
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])), scripts=False)
    for tab in TABS:
        answer = await page.goto(of(people, person) + tab)
        assert answer is not None
        css = await page.request.get("/static/app.css")
        assert len(await answer.body()) + len(await css.body()) <= MOST_BYTES, tab
        heads = await page.locator("main h2").all_inner_texts()
        assert heads[0] == "アレルギー・薬剤禁忌", tab
        if shots := os.environ.get("SHOTS"):
            await page.screenshot(
                path=f"{shots}/{person}{tab.replace('/', '-')}.png", full_page=True
            )
            print(tab, len(await answer.body()))


async def test_trends_are_pictures_with_a_name_a_sentence_and_a_table(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])))
    await page.goto(f"{of(people, 'hanako')}/labs")
    card = page.locator(".chart-card", has_text="HbA1c")
    picture = card.get_by_role("img")
    await expect(picture).to_have_accessible_name("HbA1c(NGSP)（%）")
    assert "回分。" in (await picture.locator("desc").text_content() or "")
    await expect(card.get_by_role("table")).to_be_visible()
    assert await card.locator(".chart .band").count() == 1
    marks = await card.locator(".chart .dot").evaluate_all(
        "all => all.map(e => e.getAttribute('d'))"
    )
    assert len(set(marks)) == 2, "two facilities, two shapes"
    await card.get_by_role("link", name="すべて見る").click()
    await expect(page.locator(".chart-card")).to_have_count(1)


async def test_the_newest_discharge_summary_is_read_in_the_page(
    open_phone: OpenPhone, people: dict[str, demo.Cast]
) -> None:
    page = await open_phone(session=await session_of(as_actor(people["sato"])))
    await page.goto(f"{of(people, 'hanako')}/documents")
    await page.get_by_role("link", name="退院時サマリー").first.click()
    await expect(page.get_by_role("heading", name="退院時処方")).to_be_visible()
    await expect(page.locator(".narrative table")).to_contain_text("メトグルコ")
    if shots := os.environ.get("SHOTS"):
        await page.screenshot(path=f"{shots}/document.png", full_page=True)
