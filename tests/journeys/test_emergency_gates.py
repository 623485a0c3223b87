"""Dr Mori at the emergency door on her phone: every gate that shuts, and the way through."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import Locator, Page, expect

from api import demo
from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.consent.settings.switches import Exclude, SetFacility
from api.core.actor import OPERATOR, Actor, Power
from api.directory import registry
from api.directory.registry import NewFacility
from api.emergency import choices
from api.emergency.reach import Choice
from api.identity.card import CardNumber
from api.proxies import service as proxies
from tests.by_hand import by_hand
from tests.conftest import Deployment
from tests.emergency.conftest import wrote
from tests.emergency.test_doors import carded
from tests.emergency.test_sessions import moved_back
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import participating, session_of, unused_card
from tests.portal import scene
from tests.portal.scene import Place

DOOR = "/clinic/emergency"
NOT_OPEN = "この方の記録は、緊急の閲覧では開けません。"


@pytest.fixture
async def admin(database: Deployment) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def hospital(people: dict[str, demo.Cast]) -> Place:
    return await scene.place("熊本救命病院", "クマモトキュウメイ", "Kumamoto Emergency", "hospital")


@pytest.fixture
async def clinic(people: dict[str, demo.Cast]) -> Place:
    return await scene.place("佐藤内科", "サトウナイカ", "Sato Clinic", "clinic")


@pytest.fixture
async def mori(hospital: Place) -> Actor:
    return await scene.professional(hospital, "森 直子", "physician")


async def asks(page: Page, card: CardNumber | str, words: str = "路上で倒れていた") -> None:
    """The form as the doctor fills it in; what it leads to."""
    await page.goto(DOOR)
    await page.fill("[name=card]", card if isinstance(card, str) else card.digits)
    await page.fill("[name=words]", words)
    async with page.expect_navigation():
        await page.get_by_role("button", name="記録を開く").tap()


async def presses(page: Page, name: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=name, exact=True).tap()


def banner(page: Page) -> Locator:
    return page.locator("main .banner").first


async def refused(page: Page, why: str, what_next: str) -> None:
    await expect(banner(page)).to_contain_text(why)
    await expect(banner(page)).to_contain_text(what_next)
    await expect(page.get_by_text("アレルギー・禁忌")).to_have_count(0)


async def session_in(page: Page) -> UUID:
    return UUID(page.url.rpartition("/")[2])


class Opened:
    def __init__(self, session_id: UUID) -> None:
        self.session_id = session_id


async def test_who_has_no_emergency_right_finds_no_form_and_what_to_do(
    open_phone: OpenPhone, hospital: Place, clinic: Place
) -> None:
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    page = await open_phone(session=await session_of(sato))
    await page.goto(DOOR)
    await refused(page, "緊急の閲覧ができる施設ではありません", "ご本人の緊急カード")
    await expect(page.locator("[name=card]")).to_have_count(0)
    ito = await scene.professional(hospital, "伊藤 美咲", "pharmacist")
    page = await open_phone(session=await session_of(ito))
    await page.goto(DOOR)
    await refused(page, "この職種では", "緊急の閲覧ができる職種の方に頼んでください")
    await expect(page.locator("[name=card]")).to_have_count(0)


async def test_an_old_sign_in_is_asked_for_again_and_nothing_typed_is_lost(
    open_phone: OpenPhone, mori: Actor, admin: Any
) -> None:
    hanako, _ = await participating()
    page = await open_phone(session=await session_of(mori))
    await admin.execute(
        "UPDATE session SET created_at = created_at - interval '6 minutes',"
        " stepped_up_at = NULL WHERE account_id = $1",
        mori.account_id,
    )
    await asks(page, hanako.card)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("ご本人の確認")
    await expect(page.locator("#held [name=words]")).to_have_value("路上で倒れていた")


async def test_each_gate_says_what_shuts_it_and_what_to_do(
    open_phone: OpenPhone, hospital: Place, mori: Actor
) -> None:
    hanako, as_hanako = await participating()
    page = await open_phone(session=await session_of(mori))

    await asks(page, hanako.card, words=" ")
    await refused(page, "状況を500文字までで書いてください", "ひとことで構いません")

    await page.goto(DOOR)
    await page.fill("[name=card]", hanako.card.digits)
    await page.fill("[name=words]", "倒れた")
    await page.evaluate("document.querySelector('[name=reason]').options[0].value = 'curious'")
    await presses(page, "記録を開く")
    await refused(page, "緊急の理由を選んでください", "いちばん近いもの")

    # Nobody, somebody who refused and somebody who shut her out: one sentence for all three.
    await asks(page, unused_card())
    await refused(page, NOT_OPEN, "ご本人の緊急カード")
    await choices.choose(as_hanako, Choice("refuse"))
    await asks(page, hanako.card)
    await refused(page, NOT_OPEN, "ご本人の緊急カード")
    await choices.choose(as_hanako, Choice("allow"))
    version = (await consent.settings(as_hanako)).directive.version
    shut_out = [Exclude(True, facility_id=hospital.facility_id)]
    await consent.change(as_hanako, shut_out, expected_version=version)
    await asks(page, hanako.card)
    await refused(page, NOT_OPEN, "ご本人の緊急カード")

    # What is open anyway is opened as usual, and the screen says so.
    tsuru, as_tsuru = await participating()
    version = (await consent.settings(as_tsuru)).directive.version
    shown = [SetFacility(hospital.facility_id, True, level=1)]
    await consent.change(as_tsuru, shown, expected_version=version)
    await asks(page, tsuru.card)
    await refused(page, "ふだんの許可で見ることができます", "ふだんの診療の画面から開いて")
    async with page.expect_navigation():
        await page.get_by_role("link", name="ふだんの画面で開く").tap()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("山本 花子")


async def test_her_own_people_are_no_patients_of_hers(open_phone: OpenPhone, mori: Actor) -> None:
    herself, as_herself = await participating()
    _, as_family = await participating()
    number = secrets.token_hex(5)
    await scene.insured(as_family, "01430016", number)
    page = await open_phone(session=await session_of(mori))
    await page.goto(DOOR)
    async with page.expect_navigation():
        await page.get_by_role("link", name="ご自身とのつながりの申告").tap()
    await page.fill("[name=card]", herself.card.digits)
    await page.fill("[name=insurer]", "01430016")
    await page.fill("[name=insurance_symbol]", "くま")
    await page.fill("[name=insurance_number]", number)
    await presses(page, "申告する")
    await expect(page.get_by_text("申告を保存しました")).to_be_visible()

    await asks(page, herself.card)
    await refused(page, "ご自身の記録", "同僚に頼んでください")
    family = await carded(as_family)
    await asks(page, family)
    await refused(page, "同じ保険の記号・番号の方", "つながりのない同僚に頼んでください")

    principal, as_principal = await participating()
    await proxies_of(as_principal, herself.card, as_herself)
    await asks(page, principal.card)
    await refused(page, "代理人や連絡先", "つながりのない同僚に頼んでください")


async def proxies_of(principal: Actor, card: CardNumber, representative: Actor) -> None:
    name = representative.name or ""
    await proxies.ask(principal, card.digits, name, frozenset({Power.VIEW}), None, "voluntary")
    (asked,) = (await proxies.mine(representative)).for_others
    await proxies.accept(representative, asked.proxy_id)


async def test_too_many_searches_wait_and_a_card_still_opens(
    open_phone: OpenPhone, mori: Actor
) -> None:
    hanako, _ = await participating()
    page = await open_phone(session=await session_of(mori))
    await page.goto(DOOR)
    for _ in range(7):
        await page.check("[name=by][value=four_items]")
        await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        await page.fill("[name=name]", "だれも いない")
        await page.fill("[name=name_kana]", "ダレモ イナイ")
        await page.select_option("[name=birth_era]", "showa")
        for part, value in (("year", "15"), ("month", "4"), ("day", "9")):
            await page.fill(f"[name=birth_{part}]", value)
        await page.fill("[name=words]", "倒れた")
        await presses(page, "記録を開く")
    await refused(page, "探した回数が多すぎます", "カードか、施設の患者番号なら")
    await asks(page, hanako.card)
    await expect(page.get_by_text("アレルギー・禁忌")).to_be_visible()


async def test_from_the_card_to_the_summary_on_one_screen_and_on_to_the_end(
    open_phone: OpenPhone, mori: Actor, clinic: Place, hospital: Place, admin: Any
) -> None:
    hanako, as_hanako = await participating()
    for category, title in (
        ("allergy", "ペニシリン"),
        ("contraindication", "造影剤（ヨード）"),
        ("prescription", "ワルファリン錠１ｍｇ"),
        ("prescription", "アムロジピン錠５ｍｇ"),
        ("condition", "心房細動"),
        ("basic", "長女 由美"),
    ):
        await wrote(clinic, as_hanako, category, title)
    await wrote(clinic, as_hanako, "lab", "ヘモグロビン")
    page = await open_phone(session=await session_of(mori))
    await asks(page, hanako.card)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("山本 花子")
    for part, title in (
        ("アレルギー・禁忌", "造影剤（ヨード）"),
        ("薬", "ワルファリン錠１ｍｇ"),
        ("病気・感染症・妊娠", "心房細動"),
        ("連絡先・ご本人の希望", "長女 由美"),
    ):
        region = page.get_by_role("region", name=part, exact=True)
        await expect(region).to_contain_text(title)
        await expect(region).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    summary = page.url
    session = Opened(await session_in(page))

    # Open already: the door says so and leads back.
    await asks(page, hanako.card)
    await refused(page, "すでに始まっています", "いま開いている閲覧に戻る")
    async with page.expect_navigation():
        await page.get_by_role("link", name="いま開いている閲覧に戻る").first.tap()
    assert page.url == summary

    await expect(page.get_by_text("ヘモグロビン")).to_have_count(0)
    await presses(page, "範囲を広げる")
    await expect(page.get_by_text("ヘモグロビン")).to_be_visible()

    # Renewed once, near its end; the second time the page offers nothing more.
    await moved_back(admin, session, timedelta(hours=5, minutes=50))
    await page.reload()
    await presses(page, "6時間延ばす")
    await expect(page.get_by_text("心房細動")).to_be_visible()
    await expect(page.get_by_role("button", name="6時間延ばす")).to_have_count(0)
    await moved_back(admin, session, timedelta(hours=6, minutes=1))
    await page.reload()
    await refused(page, "時間が過ぎたため、閲覧は終わりました", "あらためて始めてください")

    # Switched off by Hanako: over at the next request.
    await asks(page, hanako.card)
    await expect(page.get_by_text("心房細動")).to_be_visible()
    await choices.choose(as_hanako, Choice("refuse"))
    await page.reload()
    await expect(
        page.get_by_text("緊急の閲覧は終わっています。記録は表示していません。")
    ).to_be_visible()
    await expect(page.get_by_text("心房細動")).to_have_count(0)
    await page.reload()
    await refused(page, "ご本人の設定により、閲覧は終わりました", "あらためて始めてください")


async def test_after_a_day_in_three_an_officer_has_to_agree(
    open_phone: OpenPhone, mori: Actor, clinic: Place, admin: Any
) -> None:
    hanako, as_hanako = await participating()
    await wrote(clinic, as_hanako, "allergy", "ペニシリン")
    page = await open_phone(session=await session_of(mori))
    for hours in (60, 40, 20, 10):
        await asks(page, hanako.card)
        await expect(page.get_by_text("ペニシリン")).to_be_visible()
        await moved_back(admin, Opened(await session_in(page)), timedelta(hours=hours))
    await asks(page, hanako.card)
    await expect(page.get_by_text("サポートセンターの確認を待っています。")).to_be_visible()
    await expect(page.get_by_text("ペニシリン")).to_have_count(0)
    waiting = page.url.rpartition("/")[2]

    ueda = await scene.officer("上田 誠")
    desk = await open_phone(session=await session_of(ueda))
    await desk.goto("/support/emergency")
    form = desk.locator(f'form[action="/support/emergency/{waiting}/approve"]')
    async with desk.expect_navigation():
        await form.get_by_role("button").tap()
    await page.reload()
    await expect(page.get_by_text("ペニシリン")).to_be_visible()
    # And longer than that it does not get.
    await presses(page, "6時間延ばす")
    await expect(page.get_by_text("3日間に合計24時間まで")).to_be_visible()
    await expect(page.get_by_text("新しく始めてください")).to_be_visible()


async def test_where_the_log_cannot_be_written_the_card_is_what_is_left(
    open_phone: OpenPhone, mori: Actor, clinic: Place, admin: Any
) -> None:
    hanako, as_hanako = await participating()
    tsuru, as_tsuru = await participating()
    await wrote(clinic, as_hanako, "allergy", "ペニシリン")
    await wrote(clinic, as_tsuru, "allergy", "ペニシリン")
    page = await open_phone(session=await session_of(mori))
    await asks(page, hanako.card)
    await expect(page.get_by_text("ペニシリン")).to_be_visible()
    await by_hand(
        admin,
        f"""CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER disk_is_full BEFORE INSERT ON access_event FOR EACH ROW
              WHEN (NEW.participant_id IN ('{hanako.participant_id}', '{tsuru.participant_id}'))
              EXECUTE FUNCTION disk_is_full();
            ALTER TABLE access_event ENABLE ALWAYS TRIGGER disk_is_full""",
    )
    try:
        await page.reload()
        await nothing_without_the_log(page)
        await asks(page, tsuru.card)
        await nothing_without_the_log(page)
    finally:
        await by_hand(admin, "DROP FUNCTION disk_is_full CASCADE")
    await asks(page, tsuru.card)
    await expect(page.get_by_text("ペニシリン")).to_be_visible()


async def nothing_without_the_log(page: Page) -> None:
    await expect(page.get_by_text("閲覧の記録を書き込めないため")).to_be_visible()
    await expect(page.get_by_text("ご本人の緊急カード（紙、または")).to_be_visible()
    await expect(page.get_by_text("ペニシリン")).to_have_count(0)


async def test_in_a_disaster_four_items_and_one_tap_are_enough(
    open_phone: OpenPhone, clinic: Place, admin: Any
) -> None:
    """An area of its own: elsewhere nothing changes, and nobody else's door does."""
    code = f"43{secrets.randbelow(10**8):08}"
    facility_id = await registry.add_facility(
        OPERATOR,
        NewFacility(code, "くま救急病院", "クマキュウキュウ", "Kuma Emergency", "hospital", "kuma"),
    )
    place = Place(facility_id, code, "くま救急病院", "Kuma Emergency")
    mori = await scene.professional(place, "森 直子", "physician")
    own = "".join(
        "アイウエオカキクケコサシスセソタ"[int(each, 16)] for each in secrets.token_hex(4)
    )
    tsuru, _ = await scene.participant("小松 鶴代", f"コマツ {own}")
    await leaving.take_part(tsuru, "participating")
    await wrote(clinic, tsuru, "allergy", "ペニシリン")
    ueda, kato = await scene.officer("上田 誠"), await scene.officer("加藤 恵")
    first = await open_phone(session=await session_of(ueda))
    second = await open_phone(session=await session_of(kato))
    await first.goto("/support/disaster")
    await first.select_option("[name=region]", "kuma")
    await first.fill("[name=words]", "大きな地震")
    await presses(first, "宣言を申し込む")
    await expect(first.get_by_role("button", name="認めて始める")).to_have_count(0)
    await second.goto(first.url)
    await presses(second, "認めて始める")
    try:
        visitor = await open_phone()
        await visitor.goto("/")
        await expect(
            visitor.get_by_text("球磨で、災害のときの体制が始まっています。")
        ).to_be_visible()
        page = await open_phone(session=await session_of(mori))
        await page.goto(DOOR)
        await page.fill("[name=name]", "小松 鶴代")
        await page.fill("[name=name_kana]", f"コマツ {own}")
        await page.select_option("[name=birth_era]", "showa")
        for part, value in (("year", "15"), ("month", "4"), ("day", "9")):
            await page.fill(f"[name=birth_{part}]", value)
        await presses(page, "災害のため開く")
        await expect(page.get_by_text("ペニシリン")).to_be_visible()
        await expect(page.get_by_role("button", name="範囲を広げる")).to_have_count(0)
    finally:
        await second.goto(first.url)
        await presses(second, "いますぐ終える")
    await page.reload()
    await expect(page.get_by_text("ペニシリン")).to_have_count(0)
