"""Which values are worth a word: at their bounds, and no word more."""

import pytest

from api.phr.maternal import readings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"systolic": "139", "diastolic": "89"}, []),
        ({"systolic": "140", "diastolic": "80"}, ["pressure_high"]),
        ({"systolic": "120", "diastolic": "90"}, ["pressure_high"]),
        ({"systolic": "159", "diastolic": "109"}, ["pressure_high"]),
        ({"systolic": "160", "diastolic": "80"}, ["pressure_very_high"]),
        ({"systolic": "120", "diastolic": "110"}, ["pressure_very_high"]),
        ({"haemoglobin": "11"}, []),
        ({"haemoglobin": "10.9"}, ["haemoglobin"]),
        ({"glucose_0": "91", "glucose_60": "179", "glucose_120": "152"}, []),
        ({"glucose_0": "92"}, ["glucose"]),
        ({"glucose_60": "180"}, ["glucose"]),
        ({"glucose_120": "153"}, ["glucose"]),
        ({"glucose_0": "95", "glucose_60": "190"}, ["glucose"]),
        ({"urine_protein": "minus", "urine_glucose": "trace"}, []),
        ({"urine_protein": "plus1"}, ["urine_protein"]),
        ({"urine_protein": "plus3", "urine_glucose": "plus2"}, ["urine_protein", "urine_glucose"]),
    ],
)
def test_notes_stand_at_the_advised_bounds(values: dict[str, str], expected: list[str]) -> None:
    assert [each.name for each in readings.notes(values)] == expected


def test_only_a_very_high_pressure_is_worth_a_call_at_once() -> None:
    (very,) = readings.notes({"systolic": "165", "diastolic": "95"})
    (high,) = readings.notes({"systolic": "145", "diastolic": "95"})
    assert (very.is_soon, high.is_soon) == (True, False)
