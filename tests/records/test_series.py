"""Results over time: units never mixed, nothing dropped in silence."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from api.fhir.codes import JLAC10, LOINC
from api.records import parse
from api.records.viewing.series import Range, Series, Source, series_of

CLINIC, HOSPITAL = UUID(int=1), UUID(int=2)
HBA1C = "3D046000001906202"


def result(
    value: Any,
    unit: str = "%",
    *,
    at: UUID = CLINIC,
    month: int = 1,
    code: str = HBA1C,
    **more: Any,
) -> Source:
    held = value if isinstance(value, dict) else {"valueQuantity": {"value": value, "unit": unit}}
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": JLAC10, "code": code}], "text": "HbA1c"},
        **held,
        **more,
    }
    read = parse.decode(parse.encode(body).encode())
    return Source(UUID(int=month), at, date(2026, month, 5), None, (), read)


def one(*sources: Source) -> Series:
    (found,) = series_of(sources)
    return found


def test_a_test_is_one_series_from_two_laboratories_oldest_first() -> None:
    found = one(result(Decimal("7.10"), month=3, at=HOSPITAL), result(Decimal("6.8"), month=1))
    assert [each.text for each in found.values] == ["6.8", "7.10"]
    assert [each.number for each in found.values] == [Decimal("6.8"), Decimal("7.10")]
    assert set(found.origins) == {(CLINIC, ""), (HOSPITAL, "")}


def test_another_unit_is_another_series_and_nothing_is_converted() -> None:
    found = series_of([result(7, "%"), result(53, "mmol/mol", month=2)])
    assert {(each.unit, each.values[0].text) for each in found} == {("%", "7"), ("mmol/mol", "53")}


@pytest.mark.parametrize(
    ("one_way", "other"),
    [("mg/dL", "mg/dl"), ("ｍｇ/ｄＬ", "mg / dL"), ("μU/mL", "µU/ml"), ("mmHg", "mm[Hg]")],
)
def test_ways_of_writing_a_unit_are_one_unit(one_way: str, other: str) -> None:
    assert len(series_of([result(1, one_way), result(2, other, month=2)])) == 1


def test_a_weight_is_one_series_by_either_system() -> None:
    by_loinc = {"coding": [{"system": LOINC, "code": "29463-7"}], "text": "体重"}
    found = one(
        result(54, "kg", code="9N006000000000001"),
        result({"valueQuantity": {"value": 55, "unit": "kg"}, "code": by_loinc}, month=2),
    )
    assert [each.text for each in found.values] == ["54", "55"]


def test_a_unit_is_shown_as_people_write_it() -> None:
    assert one(result(128, "mm[Hg]")).unit == "mmHg"
    assert one(result(12, "[IU]/L")).unit == "IU/L"
    assert one(result(5, "[in_i'H2O]")).unit == "[in_i'H2O]"


@pytest.mark.parametrize(
    ("one_way", "other"), [("mg/dL", "Mg/dL"), ("mg/dL", "g/dL"), ("mEq/L", "mmol/L")]
)
def test_other_units_are_never_taken_for_one(one_way: str, other: str) -> None:
    assert len(series_of([result(1, one_way), result(2, other, month=2)])) == 2


@pytest.mark.parametrize(
    ("value", "number", "comparator"),
    [
        ({"valueString": "< 0.5"}, Decimal("0.5"), "<"),
        ({"valueString": "＜０．５"}, Decimal("0.5"), "<"),
        ({"valueString": "≧1000"}, Decimal(1000), ">="),
        ({"valueQuantity": {"value": 5, "unit": "%", "comparator": ">"}}, Decimal(5), ">"),
        ({"valueString": "(+)"}, None, ""),
        ({"valueCodeableConcept": {"text": "溶血"}}, None, ""),
        ({"valueInteger": 3}, Decimal(3), ""),
    ],
)
def test_a_limit_is_a_number_with_its_sign_and_a_word_stays_a_word(
    value: dict[str, Any], number: Decimal | None, comparator: str
) -> None:
    (found,) = one(result(value)).values
    assert (found.number, found.comparator) == (number, comparator)
    assert found.text


def test_words_are_kept_beside_the_numbers() -> None:
    found = series_of(
        [result({"valueString": "1.2"}), result({"valueString": "検体不足"}, month=2)]
    )
    assert [(len(each.numbers), len(each.words)) for each in found] == [(1, 1)]


@pytest.mark.parametrize(
    ("value", "flag"),
    [("6.1", "high"), ("6.0", ""), ("4.8", "low"), ("4.9", "")],
)
def test_a_value_is_held_against_the_range_it_came_with(value: str, flag: str) -> None:
    span = [{"low": {"value": Decimal("4.9")}, "high": {"value": Decimal("6.0")}}]
    assert one(result(Decimal(value), referenceRange=span)).values[0].flag == flag


def test_what_the_sender_said_of_it_goes_before_the_range() -> None:
    said = [{"coding": [{"code": "N"}]}]
    span = [{"high": {"value": 1}}]
    assert one(result(5, referenceRange=span, interpretation=said)).values[0].flag == ""


def test_the_band_is_the_newest_range_and_others_are_owned_up_to() -> None:
    found = one(
        result(5, referenceRange=[{"high": {"value": 6}}]),
        result(5, month=2, referenceRange=[{"low": {"value": 4}, "high": {"value": 7}}]),
        result(5, month=3),
    )
    assert found.range == Range(Decimal(4), Decimal(7))
    assert found.has_several_ranges


def test_another_method_stays_in_the_series_and_is_owned_up_to() -> None:
    other = HBA1C[:12] + "271" + HBA1C[15:]
    assert one(result(5), result(6, month=2, code=other)).has_several_methods


def test_uncoded_tests_go_by_their_name() -> None:
    sources = [result(1, code="9" * 17), result(2, month=2, code="9" * 17)]
    assert len(one(*sources).values) == 2


def test_blood_pressure_is_two_series() -> None:
    parts = [
        {"code": {"text": name}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for name, value in (("収縮期血圧", 135), ("拡張期血圧", 85))
    ]
    found = series_of([result({}, component=parts)])
    assert {each.name: each.values[0].text for each in found} == {
        "収縮期血圧": "135",
        "拡張期血圧": "85",
    }


def test_what_was_entered_in_error_is_no_result() -> None:
    assert series_of([result(5, status="entered-in-error")]) == []


@pytest.mark.parametrize("value", [True, {"a": 1}, [1], "x" * 9, None])
def test_strange_values_break_nothing(value: Any) -> None:
    for name in ("valueQuantity", "valueInteger", "valueString", "referenceRange", "component"):
        series_of([result({name: value})])
    series_of([result({"valueQuantity": {"value": value}})])
