"""A home-care nurse writes and Hanako reads it; Hanako adds her own checkup; on phones."""

from playwright.async_api import Page, expect

from tests.journeys.conftest import OpenPhone
from tests.journeys.people import BORN_ON, participating, session_of
from tests.portal import scene
from tests.records.checkup_files import Examined, checkup


async def a_nurse(name: str):
    place = await scene.place(
        "訪問看護ひまわり", "ホウモンカンゴヒマワリ", "Himawari Home Nursing", "visiting_nursing"
    )
    return await scene.professional(place, name, "nurse")


async def presses(page: Page, button: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def test_a_home_care_nurse_writes_a_note_and_hanako_reads_it(open_phone: OpenPhone) -> None:
    who, hanako = await participating()
    nurse = await open_phone(session=await session_of(await a_nurse("田中 さくら")), scripts=False)
    await nurse.goto("/clinic")
    await nurse.get_by_role("link", name="記録を書く").click()
    await nurse.fill("[name=card]", who.card.grouped)
    for part in ("year", "month", "day"):
        await nurse.fill(f"[name=birth_{part}]", str(getattr(BORN_ON, part)))
    await presses(nurse, "書く画面へ進む")
    assert who.card.digits not in nurse.url
    await expect(nurse.get_by_text("お名前は、見る許可がないため表示しません。")).to_be_visible()

    await nurse.get_by_role("link", name="看護・介護の記録を書く").click()
    await presses(nurse, "保存する")
    await expect(nurse.get_by_text("内容を書いてください。").first).to_be_visible()
    await nurse.fill("[name=text]", "足のむくみが減った。薬は飲めている。")
    await presses(nurse, "保存する")
    await expect(nurse.get_by_text("足のむくみが減った。")).to_be_visible()

    await nurse.goto(nurse.url.partition("/entries")[0] + "/entries/new/vitals")
    await nurse.fill("[name=temperature]", "40.1")
    await presses(nurse, "保存する")
    await expect(nurse.get_by_text("この値でまちがいありませんか")).to_be_visible()
    await presses(nurse, "この値で保存する")
    await expect(nurse.get_by_text("40.1 ℃")).to_be_visible()

    phone = await open_phone(session=await session_of(hanako))
    await phone.goto("/records")
    await phone.get_by_role("link", name="看護・介護の記録（訪問）").click()
    await expect(phone.get_by_text("足のむくみが減った。薬は飲めている。")).to_be_visible()
    await phone.goto("/access-log")
    told = phone.get_by_text("訪問看護ひまわりから、新しい記録が届きました。")
    await expect(told.first).to_be_visible()
    await expect(phone.get_by_text("番号と生年月日でご本人を確かめました").first).to_be_visible()


async def test_hanako_adds_her_checkup_after_seeing_what_it_says_and_takes_it_back(
    open_phone: OpenPhone,
) -> None:
    _, hanako = await participating()
    phone = await open_phone(session=await session_of(hanako), scripts=False)
    await phone.goto("/records")
    await phone.get_by_role("link", name="健診の結果を登録する").click()
    hers = Examined("ヤマモト　ハナコ", BORN_ON)
    for body, said in (
        (checkup(hers._replace(name="ヤマモト　ユミ")), "ほかの方の健診かもしれません"),
        (checkup(hers)[:-300], "途中で切れているか、壊れています"),
    ):
        file = {"name": "kenshin.xml", "mimeType": "text/xml", "buffer": body}
        await phone.set_input_files("[name=file]", files=[file])
        await presses(phone, "中身を見る")
        await expect(phone.get_by_text(said).first).to_be_visible()

    file = {"name": "kenshin.xml", "mimeType": "text/xml", "buffer": checkup(hers)}
    await phone.set_input_files("[name=file]", files=[file])
    await presses(phone, "中身を見る")
    await expect(phone.get_by_text("まだ保存していません。")).to_be_visible()
    await expect(phone.get_by_text("54.0 kg")).to_be_visible()
    await presses(phone, "保存する")
    await expect(phone.get_by_text("健診の結果を保存しました。")).to_be_visible()

    await phone.goto("/records?category=checkup&q=体重")
    await phone.get_by_role("link", name="体重").click()
    await expect(phone.get_by_text("54.0 kg")).to_be_visible()
    await expect(phone.get_by_text("ご本人の登録").first).to_be_visible()

    await phone.goto("/records/checkup-file")
    await phone.get_by_role("link", name="消す", exact=True).click()
    await presses(phone, "完全に消す")
    await expect(phone.get_by_text("健診の結果を消しました。")).to_be_visible()
    await phone.goto("/records")
    await expect(phone.get_by_role("link", name="体重")).to_have_count(0)
