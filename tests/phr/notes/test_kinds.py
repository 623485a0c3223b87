"""What is written into the notebook is read, becomes FHIR, and comes back as it was."""

from datetime import date, time
from uuid import UUID

import msgspec
import pytest

from api.phr.entries.kinds import Kind, decoded, resource_of, values_of
from api.phr.entries.typed import Typed, read
from api.phr.notes import kinds
from api.phr.notes.kinds import ALLERGY, CHILD_SCHOOL, DOCTOR, MEDICATION, SCHOOL
from api.phr.telephones import is_telephone
from api.records import mapping
from api.records.shapes import SHAPES

TODAY = date(2026, 5, 12)
ENTRY = UUID("0198a000-0000-7000-8000-000000000001")
HANAKO = UUID("0198a000-0000-7000-8000-000000000002")

FULL = {
    "medication": {
        "on": "2026-05-12",
        "name": "アムロジピン錠5mg",
        "sort": "prescribed",
        "dose": "1回1錠",
        "how": "朝食後",
        "since": "2026-04-01",
        "until": "2026-06-30",
        "place": "さくら薬局",
        "left": "12.5",
        "left_why": "旅行で飲み忘れた",
        "remark": "むくみが出たら\n先生に言う",
    },
    "allergy": {
        "on": "2026-05-12",
        "name": "鶏卵",
        "allergen": "J9FB13110000",
        "sort": "food",
        "reaction": "じんましん",
        "severity": "severe",
        "since": "子どものころ",
        "remark": "加熱すれば少し食べられる",
    },
    "doctor": {
        "on": "2026-05-12",
        "place": "佐藤医院",
        "name": "佐藤先生",
        "department": "内科",
        "telephone": "096-123-4567",
        "reason": "血圧",
        "is_main": "yes",
        "remark": "木曜は休み",
    },
    "school-checkup": {
        "on": "2026-04-20",
        "grade": "e3",
        "height": "128.1",
        "weight": "27",
        "sight_right": "a",
        "sight_left": "b",
        "hearing_right": "fine",
        "hearing_left": "noted",
        "teeth_bad": "1",
        "teeth_treated": "0",
        "remark": "眼科へ",
    },
}
FULL["school-checkup-child"] = FULL["school-checkup"]


def typed(kind: Kind, **changed: str) -> Typed:
    return read(kind, {**FULL[kind.name], **changed}, TODAY, time(9))


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_what_was_written_comes_back_word_for_word(kind: Kind) -> None:
    read_in = typed(kind)
    assert (read_in.faults, read_in.odd) == ({}, {})
    resource = resource_of(kind, read_in.values, ENTRY, "", HANAKO)
    stored = decoded(msgspec.json.encode(resource))
    back = values_of(kind, stored)
    assert {name: value for name, value in back.items() if value} == FULL[kind.name]


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_the_least_that_may_be_said_comes_back_too(kind: Kind) -> None:
    least = {
        "medication": {"name": "かぜ薬", "sort": "otc"},
        "allergy": {"name": "さば", "sort": "food"},
        "doctor": {"place": "佐藤医院"},
    }.get(kind.name, {"grade": "k5", "height": "110"})
    read_in = read(kind, {"on": "2026-05-12", **least}, TODAY, time(9))
    assert read_in.faults == {}
    resource = resource_of(kind, read_in.values, ENTRY, "", HANAKO)
    back = values_of(kind, decoded(msgspec.json.encode(resource)))
    assert {name: value for name, value in back.items() if value} == {"on": "2026-05-12", **least}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_it_is_a_resource_this_network_takes_and_of_the_category_it_says(kind: Kind) -> None:
    resource = resource_of(kind, typed(kind).values, ENTRY, "", HANAKO)
    shape = SHAPES[resource["resourceType"]]
    for required in shape.required:
        assert any(name in resource for name in required.split("|"))
    assert resource[shape.subject] == {"reference": f"Patient/{HANAKO}"}
    if shape.statuses:
        assert resource["status"] in shape.statuses
    assert kind.category in mapping.CATEGORIES_OF_TYPE[resource["resourceType"]]


def test_an_allergy_is_unconfirmed_and_names_the_code_of_what_it_is() -> None:
    resource = resource_of(ALLERGY, typed(ALLERGY).values, ENTRY, "", HANAKO)
    assert resource["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert resource["code"]["coding"] == [
        {
            "system": "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS",
            "code": "J9FB13110000",
            "display": "鶏卵",
        }
    ]
    assert resource["reaction"] == [
        {"manifestation": [{"text": "じんましん"}], "severity": "severe"}
    ]
    unsaid = resource_of(ALLERGY, typed(ALLERGY, reaction="").values, ENTRY, "", HANAKO)
    assert unsaid["reaction"][0]["manifestation"] == [{"text": "症状は書かれていません"}]


def test_a_medicine_says_what_is_left_and_why_to_whoever_reads_it() -> None:
    resource = resource_of(MEDICATION, typed(MEDICATION).values, ENTRY, "", HANAKO)
    assert resource["dosage"] == [{"text": "1回1錠 朝食後"}]
    assert "残っている数: 12.5、旅行で飲み忘れた" in resource["note"][0]["text"]
    assert "さくら薬局" in resource["note"][0]["text"]
    assert resource["effectivePeriod"] == {"start": "2026-04-01", "end": "2026-06-30"}


@pytest.mark.parametrize(
    ("kind", "changed", "faults"),
    [
        (MEDICATION, {"name": ""}, {"name": "error.own.required"}),
        (MEDICATION, {"sort": ""}, {"sort": "error.own.required"}),
        (MEDICATION, {"sort": "magic"}, {"sort": "error.own.choice"}),
        (MEDICATION, {"until": "2026-03-31"}, {"until": "error.notes.until"}),
        (MEDICATION, {"until": "2026-02-30"}, {"until": "error.own.day"}),
        (MEDICATION, {"on": "2026-05-13"}, {"on": "error.own.future"}),
        (MEDICATION, {"since": "2026-05-13"}, {"since": "error.own.future"}),
        (MEDICATION, {"left": "-1"}, {"left": "error.own.number"}),
        (MEDICATION, {"left": "12345"}, {"left": "error.own.bounds"}),
        (MEDICATION, {"left": ""}, {"left": "error.notes.left"}),
        (MEDICATION, {"name": "薬" * 101}, {"name": "error.own.too_long"}),
        (ALLERGY, {"allergen": "J9FZ"}, {"name": "error.notes.allergen"}),
        (ALLERGY, {"sort": "environment"}, {"sort": "error.notes.allergen_sort"}),
        (ALLERGY, {"sort": "medication"}, {"sort": "error.notes.allergen_sort"}),
        (ALLERGY, {"remark": "番号は123456789018"}, {"remark": "error.entry.my_number"}),
        (DOCTOR, {"telephone": "12345"}, {"telephone": "error.notes.telephone"}),
        (DOCTOR, {"place": ""}, {"place": "error.own.required"}),
        (SCHOOL, {"grade": ""}, {"grade": "error.own.required"}),
        (SCHOOL, {"height": "1281"}, {"height": "error.own.bounds"}),
        (SCHOOL, {"weight": "2700"}, {"weight": "error.own.bounds"}),
        (SCHOOL, {"teeth_bad": "33"}, {"teeth_bad": "error.own.bounds"}),
        (SCHOOL, {"teeth_bad": "1.5"}, {"teeth_bad": "error.own.decimals"}),
        (SCHOOL, {"sight_left": "e"}, {"sight_left": "error.own.choice"}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    kind: Kind, changed: dict[str, str], faults: dict[str, str]
) -> None:
    assert typed(kind, **changed).faults == faults


def test_a_grade_alone_is_no_checkup() -> None:
    nothing = {"on": "2026-04-20", "grade": "e3"}
    assert read(SCHOOL, nothing, TODAY, time(9)).faults == {"height": "error.own.empty"}


@pytest.mark.parametrize(
    ("kind", "changed", "odd"),
    [
        (MEDICATION, {"left": "500"}, {"left"}),
        (SCHOOL, {"height": "210"}, {"height"}),
        (SCHOOL, {"weight": "120"}, {"weight"}),
        (CHILD_SCHOOL, {"teeth_bad": "20"}, {"teeth_bad"}),
    ],
)
def test_what_is_seldom_so_is_asked_once(
    kind: Kind, changed: dict[str, str], odd: set[str]
) -> None:
    found = typed(kind, **changed)
    assert (found.faults, set(found.odd)) == ({}, odd)
    assert found.sure


def test_a_childs_height_has_no_code_that_would_make_it_its_keepers() -> None:
    resource = resource_of(CHILD_SCHOOL, typed(CHILD_SCHOOL).values, ENTRY, str(ENTRY), HANAKO)
    assert resource["focus"]
    systems = {
        coding["system"] for part in resource["component"] for coding in part["code"]["coding"]
    }
    assert systems == {"urn:tsunagu:own"}
    own = resource_of(SCHOOL, typed(SCHOOL).values, ENTRY, "", HANAKO)
    assert "focus" not in own
    assert own["component"][1]["code"]["coding"][0]["code"] == "8302-2"


@pytest.mark.parametrize(
    ("written", "is_one"),
    [
        ("096-123-4567", True),
        ("０９０－１２３４－５６７８", True),
        ("(096) 123 4567", True),
        ("+81 96 123 4567", True),
        ("+1-202-555-0143", True),
        ("12345", False),
        ("96-123-4567", False),
        ("電話なし", False),
        ("+", False),
        ("", False),
    ],
)
def test_a_telephone_number_is_told_from_what_is_none(written: str, is_one: bool) -> None:
    assert is_telephone(written) is is_one
