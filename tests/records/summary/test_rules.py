"""What stands in a summary and what does not, told as a table."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from api.fhir.codes import DRUG_NOT_CODED, ICD10, JLAC10, LOINC, YJ
from api.records.medicines import course_of
from api.records.summary.rules import summary_of
from api.records.summary.sections import Entry, Given
from tests.records import shapes

TODAY = date(2026, 5, 3)
CLINIC, PHARMACY, HOSPITAL = (UUID(int=n) for n in (1, 2, 3))
CATEGORY = {
    "AllergyIntolerance": "allergy",
    "Condition": "condition",
    "DiagnosticReport": "imaging",
    "DocumentReference": "document",
    "Immunization": "immunization",
    "MedicationDispense": "dispensing",
    "MedicationRequest": "prescription",
    "MedicationStatement": "prescription",
    "Observation": "lab",
    "Procedure": "procedure",
}
Json = dict[str, Any]


def coded(code: str, *, system: str = "http://terminology.hl7.org/CodeSystem/x") -> Json:
    return {"coding": [{"system": system, "code": code}]}


def allergy(name: str = "そば", **changes: Any) -> Json:
    return {"resourceType": "AllergyIntolerance", "code": {"text": name}, **changes}


def drug(name: str = "アムロジピン錠5mg", code: str = "2171022F2001", **changes: Any) -> Json:
    concept = {"coding": [{"system": YJ, "code": code, "display": name}]}
    written = {"authoredOn": ago(10).isoformat()} | changes
    return shapes.prescription(medicationCodeableConcept=concept, **written)


def days(count: object, unit: str = "日") -> Json:
    return {"expectedSupplyDuration": {"value": count, "unit": unit}}


def given(
    body: Json,
    on: date = TODAY - timedelta(days=10),
    *,
    number: int = 1,
    at: UUID = CLINIC,
    category: str | None = None,
    is_told: bool = True,
) -> Given:
    name = body["resourceType"]
    return Given(UUID(int=number), name, category or CATEGORY[name], at, is_told, on, body)


def shown(*records: Given) -> dict[str, list[Entry]]:
    summary = summary_of(records, TODAY)
    return {name: list(entries) for name, entries in summary.entries.items() if entries}


def ago(count: int) -> date:
    return TODAY - timedelta(days=count)


@pytest.mark.parametrize(
    ("on", "changes", "expected"),
    [
        (ago(10), {}, True),
        (ago(100), {}, True),
        (ago(101), {}, False),
        (ago(101), {"dispenseRequest": days(95)}, True),
        (ago(101), {"dispenseRequest": days(94)}, False),
        (ago(50), {"dispenseRequest": days(5)}, False),
        (ago(101), {"dispenseRequest": days(15, "wk")}, True),
        (ago(101), {"dispenseRequest": days(4, "月")}, True),
        (ago(400), {"dispenseRequest": days("a year")}, False),
        (ago(400), {"dispenseRequest": days(10**9)}, False),
        (ago(400), {"effectivePeriod": {"end": "2026-04-26"}}, True),
        (ago(400), {"effectivePeriod": {"end": "2026-04-25"}}, False),
        (ago(10), {"status": "stopped"}, False),
        (ago(10), {"status": "on-hold"}, False),
        (ago(10), {"status": "revoked"}, False),
        (ago(10), {"status": "cancelled"}, False),
        (ago(10), {"status": "draft"}, False),
        (ago(10), {"status": "active"}, True),
        (ago(-1), {}, False),
    ],
    ids=str,
)
def test_a_medicine_is_current_while_its_days_reach_today_or_for_100_days(
    on: date, changes: Json, expected: bool
):
    body = drug(authoredOn=on.isoformat(), **changes)
    assert course_of(body, on).is_current(TODAY) is expected
    assert bool(shown(given(body, on))) is expected


def test_what_has_codes_and_no_words_goes_by_its_first_code():
    for first, second in (("A1", "B2"), ("B2", "A1")):
        both = {"coding": coded(first)["coding"] + coded(second)["coding"]}
        (entry,) = shown(given(allergy() | {"code": both}))["allergies"]
        assert entry.title == first


def test_the_last_day_a_medicine_was_given_for():
    (entry,) = shown(given(drug(dispenseRequest=days(28)), ago(10)))["medicines"]
    assert entry.until == ago(10) + timedelta(days=27)
    (entry,) = shown(given(drug(), ago(10)))["medicines"]
    assert entry.until is None


@pytest.mark.parametrize(
    ("body", "section"),
    [
        (allergy(), "allergies"),
        (allergy(verificationStatus=coded("confirmed")), "allergies"),
        (allergy(verificationStatus=coded("refuted")), None),
        (allergy(verificationStatus=coded("entered-in-error")), None),
        (allergy(clinicalStatus=coded("resolved")), None),
        (shapes.condition(), "problems"),
        (shapes.condition(clinicalStatus=coded("resolved")), "past"),
        (shapes.condition(abatementDateTime="2026-05-01"), "past"),
        (shapes.condition(abatementDateTime="2026-06-01"), "problems"),
        (shapes.condition(verificationStatus=coded("refuted")), None),
        (shapes.condition(verificationStatus=coded("entered-in-error")), None),
        (drug(status="entered-in-error"), None),
        (shapes.lab(), "results"),
        (shapes.lab(status="cancelled"), None),
        (shapes.lab(status="entered-in-error"), None),
        (shapes.lab(code=coded("82810-3", system=LOINC) | {"text": "妊娠の有無"}), "pregnancy"),
        (
            {
                "resourceType": "Immunization",
                "status": "completed",
                "vaccineCode": {"text": "インフルエンザワクチン"},
            },
            "immunizations",
        ),
        (
            {
                "resourceType": "Immunization",
                "status": "not-done",
                "vaccineCode": {"text": "インフルエンザワクチン"},
            },
            None,
        ),
        (
            {"resourceType": "Procedure", "status": "completed", "code": {"text": "虫垂切除術"}},
            "procedures",
        ),
        (
            {"resourceType": "Procedure", "status": "not-done", "code": {"text": "虫垂切除術"}},
            None,
        ),
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "type": coded("42348-3", system=LOINC) | {"text": "事前指示書"},
            },
            "directives",
        ),
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "type": {"text": "紹介状"},
            },
            None,
        ),
        (
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "胸部CT"},
                "conclusion": "異常なし",
            },
            "results",
        ),
        (allergy(name=""), None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_which_section_a_record_stands_in(body: Json, section: str | None):
    assert list(shown(given(body))) == ([section] if section else [])


def test_blood_pressure_is_a_vital_sign():
    body = shapes.lab(code={"text": "血圧"})
    assert list(shown(given(body, category="vitals"))) == ["vitals"]


def test_an_allergy_nobody_confirmed_is_marked_until_somebody_confirms_it():
    unsure = given(allergy(verificationStatus=coded("unconfirmed")), number=1)
    (entry,) = shown(unsure)["allergies"]
    assert entry.marks == ("unconfirmed",)
    sure = given(allergy(verificationStatus=coded("confirmed")), number=2, at=HOSPITAL)
    (entry,) = shown(unsure, sure)["allergies"]
    assert entry.marks == ()
    assert len(entry.sources) == 2


def test_what_one_facility_refuted_another_may_still_say():
    refuted = given(allergy(verificationStatus=coded("refuted")), number=1)
    stated = given(allergy(), number=2, at=HOSPITAL)
    (entry,) = shown(refuted, stated)["allergies"]
    assert [source.facility_id for source in entry.sources] == [HOSPITAL]


def test_what_can_kill_comes_first():
    records = [
        given(allergy("そば"), ago(1), number=1),
        given(allergy("ペニシリン", criticality="high"), ago(900), number=2),
    ]
    assert [each.title for each in shown(*records)["allergies"]] == ["ペニシリン", "そば"]


def test_the_same_drug_from_two_pharmacies_is_one_with_both_as_its_sources():
    ways = ("１日１回 朝食後", "１日１回 夕食後")
    records = [
        given(drug(dosageInstruction=[{"text": way}]), ago(n), number=n, at=at)
        for n, (way, at) in enumerate(zip(ways, (CLINIC, PHARMACY), strict=True), start=5)
    ]
    (entry,) = shown(*records)["medicines"]
    assert {source.facility_id for source in entry.sources} == {CLINIC, PHARMACY}
    assert (entry.on, len(entry.others)) == (ago(6), 1)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (drug("アムロジピン錠５ｍｇ", "A"), drug("アムロジピン錠5mg", "B"), True),
        (drug("【般】アムロジピン錠5mg", "A"), drug("アムロジピン錠5mg", "B"), True),
        (drug("ノルバスク錠5mg", "A"), drug("アムロジピン錠5mg", "A"), True),
        (drug("アムロジピン錠2.5mg", "A"), drug("アムロジピン錠5mg", "B"), False),
        (
            shapes.prescription(
                authoredOn=ago(10).isoformat(),
                medicationCodeableConcept={
                    "coding": [{"system": DRUG_NOT_CODED, "code": "NOCODED", "display": "院内軟膏"}]
                },
            ),
            shapes.prescription(
                authoredOn=ago(10).isoformat(),
                medicationCodeableConcept={
                    "coding": [{"system": DRUG_NOT_CODED, "code": "NOCODED", "display": "院内散剤"}]
                },
            ),
            False,
        ),
        (
            shapes.condition(code={"text": "胃癌", "coding": [{"system": ICD10, "code": "C169"}]}),
            shapes.condition(
                code={"text": "胃の悪性腫瘍", "coding": [{"system": ICD10, "code": "C169"}]}
            ),
            False,
        ),
        (
            shapes.condition(code={"text": "白内障"}, bodySite=[{"text": "右眼"}]),
            shapes.condition(code={"text": "白内障"}, bodySite=[{"text": "左眼"}]),
            False,
        ),
        (
            shapes.lab(
                code={"coding": [{"system": JLAC10, "code": "9" * 17}], "text": "院内検査A"}
            ),
            shapes.lab(
                code={"coding": [{"system": JLAC10, "code": "9" * 17}], "text": "院内検査B"}
            ),
            False,
        ),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_what_is_the_same_thing(one: Json, other: Json, together: bool):
    (entries,) = shown(given(one, number=1), given(other, number=2, at=PHARMACY)).values()
    assert len(entries) == (1 if together else 2)


def test_three_names_of_one_drug_are_one_in_any_order():
    records = [
        given(drug("ノルバスク錠5mg", "A"), ago(3), number=1),
        given(drug("アムロジピン錠5mg", "B"), ago(2), number=2),
        given(drug("ノルバスク錠5mg", "B"), ago(1), number=3),
    ]
    found = [shown(*order)["medicines"] for order in permutations(records)]
    assert all(each == found[0] for each in found)
    assert len(found[0]) == 1


def test_of_each_test_the_newest_value_stands():
    records = [
        given(shapes.lab(valueString=f"{n}"), ago(n), number=n, at=at)
        for n, at in ((3, CLINIC), (30, PHARMACY), (300, HOSPITAL))
    ]
    (entry,) = shown(*records)["results"]
    assert (entry.body["valueString"], len(entry.sources)) == ("3", 1)


def test_a_disease_marked_as_not_told_says_so_unless_another_was():
    hidden = given(shapes.condition(), number=1, is_told=False)
    (entry,) = shown(hidden)["problems"]
    assert entry.marks == ("untold",)
    (entry,) = shown(hidden, given(shapes.condition(), number=2, at=HOSPITAL))["problems"]
    assert entry.marks == ()
