"""A child's vaccines on a phone, in both languages: what is next, a dose, a wrong day, a table."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from api.core import clock
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import axe_violations

WORDS = {
    "ja": {
        "save": "保存する",
        "of": "ゆいさんの予防接種",
        "none": "まだ記入がありません。",
        "hbv": "B型肝炎を記入する",
        "second": "2回目（全3回）",
        "before": "生まれる前の日付です。",
        "soon": "前後の接種との間が、きまりより短くなっています。",
        "uncounted": "間が短いため、きまりの回数に入りません。",
        "doctor": "医師にご相談ください",
        "table": "予防接種の記録（表）",
    },
    "en": {
        "save": "Save",
        "of": "Vaccines of ゆい",
        "none": "Nothing is written down yet.",
        "hbv": "Write down Hepatitis B",
        "second": "dose 2 of 3",
        "before": "This day is before birth.",
        "soon": "The interval to another dose is shorter than the rules allow.",
        "uncounted": "Too soon after another dose: not counted by the rules.",
        "doctor": "Please ask a doctor",
        "table": "Vaccination record (table)",
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
async def test_a_childs_vaccines_from_the_first_dose(open_phone: OpenPhone, locale: str) -> None:
    words, today = WORDS[locale], clock.today_in_japan()
    born = today - timedelta(days=120)
    _, hanako = await participating()
    phone = await open_phone(locale, session=await session_of(hanako))
    await phone.goto("/book/children/new")
    await phone.fill("[name=on]", born.isoformat())
    await phone.fill("[name=name]", "ゆい")
    await phone.check("[name=sex][value=female]")
    await presses(phone, words["save"])
    await phone.goto("/book/vaccines")
    await is_fit(phone)
    await follows(phone, words["of"])
    await expect(phone.get_by_text(words["none"])).to_be_visible()
    await is_fit(phone)

    await follows(phone, words["hbv"])
    await expect(phone.locator("[name=vaccine]")).to_have_value("hbv")
    await phone.fill("[name=on]", (born - timedelta(days=1)).isoformat())
    await phone.fill("[name=lot]", "H7")
    await is_fit(phone)
    await presses(phone, words["save"])
    await expect(phone.get_by_text(words["before"]).first).to_be_visible()
    assert await phone.input_value("[name=lot]") == "H7"
    await phone.fill("[name=on]", (today - timedelta(days=50)).isoformat())
    await presses(phone, words["save"])
    await expect(phone.get_by_text(words["second"])).to_be_visible()

    await follows(phone, words["hbv"])
    await phone.fill("[name=on]", (today - timedelta(days=30)).isoformat())
    await presses(phone, words["save"])
    await expect(phone.get_by_text(words["soon"]).first).to_be_visible()
    await is_fit(phone)
    async with phone.expect_navigation():
        await phone.locator("form.card button[type=submit]").click()
    await expect(phone.get_by_text(words["uncounted"])).to_be_visible()
    await expect(phone.get_by_role("heading", name=words["doctor"])).to_be_visible()
    await is_fit(phone)

    await follows(phone, words["table"])
    await expect(phone.get_by_role("cell", name="H7")).to_be_visible()
    await is_fit(phone)
