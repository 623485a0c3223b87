"""A checkup import on a phone: Hanako's file beside a year she typed in, its level, a trend."""

import os
from pathlib import Path

from playwright.async_api import Page, expect

from tests.journeys.conftest import PHONE, OpenPhone
from tests.journeys.people import BORN_ON, participating, session_of
from tests.portal.checkup_shelf import TYPED, full
from tests.records.checkup_files import Examined

HERS = Examined("ヤマモト　ハナコ", BORN_ON)


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def looks(page: Page, name: str) -> None:
    """It fits the phone; a picture of it where `PICTURES` names a folder."""
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], f"{name} is wider than the phone"
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def types_in(phone: Page) -> None:
    for name, value in TYPED.items():
        field = phone.locator(f"[name={name}]")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)


async def test_a_checkup_import(open_phone: OpenPhone, tmp_path: Path) -> None:
    _, hanako = await participating()
    phone = await open_phone(session=await session_of(hanako), scripts=False)
    await phone.goto("/book/checkups")
    await looks(phone, "checkups-none")
    await phone.get_by_role("link", name="紙を見て書き入れる").click()
    await types_in(phone)
    await phone.fill("[name=waist]", "8800")
    await presses(phone, "保存する")
    await expect(phone.get_by_text("30から300まで").first).to_be_visible()
    await expect(phone.locator("[name=weight]")).to_have_value(TYPED["weight"])
    await looks(phone, "checkup-form")
    await phone.fill("[name=waist]", TYPED["waist"])
    await presses(phone, "保存する")
    await expect(phone.get_by_text("健診の結果を保存しました。")).to_be_visible()

    await phone.goto("/book/checkups")
    await phone.get_by_role("link", name="ファイルから入れる").click()
    large = tmp_path / "large.xml"
    large.write_bytes(b" " * (50 * 1024 * 1024))
    await phone.set_input_files("[name=file]", large)
    await presses(phone, "中身を見る")
    await expect(phone.get_by_text("データが大きすぎます（3 MBまで）。").first).to_be_visible()
    file = {"name": "kenshin.xml", "mimeType": "text/xml", "buffer": full(HERS)}
    await phone.set_input_files("[name=file]", files=[file])
    await presses(phone, "中身を見る")
    await presses(phone, "保存する")
    await phone.get_by_role("link", name="年ごとに並べて見る").click()

    table = phone.get_by_role("region", name="健診の表").get_by_role("table")
    heads = table.get_by_role("columnheader")
    await expect(heads.nth(1)).to_contain_text("2026")
    await expect(heads.nth(2)).to_contain_text("2024")
    waist = table.get_by_role("row").filter(has=phone.get_by_role("rowheader", name="腹囲 cm"))
    await expect(waist.get_by_role("cell").nth(0)).to_contain_text("91.5")
    await expect(waist.get_by_role("cell").nth(1)).to_contain_text("88")
    await looks(phone, "checkups")

    await phone.get_by_role("link", name="この健診をくわしく見る").click()
    await expect(phone.get_by_role("heading", name="2026年5月12日の健診")).to_be_visible()
    level = phone.locator("section[aria-labelledby=level]")
    await expect(level.locator(".lead")).to_have_text("積極的支援")
    await expect(level.get_by_text("結果に書かれている判定: 積極的支援")).to_be_visible()
    await expect(level.get_by_text("目安に入っている項目: 血圧、脂質")).to_be_visible()
    await looks(phone, "checkup")
    await phone.get_by_role("link", name="← 前の健診（2024年5月20日）").click()
    await expect(phone.get_by_role("heading", name="2024年5月20日の健診")).to_be_visible()

    await phone.get_by_role("link", name="上の血圧（収縮期）").click()
    await expect(phone.get_by_role("heading", name="血圧の移り変わり")).to_be_visible()
    await expect(phone.get_by_role("img", name="血圧")).to_be_visible()
    await expect(phone.get_by_text("2回の値があります。").first).to_be_visible()
    await expect(phone.get_by_role("cell", name="136/82")).to_be_visible()
    await looks(phone, "checkup-trend")


async def test_her_shelf_in_english(open_phone: OpenPhone) -> None:
    _, hanako = await participating()
    phone = await open_phone("en", session=await session_of(hanako))
    await phone.goto("/book/checkups/new")
    await types_in(phone)
    await presses(phone, "Save")
    await expect(phone.get_by_text("Information only (no support offered)")).to_be_visible()
    await phone.get_by_role("link", name="HbA1c (NGSP)").click()
    await expect(phone.get_by_role("heading", name="HbA1c (NGSP) over the years")).to_be_visible()
    await expect(phone.get_by_text("Values: 1.").first).to_be_visible()
    await looks(phone, "checkup-trend-en")
