"""Hanako writes on her phone what she wants; Dr Mori reads it the night she cannot say it."""

from pathlib import Path

from playwright.async_api import Page, expect

from api.emergency import choices
from api.emergency.reach import Choice
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of
from tests.journeys.quality import axe_violations
from tests.phr.directives.test_wishes import PDF
from tests.portal import scene

HERE = "/book/wishes"


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).first.click()


async def follows(page: Page, link: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("link", name=link).first.click()


async def writes_a_person(page: Page, name: str, relation: str, telephone: str) -> None:
    await follows(page, "連絡してほしい人を書く")
    await page.get_by_label("名前").fill(name)
    await page.get_by_label("関係").fill(relation)
    await page.get_by_label("電話番号").fill(telephone)
    await presses(page, "保存する")


async def test_hanako_writes_her_wishes_and_an_er_doctor_reads_them(
    open_phone: OpenPhone, tmp_path: Path
) -> None:
    """Without a script: every step is a page of its own."""
    hanako, as_hanako = await participating()
    page = await open_phone(session=await session_of(as_hanako), scripts=False)
    await page.goto(HERE)
    await expect(page.get_by_text("まだ書いていません").first).to_be_visible()

    await follows(page, "希望を書きはじめる")
    asked = page.get_by_role("group", name="人工呼吸器をつけてほしいですか")
    await asked.get_by_label("してほしくない").check()
    await page.get_by_role("group", name="最期をどこで").get_by_label("自宅").check()
    await page.get_by_label("自分の言葉で").fill("庭が見えるところにいたい。")
    await presses(page, "保存する")
    await expect(page.get_by_text("希望を保存しました。")).to_be_visible()

    await writes_a_person(page, "佐藤先生", "かかりつけ医", "096-123-4567")
    await writes_a_person(page, "山本 由美", "長女", "090-1234-5678")
    await presses(page, "山本 由美を上へ")
    people = page.locator("#people ~ ol > li")
    await expect(people.nth(0)).to_contain_text("山本 由美")
    await expect(people.nth(1)).to_contain_text("佐藤先生")

    await follows(page, "書類を入れる")
    await page.get_by_label("書類の名前").fill("事前指示書")
    chosen = {"name": "scan.docx", "mimeType": "application/pdf", "buffer": b"PK\x03\x04"}
    await page.get_by_label("ファイル").set_input_files(files=[chosen])
    await presses(page, "入れる")
    await expect(page.get_by_text("PDF、JPEG、PNGのどれか").first).to_be_visible()
    await expect(page.get_by_label("書類の名前")).to_have_value("事前指示書")
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(PDF + bytes(50 * 1024 * 1024))
    await page.get_by_label("ファイル").set_input_files(scan)
    await presses(page, "入れる")
    await expect(page.get_by_text("5メガバイトまで").first).to_be_visible()
    await expect(page.get_by_label("書類の名前")).to_have_value("事前指示書")
    await page.get_by_label("ファイル").set_input_files(files=[chosen | {"buffer": PDF}])
    await presses(page, "入れる")
    await expect(page.get_by_text("書類を入れました。")).to_be_visible()

    await follows(page, "希望を書き直す")
    await page.get_by_role("group", name="人工呼吸器").get_by_label("家族などと相談").check()
    await presses(page, "保存する")
    await follows(page, "これまでの変更")
    await expect(page.get_by_text("前: してほしくない")).to_be_visible()
    await follows(page, "もしものときの希望")
    await expect(page.get_by_text("いまは、救急のときに")).to_be_visible()

    hospital = await scene.place(
        "熊本救命病院", "クマモトキュウメイ", "Kumamoto Emergency", "hospital"
    )
    mori = await scene.professional(hospital, "森 直子", "physician")
    doctor = await open_phone(session=await session_of(mori))
    await doctor.goto("/clinic/emergency")
    await doctor.fill("[name=card]", hanako.card.digits)
    await doctor.fill("[name=words]", "路上で倒れていた")
    await presses(doctor, "記録を開く")
    await follows(doctor, "もしものときの希望（本人の記録）")
    await expect(doctor.get_by_text("庭が見えるところにいたい。")).to_be_visible()
    await expect(doctor.get_by_text("家族などと相談して決めてほしい")).to_be_visible()
    await doctor.go_back()
    await follows(doctor, "もしものときに連絡してほしい人")
    await expect(doctor.get_by_text("山本 由美　長女　090-1234-5678")).to_be_visible()

    # She closes it: from the next look on he reads none of it.
    await choices.choose(as_hanako, Choice("refuse"))
    await doctor.reload()
    await expect(doctor.get_by_text("山本 由美　長女")).to_have_count(0)

    await page.goto(HERE)
    await follows(page, "希望をすべて取り消す")
    await presses(page, "消す")
    await expect(page.get_by_text("希望をすべて取り消しました。")).to_be_visible()


async def test_the_pages_of_notebook_and_wishes_are_for_everyone(open_phone: OpenPhone) -> None:
    """Real pages, empty and at their forms; their samples are tried in both languages elsewhere."""
    _, as_hanako = await participating()
    page = await open_phone(session=await session_of(as_hanako))
    for path in (
        *(HERE, f"{HERE}/statement", f"{HERE}/people/new", f"{HERE}/documents/new"),
        *("/book/medications/new", "/book/allergies/find", "/book/school-checkups/new"),
    ):
        await page.goto(path)
        assert await axe_violations(page) == []
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
