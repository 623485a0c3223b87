"""A pregnancy from its first entry to the birth, on a phone, in both languages."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from api.core import clock
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import axe_violations

WORDS = {
    "ja": {
        "begin": "記録を始める",
        "save": "保存する",
        "far": "予定日が先すぎます（42週より先です）。年と月をお確かめください。",
        "week": "妊娠38週0日",
        "visit": "健診の内容を書く",
        "note": "血圧が、めやすの140/90以上でした。次の健診のときに伝えてください。",
        "undo": "元に戻す",
        "schedule": "健診と検査の予定",
        "done": "記入しました",
        "back": "妊娠の記録",
        "ultrasound": "超音波検査の数字を書く",
        "charts": "グラフ",
        "within": "±2SDの範囲に入っています",
        "birth": "出産の記録を書く",
        "child": "お子さまの記録を始める",
        "none": "まだ何も書いていません。",
    },
    "en": {
        "begin": "Begin a record",
        "save": "Save",
        "far": "The due date is more than 42 weeks ahead. Please check year and month.",
        "week": "38 weeks 0 days",
        "visit": "Write down a visit",
        "note": "The blood pressure was 140/90 or more",
        "undo": "Undo",
        "schedule": "Visits and tests ahead",
        "done": "Written down",
        "back": "Pregnancy record",
        "ultrasound": "Write down an ultrasound",
        "charts": "Charts",
        "within": "it lies within ±2SD",
        "birth": "Write down the birth",
        "child": "Start the child's book",
        "none": "Nothing is written down yet.",
    },
}


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def follows(page: Page, link: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("link", name=link).first.click()


async def is_fit(page: Page) -> None:
    assert await axe_violations(page) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wider) <= 0


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_pregnancy_from_first_entry_to_birth(open_phone: OpenPhone, locale: str) -> None:
    words, today = WORDS[locale], clock.today_in_japan()
    _, hanako = await participating()
    phone = await open_phone(locale, session=await session_of(hanako))
    await phone.goto("/book/pregnancy")
    await follows(phone, words["begin"])
    await phone.fill("[name=edd]", (today + timedelta(weeks=43)).isoformat())
    await phone.fill("[name=height]", "158.5")
    await phone.fill("[name=weight_before]", "52")
    await presses(phone, words["save"])
    await expect(phone.get_by_text(words["far"]).first).to_be_visible()
    assert await phone.input_value("[name=height]") == "158.5"
    await phone.fill("[name=edd]", (today + timedelta(weeks=2)).isoformat())
    await presses(phone, words["save"])
    await expect(phone.get_by_role("heading", name=words["week"])).to_be_visible()
    here = phone.url

    await follows(phone, words["visit"])
    await phone.fill("[name=weight]", "61.2")
    await phone.fill("[name=systolic]", "142")
    await phone.fill("[name=diastolic]", "88")
    await phone.check("[name=tests][value=gbs]")
    await is_fit(phone)
    await presses(phone, words["save"])
    await expect(phone.get_by_text(words["note"])).to_be_visible()
    await presses(phone, words["undo"])
    await expect(phone.get_by_text(words["none"])).to_be_visible()
    await follows(phone, words["visit"])
    await phone.fill("[name=weight]", "61.2")
    await phone.check("[name=tests][value=gbs]")
    await presses(phone, words["save"])
    await is_fit(phone)
    await follows(phone, words["schedule"])
    await expect(phone.get_by_text(words["done"], exact=True)).to_have_count(2)
    await is_fit(phone)
    await follows(phone, words["back"])

    await follows(phone, words["ultrasound"])
    for name, length in (("bpd", "92"), ("ac", "320"), ("fl", "70")):
        await phone.fill(f"[name={name}]", length)
    await presses(phone, words["save"])
    await follows(phone, words["charts"])
    await expect(phone.get_by_text(words["within"]).first).to_be_visible()
    await expect(phone.locator("svg.chart")).to_have_count(2)
    await is_fit(phone)

    await phone.goto(here)
    await follows(phone, words["birth"])
    await phone.fill("[name=time]", "00:00")
    await phone.check("[name=mode][value=vaginal]")
    await presses(phone, words["save"])
    await phone.check("[name=sex][value=female]")
    await phone.fill("[name=weight]", "2980")
    await phone.fill("[name=length]", "49.5")
    await phone.fill("[name=head]", "33")
    await presses(phone, words["save"])
    await expect(phone.get_by_text("2980\u00a0g")).to_be_visible()
    begin = phone.get_by_role("link", name=words["child"])
    address = await begin.get_attribute("href")
    assert address is not None
    assert address.startswith("/book/children/new?from=")
    assert address.endswith("&number=1")
    await is_fit(phone)
    await phone.goto("/book/pregnancy")
    await expect(phone.get_by_role("link", name=words["begin"])).to_be_visible()
