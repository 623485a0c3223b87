"""Hanako chooses facilities: those that know her first, any other by its name, area or kind."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest

from api.consent import service as consent
from api.consent.facts import Provision
from api.consent.settings.rows import a_year_on
from api.consent.settings.switches import SetCategory, SetFacility
from api.core import clock, i18n
from api.core.i18n import JAPAN
from tests.portal import scene
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize("words", ["れんげ", "レンゲ", "ﾚﾝｹﾞ", "れんげ内科", "renge", "ＲＥＮＧＥ"])
async def test_a_facility_is_found_however_its_name_is_typed(
    hanako: Visitor, clinic: Place, words: str
) -> None:
    page = (await hanako.get(f"/disclosure/facilities?q={words}")).text
    assert f'id="facility-{clinic.facility_id}"' in page


@pytest.mark.parametrize("words", ["'; DROP TABLE facility; --", "%", "_", "みつからない名前"])
async def test_a_search_for_nothing_we_have_says_what_to_do(hanako: Visitor, words: str) -> None:
    page = (await hanako.browser.get("/disclosure/facilities", params={"q": words})).text
    assert "施設が見つかりませんでした" in page


async def test_a_network_of_hundreds_of_facilities_stays_usable(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    for number in range(60):
        await scene.place(f"大勢医院{number}", "オオゼイイイン", f"Many {number}", "clinic")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = (await hanako.get("/disclosure/facilities")).text
    assert page.count('role="switch"') == 2
    holder, on = (f'id="facility-{p.facility_id}"' for p in (pharmacy, clinic))
    assert page.index(holder) < page.index(on)
    found = (await hanako.get("/disclosure/facilities?q=大勢")).text
    assert found.count('role="switch"') == 50
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
    page = (await hanako.get("/disclosure/facilities?q=すみれ")).text
    assert "記録があります" in page
    assert "記録があります" not in (await hanako.get("/disclosure/facilities?q=れんげ")).text


async def test_facilities_are_narrowed_by_area_and_kind(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    for asked, is_there in (
        ("q=すみれ&region=aso&type=pharmacy", True),
        ("q=すみれ&region=kumamoto_prefecture", True),
        ("q=すみれ&region=amakusa", False),
        ("q=すみれ&type=hospital", False),
        ("q=すみれ&region=nowhere", False),
    ):
        page = (await hanako.get(f"/disclosure/facilities?{asked}")).text
        assert (f'id="facility-{pharmacy.facility_id}"' in page) is is_there, asked
        assert f'id="facility-{clinic.facility_id}"' not in page, asked


async def test_one_tap_lets_in_for_a_year_and_another_keeps_out(
    hanako: Visitor, clinic: Place
) -> None:
    path = "/disclosure/facilities?q=れんげ内科"
    place = f"facility-{clinic.facility_id}"
    page = await hanako.tap(path, place)
    assert "元にもどす" in page
    assert "れんげ内科" in page
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert row.valid_to == a_year_on(clock.now())
    assert i18n.day("ja", row.valid_to.astimezone(JAPAN).date() - timedelta(days=1)) in page
    await hanako.tap(path, place)
    assert (await consent.settings(hanako.actor)).directive.provisions == ()


async def test_on_its_own_page_a_facility_gets_an_end_and_a_level(
    hanako: Visitor, clinic: Place
) -> None:
    path = f"/disclosure/facilities/{clinic.facility_id}"
    page = await hanako.tap(path, f"facility-{clinic.facility_id}")
    assert "見せる設定にしています。" in page
    last = clock.today_in_japan() + timedelta(days=40)
    answer = await hanako.press(path, "この内容で保存する", until="day", day=last, restricted="yes")
    page = await hanako.follow(answer)
    assert f"{i18n.day('ja', last)}まで" in page
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.level, row.valid_to) == (
        1,
        datetime.combine(last + timedelta(days=1), time(), JAPAN),
    )
    await hanako.press(path, "この内容で保存する", until="open")
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.level, row.valid_to) == (0, None)


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        ("", "終わりの日を、正しく入れてください。"),
        ("2026-02-31", "終わりの日を、正しく入れてください。"),
        ("9999-12-31", "終わりの日を、正しく入れてください。"),
        ("2020-01-01", "終わりの日は、今日より後の日にしてください。"),
    ],
)
async def test_an_end_that_cannot_be_is_asked_again_with_what_was_typed(
    hanako: Visitor, clinic: Place, day: str, fault: str
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    path = f"/disclosure/facilities/{clinic.facility_id}"
    answer = await hanako.press(path, "この内容で保存する", until="day", day=day, restricted="yes")
    assert answer.status_code == 422
    assert fault in answer.text
    assert 'href="#field-day"' in answer.text
    assert f'value="{day}" aria-invalid="true"' in answer.text
    assert 'name="restricted" value="yes" checked' in answer.text
    assert await hanako.version() == 1


async def test_one_kind_of_record_is_closed_and_opened_for_one_facility(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.wish(SetFacility(clinic.facility_id, True), SetCategory("maternal", False))
    path = f"/disclosure/facilities/{clinic.facility_id}/categories"
    page = await hanako.tap(path, "cell-lab")
    assert "元にもどす" in page
    await hanako.tap(path, "cell-maternal")
    cells = {
        (row.kind, row.category)
        for row in (await consent.settings(hanako.actor)).directive.provisions
        if row.facility_id == clinic.facility_id and row.axis == "filter"
    }
    assert cells == {("deny", "lab"), ("permit", "maternal")}
    await hanako.tap(path, "cell-lab")
    await hanako.tap(path, "cell-maternal")
    rows = (await consent.settings(hanako.actor)).directive.provisions
    assert sorted(row.axis for row in rows) == ["filter", "recipient"]


async def test_a_blocked_facility_has_no_switch_until_it_is_unblocked(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    path = f"/disclosure/facilities/{clinic.facility_id}"
    page = await hanako.follow(await hanako.press(path, "閲覧禁止にする"))
    assert "閲覧禁止にしています。救急のときも見られません。" in page
    assert page.count('role="switch"') == 1  # what it sends is another question
    assert "この施設が送る記録を受け取る" in page
    assert "閲覧禁止にしています" in (await hanako.get("/disclosure/facilities?q=れんげ")).text
    page = await hanako.follow(await hanako.press(path, "閲覧禁止をやめる"))
    assert 'role="switch" aria-checked="true"' in page


async def test_an_end_on_a_closing_row_warns_that_it_opens_again(
    hanako: Visitor, clinic: Place
) -> None:
    ends_at = clock.now() + timedelta(days=20)
    row = Provision(1, "deny", "recipient", facility_id=clinic.facility_id, valid_to=ends_at)
    await scene.decided(hanako.actor, row)
    page = (await hanako.get(f"/disclosure/facilities/{clinic.facility_id}")).text
    assert "次の日から、また見られるようになります" in page


async def test_a_facility_this_network_does_not_have_has_no_page(hanako: Visitor) -> None:
    for path in ("", "/categories"):
        answer = await hanako.get(f"/disclosure/facilities/{uuid4()}{path}")
        assert answer.status_code == 404


async def test_records_of_one_facility_are_refused_and_taken_again(
    hanako: Visitor, clinic: Place
) -> None:
    path = f"/disclosure/facilities/{clinic.facility_id}"
    place = f"source-{clinic.facility_id}"
    assert "この施設が送る記録を受け取る" in (await hanako.get(path)).text
    page = await hanako.tap(path, place)
    assert "れんげ内科クリニック」からの記録の受け取りを断りました。" in page
    assert "元にもどす" in page
    assert (await consent.settings(hanako.actor)).directive.refused_sources == (clinic.facility_id,)
    (logged, *_) = await hanako.log()
    assert "受け取りを断りました" in logged["changes"][0]
    view = (await hanako.ask("/me/disclosure")).json()
    assert view["refused_sources"] == [
        {"id": str(clinic.facility_id), "name": "れんげ内科クリニック"}
    ]
    undone = (await hanako.tell("/me/disclosure/undo", {"version": view["version"]})).json()
    assert undone["refused_sources"] == []
    change = {"kind": "refuse_source", "facility_id": str(clinic.facility_id), "on": True}
    body = {"version": undone["version"], "commands": [change]}
    again = (await hanako.tell("/me/disclosure/changes", body)).json()
    assert [each["id"] for each in again["refused_sources"]] == [str(clinic.facility_id)]
    assert "Records from this facility" in (await hanako.get(path, locale="en")).text
