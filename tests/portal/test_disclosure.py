"""Hanako chooses who may see what: one tap, seen in words, taken back, never lost."""

from uuid import uuid4

import pytest

from api.consent import service as consent
from api.directory import service as directory
from tests.portal import scene
from tests.portal.scene import Place, Visitor

BOTH = pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ja", "「れんげ内科クリニック」に見せるようにしました。"),
        ("en", "Renge Clinic may now see your records."),
    ],
)


@BOTH
async def test_one_tap_lets_a_clinic_in_and_says_so_beside_the_switch(
    hanako: Visitor, clinic: Place, locale: str, said: str
) -> None:
    answer = await hanako.turn("facility", clinic.facility_id, "yes", 0)
    assert answer.headers["location"].endswith(f"#facility-{clinic.facility_id}")
    page = await hanako.follow(answer, locale=locale)
    assert said in page
    assert page.index(f'id="facility-{clinic.facility_id}"') < page.index(said)
    assert await hanako.version() == 1
    (changed, *_) = await hanako.log()
    assert changed["event"] == "consent:provision:changed"
    assert changed["changes"][0].startswith("「れんげ内科クリニック」に見せるようにしました。")


async def test_the_sentence_above_the_switches_names_what_is_open(
    hanako: Visitor, clinic: Place
) -> None:
    assert "いま、だれもあなたの記録を見られません。" in (await hanako.get("/disclosure")).text
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    expected = (
        "いま、「れんげ内科クリニック」にいるすべての職種の人が、すべての種類の記録を見られます。"
    )
    assert expected in (await hanako.get("/disclosure")).text
    assert expected in (await hanako.get("/home")).text
    assert (
        "At the moment, people of every profession at Renge Clinic can see every kind"
        in (await hanako.get("/home", locale="en")).text
    )


async def test_an_old_page_changes_nothing_and_shows_what_stands_now(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    stale = await hanako.turn("facility", pharmacy.facility_id, "yes", 0)
    assert stale.status_code == 409
    assert "この画面を開いたあとに、設定が変わっていました" in stale.text
    assert "「れんげ内科クリニック」にいる" in stale.text
    assert 'name="version" value="1"' in stale.text
    state = await consent.settings(hanako.actor)
    assert [p.facility_id for p in state.directive.provisions] == [clinic.facility_id]


async def test_a_second_tap_of_a_trembling_finger_is_no_conflict(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    again = await hanako.turn("facility", clinic.facility_id, "yes", 0)
    assert again.status_code == 303
    assert await hanako.version() == 1


async def test_a_change_is_taken_back_with_one_tap(hanako: Visitor, clinic: Place) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = await hanako.follow(await hanako.post("/disclosure/undo", version=1))
    assert "ひとつ前の設定にもどしました。" in page
    assert "いま、だれもあなたの記録を見られません。" in page
    assert await hanako.version() == 2
    assert (await hanako.post("/disclosure/undo", version=1)).status_code == 409


@pytest.mark.parametrize("words", ["れんげ", "レンゲ", "ﾚﾝｹﾞ", "れんげ内科", "renge", "ＲＥＮＧＥ"])
async def test_a_facility_is_found_however_its_name_is_typed(
    hanako: Visitor, clinic: Place, words: str
) -> None:
    page = (await hanako.get(f"/disclosure?q={words}")).text
    assert f'id="facility-{clinic.facility_id}"' in page


@pytest.mark.parametrize("words", ["'; DROP TABLE facility; --", "%", "_", "みつからない名前"])
async def test_a_search_for_nothing_we_have_says_what_to_do(hanako: Visitor, words: str) -> None:
    page = (await hanako.browser.get("/disclosure", params={"q": words})).text
    assert "施設が見つかりませんでした" in page


async def test_a_network_of_hundreds_of_facilities_stays_usable(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    for number in range(60):
        await scene.place(f"大勢医院{number}", "オオゼイイイン", f"Many {number}", "clinic")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = (await hanako.get("/disclosure")).text
    assert page.count('name="axis" value="facility"') == 2
    holder, on = (f'id="facility-{p.facility_id}"' for p in (pharmacy, clinic))
    assert page.index(holder) < page.index(on)
    found = (await hanako.get("/disclosure?q=大勢")).text
    assert found.count('name="axis" value="facility"') == 50
    assert "60件見つかりました はじめの50件を表示しています。" in found


async def test_a_facility_with_only_untold_records_is_not_said_to_hold_any(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "condition", "未告知の病名", marks=("UNINFORMED",))
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    found = (await hanako.ask("/me/facilities?q=れんげ")).json()["facilities"]
    assert [
        each["holds_my_records"] for each in found if each["id"] == str(clinic.facility_id)
    ] == [False]
    page = (await hanako.get("/disclosure?q=すみれ")).text
    assert "あなたの記録があります" in page
    assert "あなたの記録があります" not in (await hanako.get("/disclosure?q=れんげ")).text


@pytest.mark.parametrize(
    ("axis", "code"),
    [("facility", str(uuid4())), ("facility", "x"), ("profession", "wizard"), ("category", "x")],
)
async def test_what_the_network_does_not_have_cannot_be_chosen(
    hanako: Visitor, axis: str, code: str
) -> None:
    answer = await hanako.turn(axis, code, "yes", 0)
    assert answer.status_code == 422
    assert "見つかりません" in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_form_from_another_site_is_refused(hanako: Visitor, clinic: Place) -> None:
    form = {"axis": "facility", "code": str(clinic.facility_id), "permit": "yes", "version": "0"}
    answer = await hanako.browser.post("/disclosure", data=form)
    assert answer.status_code == 403
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_leaving_says_its_consequences_first_and_can_be_taken_back_whole(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    before = (await consent.settings(hanako.actor)).participation
    assert (
        "すぐに、どの施設もあなたの記録を見られなくなります。"
        in (await hanako.get("/disclosure/participation")).text
    )
    page = await hanako.follow(await hanako.post("/disclosure/participation", state="withdrawn"))
    assert "参加をやめました。" in page
    assert (await consent.settings(hanako.actor)).participation.state == "withdrawn"
    assert "だれもあなたの記録を見られません" in (await hanako.get("/home")).text
    await hanako.post("/disclosure/participation", state="participating", undo="yes")
    state = await consent.settings(hanako.actor)
    assert state.participation == before
    assert len(state.directive.provisions) == 1
    events = [each["sentence"] for each in await hanako.log()]
    assert events[:2] == ["あなたの参加が始まりました。", "あなたが参加をやめました。"]


async def test_leaving_twice_leaves_once(hanako: Visitor) -> None:
    for _ in range(2):
        await hanako.post("/disclosure/participation", state="withdrawn")
    left = [e for e in await hanako.log() if e["sentence"] == "あなたが参加をやめました。"]
    assert len(left) == 1


async def test_someone_who_has_not_answered_can_join_from_the_same_page(yumi: Visitor) -> None:
    assert "参加するかどうかを選んでください。" in (await yumi.get("/home")).text
    page = (await yumi.get("/disclosure")).text
    assert 'name="axis"' not in page
    assert "/disclosure/participation" in page
    await yumi.post("/disclosure/participation", state="participating")
    assert (await consent.settings(yumi.actor)).participation.state == "participating"


async def test_every_switch_is_labelled_in_the_language_chosen(hanako: Visitor) -> None:
    profile = directory.profile()
    for locale in ("ja", "en"):
        page = (await hanako.get("/disclosure", locale=locale)).text
        for kind, entries in (
            ("profession", profile.professions),
            ("category", profile.categories),
        ):
            for entry in entries:
                assert f'id="{kind}-{entry.code}"' in page
                assert getattr(entry.name, locale).replace("'", "&#39;") in page
