"""Which drugs when, and where two sources overlap: the rule of days, and marks with reasons."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest

from api.fhir.codes import GENERAL_NAME, YJ
from api.records import parse
from api.records.viewing import medication
from api.records.viewing.medication import Drug, Overlap
from api.records.viewing.supplies import Source, Supply, supplies_of

CLINIC, HOSPITAL, PHARMACY = UUID(int=1), UUID(int=2), UUID(int=3)
TODAY = date(2026, 5, 20)
AMLODIPINE = ("2171022F2ZZZ", GENERAL_NAME, "【般】アムロジピン錠５ｍｇ")
AMLODIPINE_BRAND = ("2171022F2230", YJ, "アムロジピン錠５ｍｇ「トーワ」")
NIFEDIPINE = ("2171014G4021", YJ, "ニフェジピンＣＲ錠２０ｍｇ")
ASPIRIN = ("3399007H1021", YJ, "アスピリン腸溶錠１００ｍｇ")


def given(
    drug: tuple[str, str, str] = AMLODIPINE,
    *,
    at: UUID = CLINIC,
    start: date = date(2026, 5, 1),
    days: int | None = 28,
    category: str = "prescription",
    **more: Any,
) -> Source:
    code, system, name = drug
    body: dict[str, Any] = {
        "resourceType": "MedicationDispense" if category == "dispensing" else "MedicationRequest",
        "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": system, "code": code}], "text": name},
        "authoredOn": start.isoformat(),
    }
    if days is not None:
        body["dispenseRequest"] = {"expectedSupplyDuration": {"value": days, "unit": "日"}}
    body |= more
    read = parse.decode(parse.encode(body).encode())
    return Source(
        uuid5(UUID(int=9), f"{code}{at}{start}{category}"), category, at, start, name, (), read
    )


def supplies(*sources: Source) -> list[Supply]:
    return supplies_of(sources)


def drugs(*sources: Source) -> list[Drug]:
    return medication.drugs_of(supplies(*sources))


def overlaps(*sources: Source) -> list[Overlap]:
    return medication.overlaps_of(supplies(*sources))


def timed(**repeat: Any) -> dict[str, Any]:
    return {"timing": {"repeat": repeat}}


TABLETS = {"value": 56, "unit": "錠"}
TWICE = timed(frequency=2, period=1, periodUnit="d") | {
    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "錠"}}]
}


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 28, "code": "d"}}}, 28),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 4, "code": "wk"}}}, 28),
        ({"daysSupply": {"value": 14, "unit": "日"}}, 14),
        ({"dosageInstruction": [timed(boundsDuration={"value": 7, "unit": "日分"})]}, 7),
        ({"dispenseRequest": {"quantity": TABLETS}, "dosageInstruction": [TWICE]}, 28),
        ({"quantity": TABLETS, "dosageInstruction": [TWICE]}, 28),
        # In another unit, at no told frequency or by two dosages the amount says nothing
        ({"quantity": TABLETS | {"unit": "箱"}, "dosageInstruction": [TWICE]}, None),
        ({"quantity": TABLETS, "dosageInstruction": [{"text": "１日２回"}]}, None),
        ({"quantity": TABLETS, "dosageInstruction": [TWICE, TWICE]}, None),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 1, "code": "mo"}}}, 30),
        ({"daysSupply": {"value": 2, "unit": "月"}}, 60),
        ({"daysSupply": {"value": 7}}, 7),
        ({"daysSupply": {"value": 7, "unit": "箱"}}, None),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 4000, "code": "d"}}}, None),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": -3, "code": "d"}}}, None),
        ({"daysSupply": {"value": Decimal("0.5"), "code": "d"}}, None),
        ({"daysSupply": {"value": True, "code": "d"}}, None),
        ({}, None),
    ],
)
def test_for_how_many_days_it_was_given(said: dict[str, Any], days: int | None) -> None:
    (supply,) = supplies(given(days=None, **said))
    assert supply.days == days
    assert supply.end == supply.start + timedelta(days=(days or 1) - 1)


def test_the_last_day_is_the_last_it_reaches() -> None:
    (supply,) = supplies(given(start=date(2026, 5, 1), days=7))
    assert supply.end == date(2026, 5, 7)


@pytest.mark.parametrize(
    ("dosage", "is_as_needed"),
    [
        ({"text": "頭が痛いとき　頓服"}, True),
        ({"text": "疼痛時"}, True),
        ({"asNeededBoolean": True}, True),
        ({"text": "１日１回 朝食後"}, False),
    ],
)
def test_what_is_taken_when_needed_lasts_no_days(
    dosage: dict[str, Any], is_as_needed: bool
) -> None:
    (supply,) = supplies(given(dosageInstruction=[dosage]))
    assert (supply.is_as_needed, supply.days) == (is_as_needed, None if is_as_needed else 28)


def test_a_day_named_for_the_start_goes_before_the_day_of_writing() -> None:
    extension = [
        {"url": "x/JP_MedicationDosage_PeriodOfUse", "valuePeriod": {"start": "2026-05-10"}}
    ]
    (supply,) = supplies(given(dosageInstruction=[{"extension": extension}]))
    assert supply.start == date(2026, 5, 10)


def test_one_line_for_each_drug_whatever_its_brand() -> None:
    lines = drugs(given(), given(AMLODIPINE_BRAND, at=HOSPITAL), given(NIFEDIPINE))
    assert {line.key: len(line.supplies) for line in lines} == {"2171022F2": 2, "2171014G4": 1}


@pytest.mark.parametrize(("gap", "periods"), [(0, 1), (7, 1), (8, 2)])
def test_short_gaps_are_bridged_and_longer_ones_are_a_pause(gap: int, periods: int) -> None:
    start = date(2026, 3, 1)
    (line,) = drugs(
        given(start=start, days=28), given(start=start + timedelta(days=28 + gap), days=28)
    )
    assert len(line.periods) == periods


@pytest.mark.parametrize(("ago", "is_current"), [(0, True), (27, True), (34, True), (35, False)])
def test_a_drug_is_of_now_until_its_days_and_what_is_left_are_over(
    ago: int, is_current: bool
) -> None:
    (line,) = drugs(given(start=TODAY - timedelta(days=ago), days=28))
    assert line.is_current(TODAY) is is_current


@pytest.mark.parametrize(("ago", "is_current"), [(0, True), (100, True), (101, False), (-1, False)])
def test_a_drug_without_days_is_of_now_for_100_days(ago: int, is_current: bool) -> None:
    (line,) = drugs(given(start=TODAY - timedelta(days=ago), days=None))
    assert line.is_current(TODAY) is is_current


@pytest.mark.parametrize("status", ["stopped", "on-hold", "revoked"])
def test_what_was_stopped_is_not_of_now_and_says_so_unless_another_still_gives_it(
    status: str,
) -> None:
    stopped = given(status=status)
    (line,) = drugs(stopped)
    assert not line.is_current(TODAY)
    assert line.halted(TODAY) == line.newest
    (line,) = drugs(stopped, given(AMLODIPINE_BRAND, at=HOSPITAL, start=date(2026, 5, 10)))
    assert line.is_current(TODAY)
    assert line.halted(TODAY).source.facility_id == CLINIC  # type: ignore[union-attr]
    (line,) = drugs(
        given(status=status, start=date(2026, 1, 1)), given(start=date(2026, 5, 10), at=HOSPITAL)
    )
    assert line.halted(TODAY) is None


def test_a_period_of_years_reaches_its_last_day() -> None:
    period = {"effectivePeriod": {"start": "2020-01-01", "end": "2026-06-30"}}
    (line,) = drugs(given(days=None, **period))
    assert (line.end, line.is_current(TODAY)) == (date(2026, 6, 30), True)


def test_the_same_drug_from_two_clinics_at_once_is_marked() -> None:
    (found,) = overlaps(
        given(start=date(2026, 5, 1), days=28),
        given(AMLODIPINE_BRAND, at=HOSPITAL, start=date(2026, 5, 15), days=28),
    )
    assert (found.kind, found.start, found.end) == ("same", date(2026, 5, 15), date(2026, 5, 28))


def test_a_drug_of_the_same_class_is_marked_more_softly() -> None:
    (found,) = overlaps(given(), given(NIFEDIPINE, at=HOSPITAL))
    assert found.kind == "class"


@pytest.mark.parametrize(
    "other",
    [
        given(ASPIRIN, at=HOSPITAL),
        given(AMLODIPINE_BRAND, at=CLINIC, start=date(2026, 5, 2)),
        given(NIFEDIPINE, at=CLINIC),
        given(AMLODIPINE_BRAND, at=HOSPITAL, start=date(2026, 5, 29)),
        given(AMLODIPINE_BRAND, at=HOSPITAL, days=None),
        given(AMLODIPINE_BRAND, at=HOSPITAL, dosageInstruction=[{"text": "頓服"}]),
        given(AMLODIPINE_BRAND, at=HOSPITAL, status="cancelled"),
        given(AMLODIPINE_BRAND, at=HOSPITAL, status="stopped"),
        given(AMLODIPINE_BRAND, at=PHARMACY, start=date(2026, 5, 3), category="dispensing"),
    ],
    ids=[
        "another_class",
        "one_clinic_renews",
        "one_clinic_combines",
        "after_the_other_ended",
        "no_days_told",
        "only_when_needed",
        "cancelled",
        "stopped",
        "a_pharmacy_fills_it",
    ],
)
def test_these_are_no_overlap(other: Source) -> None:
    assert overlaps(given(), other) == []


def test_a_dispensing_without_its_prescription_counts_by_itself() -> None:
    late = given(AMLODIPINE_BRAND, at=PHARMACY, start=date(2026, 5, 10), category="dispensing")
    assert [each.kind for each in overlaps(given(), late)] == ["same"]


@pytest.mark.parametrize(("after", "marks"), [(0, 0), (3, 0), (4, 1)])
def test_a_prescription_is_filled_on_its_day_or_the_three_after_it(after: int, marks: int) -> None:
    day = date(2026, 5, 1) + timedelta(days=after)
    filled = given(AMLODIPINE_BRAND, at=PHARMACY, start=day, category="dispensing")
    assert len(overlaps(given(), filled)) == marks


def test_years_between_two_overlaps_are_not_said_to_be_one() -> None:
    days = (date(2024, 1, 1), date(2026, 5, 1))
    found = overlaps(
        *(given(start=on, days=28) for on in days),
        *(given(AMLODIPINE_BRAND, at=HOSPITAL, start=on, days=28) for on in days),
    )
    assert [(each.start, each.end) for each in found] == [
        (on, on + timedelta(days=27)) for on in reversed(days)
    ]


def test_two_sources_are_one_mark_however_often_they_met() -> None:
    months = [date(2026, month, 1) for month in (3, 4, 5)]
    found = overlaps(
        *(given(start=on, days=28) for on in months),
        *(given(AMLODIPINE_BRAND, at=HOSPITAL, start=on, days=28) for on in months),
    )
    assert [(each.start, each.end) for each in found] == [(date(2026, 3, 1), date(2026, 5, 28))]


def test_without_a_code_the_name_tells() -> None:
    nameless = ("NOCODED", "urn:x", "アムロジピン錠５ｍｇ")
    other = ("NOCODED", "urn:x", "アムロジピン錠5mg ")
    (found,) = overlaps(given(nameless), given(other, at=HOSPITAL))
    assert found.kind == "name"


HOT9 = "urn:oid:1.2.392.200119.4.403.1"


@pytest.mark.parametrize(
    ("name", "is_same"),
    [
        ("アムロジピン錠５ｍｇ", True),
        ("アムロジピン錠5mg「サワイ」", True),
        ("【般】アムロジピン錠５ｍｇ", True),
        ("アムロジピン錠（5mg）", True),
        ("アムロジピン錠２．５ｍｇ", False),
        ("アムロジピンＯＤ錠５ｍｇ", False),
    ],
)
def test_codes_of_two_systems_are_compared_by_name(name: str, is_same: bool) -> None:
    hot = given(("103835401", HOT9, name), at=HOSPITAL)
    for coded in (AMLODIPINE, AMLODIPINE_BRAND):
        assert len(drugs(given(coded), hot)) == (1 if is_same else 2)
        found = overlaps(given(coded), hot)
        assert [each.kind for each in found] == (["name"] if is_same else [])


@pytest.mark.parametrize("value", [True, {"a": 1}, [1], "x", None, 3])
def test_strange_bodies_break_nothing(value: Any) -> None:
    for name in ("dosageInstruction", "dispenseRequest", "daysSupply", "authoredOn", "quantity"):
        sources = [given(**{name: value}), given(at=HOSPITAL, **{name: value})]
        medication.drugs_of(supplies(*sources))
        overlaps(*sources)
