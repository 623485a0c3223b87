"""Hanako chooses many facilities at once, what happens when one joins, and research."""

from datetime import timedelta

import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetAskFirst, SetCell, SetFacility, SetRegion
from api.core import clock
from api.directory import service as directory
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("region-aso", {"region": "aso"}),
        ("lived-now", {"lived": "now"}),
        ("lived-recent", {"lived": "recent"}),
        ("lived-before", {"lived": "before"}),
        ("type-pharmacy", {"facility_type": "pharmacy"}),
        ("everyone", {"everyone": True}),
    ],
)
async def test_each_wide_switch_is_turned_and_taken_back(
    hanako: Visitor, place: str, fields: dict[str, object]
) -> None:
    page = await hanako.tap("/disclosure/areas", place)
    assert "元にもどす" in page
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert (row.kind, row.axis) == ("permit", "recipient")
    assert {name: getattr(row, name) for name in fields} == fields
    await hanako.press("/disclosure/areas?changed=1", "元にもどす")
    assert (await consent.settings(hanako.actor)).directive.provisions == ()


async def test_in_a_region_that_is_on_one_kind_of_facility_is_kept_out(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await hanako.tap("/disclosure/areas", "region-aso")
    page = await hanako.tap("/disclosure/areas/aso", "type-pharmacy")
    assert "「阿蘇」の施設すべてに見せています。" in page
    assert "（1つ設定中）" in (await hanako.get("/disclosure/areas")).text
    page = (await hanako.get(f"/disclosure/facilities/{pharmacy.facility_id}")).text
    assert "見せていません。次の設定があるためです。「阿蘇」にある「薬局」には見せません。" in page
    page = (await hanako.get(f"/disclosure/facilities/{clinic.facility_id}")).text
    assert "見せています。次の設定があるためです。「阿蘇」にある施設に見せます。" in page
    found = (await hanako.get("/disclosure/facilities?q=れんげ内科")).text
    assert "地域などの設定で見せています" in found


async def test_a_region_this_network_does_not_have_has_no_page(hanako: Visitor) -> None:
    assert (await hanako.get("/disclosure/areas/tokyo")).status_code == 404


async def test_who_wants_to_be_asked_first_answers_for_each_new_facility(
    hanako: Visitor, database: Deployment
) -> None:
    await hanako.wish(SetRegion("aso", True))
    assert "聞かない" in (await hanako.get("/disclosure/new-facilities")).text
    page = await hanako.tap("/disclosure/new-facilities", "ask-first")
    assert 'aria-checked="true"' in page
    new = await scene.place("あらた医院", "アラタイイン", "Arata Clinic", "clinic")
    other = await scene.place("みなと薬局", "ミナトヤッキョク", "Minato Pharmacy", "pharmacy")
    hub = (await hanako.get("/disclosure")).text
    assert "新しい施設が2か所あります" in hub
    page = (await hanako.get("/disclosure/new-facilities")).text
    assert "あらた医院" in page
    assert "ご自分で選ぶまで、見せません。" in page
    for place, answer in ((new, True), (other, False)):
        await hanako.wish(SetFacility(place.facility_id, answer))
    page = (await hanako.get("/disclosure/new-facilities")).text
    assert "いま、待っている施設はありません" in page
    for place, shown in ((new, "見せる設定"), (other, "見せない設定")):
        own = (await hanako.get(f"/disclosure/facilities/{place.facility_id}")).text
        assert shown in own


async def test_a_new_facility_says_from_when_it_sees(hanako: Visitor) -> None:
    await hanako.wish(SetRegion("aso", True))
    new = await scene.place("はやて医院", "ハヤテイイン", "Hayate Clinic", "clinic")
    page = (await hanako.get("/disclosure/new-facilities")).text
    assert "はやて医院" in page
    assert "何もしなければ、" in page
    own = (await hanako.get(f"/disclosure/facilities/{new.facility_id}")).text
    assert "新しい施設なので、まだ見せていません。" in own


async def test_research_is_off_until_it_is_allowed_and_ends_when_taken_back(
    hanako: Visitor,
) -> None:
    purpose = directory.profile().purposes[0]
    page = (await hanako.get("/disclosure/research")).text
    assert "使わせない" in page
    assert purpose.name.ja in page
    page = await hanako.tap("/disclosure/research", f"purpose-{purpose.code}")
    assert "元にもどす" in page
    assert "使うことを認めています" in (await hanako.get("/disclosure")).text
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert row.purposes == (purpose.code,)
    assert (
        f"「{purpose.name.ja}」のために使うことを認めます。"
        in (await hanako.get("/disclosure/details")).text
    )
    await hanako.tap("/disclosure/research", f"purpose-{purpose.code}")
    assert "使わせていません" in (await hanako.get("/disclosure")).text


async def test_a_finer_rule_names_who_what_and_from_where(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン")
    answer = await hanako.press(
        "/disclosure/details",
        "この内容で保存する",
        who="profession:nurse",
        category="prescription",
        source=pharmacy.facility_id,
        outcome="deny",
    )
    page = await hanako.follow(answer)
    assert (
        "「看護師」には、「すみれ薬局」が書いた「処方（医師が出した薬）」の記録を見せません。"
        in page
    )
    assert "元にもどす" in page
    page = await hanako.follow(await hanako.press("/disclosure/details", "消す"))
    assert "まだ何も設定していません" in page


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"category": "lab"}, "「見せない」か「見せる」を選んでください。"),
        ({"outcome": "deny"}, "のどれかを選んでください。"),
        ({"outcome": "deny", "who": "facility:x"}, "「どの種類の記録を」か"),
        (
            {"outcome": "deny", "who": "facility:x", "category": "lab"},
            "選ばれた施設・人・職種・地域・記録が見つかりません。",
        ),
        (
            {"outcome": "deny", "category": "wizardry"},
            "選ばれた施設・人・職種・地域・記録が見つかりません。",
        ),
        (
            {"outcome": "deny", "who": "wizard:x", "category": "lab"},
            "選ばれた施設・人・職種・地域・記録が見つかりません。",
        ),
    ],
)
async def test_a_rule_that_says_too_little_or_something_unknown_is_not_saved(
    hanako: Visitor, fields: dict[str, str], fault: str
) -> None:
    answer = await hanako.post("/disclosure/details", fields, version=0)
    assert answer.status_code == 422
    assert fault in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_every_row_is_said_in_both_languages_with_its_end(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.wish(
        SetFacility(clinic.facility_id, True, until=clock.now() + timedelta(days=9)),
        SetCell("permit", profession="nurse", category="lab", facility_id=clinic.facility_id),
        SetAskFirst(True),
    )
    ja = (await hanako.get("/disclosure/details")).text
    assert "「れんげ内科クリニック」に見せます。" in ja
    assert "「れんげ内科クリニック」の「看護師」に、「検査結果」の記録を見せます。" in ja
    en = (await hanako.get("/disclosure/details", locale="en")).text
    assert "Show my records to Renge Clinic." in en
    assert "Nurse at Renge Clinic" in en
