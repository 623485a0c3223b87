"""A month of blood pressure on a phone: written in two taps, brought from a file, printed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import axe_violations, leads_on
from tests.phr.vitals.people import day, today

WORDS = {
    "ja": {
        "save": "保存する",
        "saved": "保存しました。",
        "undo": "元に戻す",
        "removed": "記録を消しました。",
        "odd": "合っているので保存する",
        "file": "ファイルから取り込む",
        "look": "中身を見る",
        "unknown": "この列の名前は、わかりません。",
        "keep": "56件を保存する",
        "kept": "56件の記録を保存しました。",
        "pressure": "血圧",
        "mean": "この7日の朝の平均は132/84です（6日分）。",
        "correct": "直す",
        "month": "1か月の表",
    },
    "en": {
        "save": "Save",
        "saved": "Saved.",
        "undo": "Undo",
        "removed": "The entry has been removed.",
        "odd": "They are right, save",
        "file": "Take in a file",
        "look": "See what it says",
        "unknown": "This heading is not known.",
        "keep": "Store 56 entries",
        "kept": "56 entries have been stored.",
        "pressure": "Blood pressure",
        "mean": "The mean of the mornings of these 7 days is 132/84 (6 days).",
        "correct": "Correct",
        "month": "A month on one sheet",
    },
}


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def looks(page: Page, name: str) -> None:
    """Everybody can use the page, and nothing is wider than the phone: asked where scripts run."""
    if name.startswith("en"):
        assert await axe_violations(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, f"{name} is wider than the phone"
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def month_of_hers() -> bytes:
    """Four weeks, morning and evening, as her blood pressure monitor's app writes it."""
    lines = ["測定日,時刻,最高血圧(mmHg),最低血圧(mmHg),脈拍(bpm),メモ"]
    for ago in range(1, 29):
        lines.append(f"{day(ago).replace('-', '/')},7:05,{132 + ago % 2 * 2 - 1},84,66,")
        lines.append(f"{day(ago).replace('-', '/')},21:10,{122 + ago % 5},76,64,散歩")
    return "\r\n".join(lines).encode("cp932")


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_a_bp_month(open_phone: OpenPhone, locale: str) -> None:
    said = WORDS[locale]
    _, hanako = await participating()
    # In Japanese without scripts: every page works so.
    phone = await open_phone(locale, session=await session_of(hanako), scripts=locale == "en")
    await phone.goto("/book/vitals")
    await looks(phone, f"{locale}-1-first")
    await phone.fill("[name=systolic]", "152")
    await phone.fill("[name=diastolic]", "94")
    await presses(phone, said["save"])
    await expect(phone.get_by_text(said["saved"])).to_be_visible()
    await expect(phone.get_by_text("152/94 mmHg").first).to_be_visible()
    await looks(phone, f"{locale}-2-saved")
    await presses(phone, said["undo"])
    await expect(phone.get_by_text(said["removed"])).to_be_visible()

    await phone.fill("[name=systolic]", "240")
    await phone.fill("[name=diastolic]", "84")
    await presses(phone, said["save"])
    await looks(phone, f"{locale}-3-odd")
    await phone.fill("[name=systolic]", "")
    await presses(phone, said["odd"])
    await looks(phone, f"{locale}-4-fault")

    await phone.goto("/book/vitals")
    await leads_on(phone.get_by_role("link", name=said["file"]))
    await looks(phone, f"{locale}-5-file")
    file = {"name": "bp.csv", "mimeType": "text/csv", "buffer": month_of_hers()}
    await phone.set_input_files("[name=file]", files=[file])
    await presses(phone, said["look"])
    await expect(phone.get_by_text(said["unknown"])).to_be_visible()
    await looks(phone, f"{locale}-6-preview")
    await presses(phone, said["keep"])
    await expect(phone.get_by_text(said["kept"])).to_be_visible()

    await phone.goto("/book/vitals")
    await expect(phone.get_by_text(said["mean"])).to_be_visible()
    await looks(phone, f"{locale}-7-lately")
    await leads_on(phone.get_by_role("link", name=said["pressure"]).first)
    await expect(phone.locator("svg.chart polyline")).to_have_count(2)
    await looks(phone, f"{locale}-8-course")
    if locale == "en":
        headings = "[...document.querySelectorAll('thead th')].map(each => each.clientHeight)"
        assert max(await phone.evaluate(headings)) < 60, "a heading is broken inside a word"
    await leads_on(phone.get_by_role("link", name=said["correct"]).first)
    await looks(phone, f"{locale}-9-correct")
    await phone.fill("[name=systolic]", "130")
    await presses(phone, said["save"])
    await expect(phone.get_by_text("130/76 mmHg").first).to_be_visible()

    await phone.goto("/book/vitals")
    await leads_on(phone.get_by_role("link", name=said["month"]))
    await phone.goto(f"/book/vitals/month?month={today() - timedelta(days=1):%Y-%m}")
    await expect(phone.locator("tfoot")).to_be_visible()
    await looks(phone, f"{locale}-month")
    await phone.emulate_media(media="print")
    await expect(phone.locator(".site-nav")).to_be_hidden()
