"""Stored records read into values that can be set side by side, and what cannot be."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from msgspec import Raw

from api.fhir.codes import JLAC10
from api.phr.checkup.items import ITEMS
from api.records.checkup_xml.resources import IDENTIFIER
from api.records.checkups.judging import Person, judged, points
from api.records.checkups.reading import Line, Value, checkups_of, newest_first, typed_values

CENTRE, SELF = UUID(int=7), UUID(int=8)
ON = date(2025, 6, 10)
WAIST, HBA1C, GLUCOSE = "9N016160100000001", "3D046000001906202", "3D010000001926101"
HER = Person(date(1976, 1, 15), "female")


def observation(code: str, **value: object) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": JLAC10, "code": code}]},
        **value,
    }


def amount(value: str, unit: str, **more: object) -> dict[str, object]:
    """Numbers keep their digits, as stored records are read."""
    return {"valueQuantity": {"value": Raw(value.encode()), "unit": unit, **more}}


def line(body: dict[str, object], *, on: date = ON, facility: UUID = CENTRE) -> Line:
    return Line(uuid4(), str(body["resourceType"]), facility, facility == SELF, on, "x", "", body)


def value_of(*bodies: dict[str, object]) -> dict[str, Value]:
    (checkup,) = checkups_of(line(body) for body in bodies)
    return dict(checkup.values)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            observation(WAIST, **amount("88.0", "cm")),
            Value("88.0", "cm", Decimal("88.0")),
            id="plain",
        ),
        pytest.param(
            observation(HBA1C, **amount("4.0", "%", comparator="<")),
            Value("<4.0", "%", None),
            id="beyond a limit: shown, not compared",
        ),
        pytest.param(
            observation(GLUCOSE, **amount("5.4", "mmol/L")),
            Value("5.4", "mmol/L", None, is_odd=True),
            id="another unit",
        ),
        pytest.param(
            observation(GLUCOSE, **amount("9800", "mg/dL")),
            Value("9800", "mg/dL", None, is_odd=True),
            id="a hundredfold",
        ),
        pytest.param(
            observation("3B035000002327201", **amount("22", "IU/l")),
            Value("22", "U/L", Decimal(22)),
            id="international units are the same amount",
        ),
        pytest.param(observation(HBA1C, valueString="測定不能"), Value("測定不能"), id="in words"),
        pytest.param(
            observation(
                "1A010000000190111",
                valueCodeableConcept={"coding": [{"system": "urn:oid:x", "code": "4"}]},
            ),
            Value("＋＋", code="4"),
            id="an answer",
        ),
    ],
)
def test_a_value_is_read_as_it_was_sent(body: dict[str, object], expected: Value) -> None:
    (found,) = value_of(body).values()
    assert found == expected


@pytest.mark.parametrize(
    "body",
    [
        observation("3C015161602399911", **amount("1", "mg/dL")),
        observation("3D045000001906202", **amount("5.4", "%")),
        {**observation(WAIST, **amount("88", "cm")), "status": "entered-in-error"},
        {**observation(WAIST), "dataAbsentReason": {"text": "実施していません"}},
    ],
    ids=["whom it was for", "HbA1c by JDS", "an error", "not done"],
)
def test_what_is_no_value_of_an_item_makes_no_checkup(body: dict[str, object]) -> None:
    assert checkups_of([line(body)]) == []


def test_a_report_as_a_document_is_read_through() -> None:
    document = {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [
            {"resource": {"resourceType": "Composition"}},
            {"resource": observation(WAIST, **amount("88", "cm"))},
            {"resource": observation(HBA1C, **amount("5.4", "%"))},
        ],
    }
    assert set(value_of(document)) == {"waist", "hba1c"}


def test_parts_of_one_record_are_values_too() -> None:
    whole = {
        **observation("x"),
        "component": [
            observation("9A751000000000001", **amount("126", "mmHg")),
            observation("9A761000000000001", **amount("78", "mmHg")),
        ],
    }
    assert set(value_of(whole)) == {"systolic_1", "diastolic_1"}


def test_days_and_facilities_are_kept_apart_and_the_newest_is_first() -> None:
    bodies = observation(WAIST, **amount("88", "cm"))
    lines = [
        line(bodies),
        line(bodies, on=date(2024, 6, 10)),
        line(bodies, facility=UUID(int=9)),
    ]
    found = newest_first(checkups_of(lines))
    assert [each.on.year for each in found] == [2025, 2025, 2024]
    assert {each.facility_id for each in found} == {CENTRE, UUID(int=9)}


def test_the_files_of_one_day_from_two_places_are_two_checkups() -> None:
    body = observation(WAIST, **amount("88", "cm"))
    lines = [
        Line(uuid4(), "Observation", SELF, True, ON, IDENTIFIER, f"{place}:{WAIST}:1", body)
        for place in ("1234567890:2025-06-10:010", "1234567891:2025-06-10:010", "f" * 64)
    ]
    assert len(checkups_of(lines)) == 3


def test_typed_answers_and_numbers_are_values_like_any() -> None:
    values = {"on": "2025-06-10", "place": "x", "waist": "88", "smoking": "1", "urine_protein": "2"}
    assert typed_values(values) == {
        "waist": Value("88", "cm", Decimal(88)),
        "smoking": Value("はい", code="1"),
        "urine_protein": Value("±", code="2"),
    }


def test_kidneys_are_worked_out_and_what_the_file_says_is_shown_beside() -> None:
    creatinine = observation("3C015000002327101", **amount("0.70", "mg/dL"))
    (without,) = checkups_of([line(creatinine)])
    found = judged(without, HER)
    rate = found.row("egfr")
    assert rate is not None
    assert (rate.value.text, rate.is_worked_out, found.stage) == ("69.3", True, "G2")
    said = observation("8A065000002391901", **amount("58.0", "mL/min/1.73m2"))
    (told,) = checkups_of([line(creatinine), line(said)])
    found = judged(told, HER)
    rate = found.row("egfr")
    assert rate is not None
    assert (rate.value.text, rate.is_worked_out, rate.position) == ("58.0", False, "guidance")
    assert (str(found.egfr_worked_out), found.stage) == ("69.3", "G3a")
    unknown = judged(without, Person(HER.birth_on, None))
    assert unknown.row("egfr") is None


def test_an_earlier_edition_is_said_to_be_one() -> None:
    body = observation(WAIST, **amount("88", "cm"))
    last_of_third, first_of_fourth = date(2024, 3, 31), date(2024, 4, 1)
    found = [
        judged(each, HER)
        for each in newest_first(
            checkups_of([line(body, on=first_of_fourth), line(body, on=last_of_third)])
        )
    ]
    assert [each.is_earlier for each in found] == [False, True]


def test_a_trend_is_drawn_of_what_can_be_compared_the_oldest_first() -> None:
    lines = [
        line(observation(HBA1C, **amount(value, unit)), on=date(year, 6, 10))
        for year, value, unit in (
            (2023, "5.4", "%"),
            (2024, "36", "mmol/mol"),
            (2025, "5.7", "%"),
        )
    ]
    found = points(checkups_of(lines), "hba1c", HER)
    assert [(each.text, each.position) for each in found] == [
        ("5.4", "before"),
        ("5.7", "guidance"),
    ]


def test_every_item_has_a_row_or_is_a_reading_of_blood_pressure() -> None:
    full = {each.code: each for each in ITEMS}
    bodies = [
        observation(code, valueString="x") if hasattr(item, "unit")
        else observation(code, valueCodeableConcept={"coding": [{"code": "1"}]})
        for code, item in full.items()
    ]  # fmt: skip
    (checkup,) = checkups_of(line(body) for body in bodies)
    assert set(checkup.values) == {each.name for each in ITEMS}
    rows = {row.name for row in judged(checkup, HER).rows}
    readings = {each.name for each in ITEMS if each.part == "pressure"}
    assert rows == {each.name for each in ITEMS} - readings | {"systolic", "diastolic"}
