"""Every published threshold exactly, and the values on both sides of it."""

from datetime import date
from decimal import Decimal

import pytest

from api.phr.checkup import thresholds
from api.phr.checkup.kidney import egfr, stage
from api.phr.checkup.thresholds import JUDGED, limits_of, position_of

# 標準的な健診・保健指導プログラム（令和6年度版）: item, sex, last value before, guidance, referral.
PUBLISHED = [
    ("bmi", None, "24.9", "25.0", None),
    ("visceral_fat", None, "99.9", "100", None),
    ("waist", "male", "84.9", "85.0", None),
    ("waist", "female", "89.9", "90.0", None),
    ("systolic", None, "129", "130", "140"),
    ("diastolic", None, "84", "85", "90"),
    ("tg_fasting", None, "149", "150", "300"),
    ("tg_casual", None, "174", "175", "300"),
    ("hdl", None, "40", "39", None),
    ("ldl", None, "119", "120", "140"),
    ("non_hdl", None, "149", "150", "170"),
    ("ast", None, "30", "31", "51"),
    ("alt", None, "30", "31", "51"),
    ("ggt", None, "50", "51", "101"),
    ("glucose_fasting", None, "99", "100", "126"),
    ("glucose_casual", None, "99", "100", "126"),
    ("hba1c", None, "5.5", "5.6", "6.5"),
    ("egfr", None, "60.0", "59.9", "44.9"),
    ("hemoglobin", "male", "13.1", "13.0", "12.0"),
    ("hemoglobin", "female", "12.1", "12.0", "11.0"),
]


@pytest.mark.parametrize(("item", "sex", "before", "guidance", "referral"), PUBLISHED)
def test_a_value_lies_where_the_published_thresholds_put_it(
    item, sex, before, guidance, referral
) -> None:
    assert position_of(item, Decimal(before), sex) == "before"
    assert position_of(item, Decimal(guidance), sex) == "guidance"
    if referral is None:
        assert limits_of(item, sex).referral is None
        return
    assert position_of(item, Decimal(referral), sex) == "referral"
    towards_guidance = Decimal("0.1") if Decimal(referral) < Decimal(guidance) else Decimal("-0.1")
    assert position_of(item, Decimal(referral) + towards_guidance, sex) == "guidance"


def test_every_judged_item_stands_in_the_table_above() -> None:
    assert {item for item, *_ in PUBLISHED} == JUDGED


@pytest.mark.parametrize("item", ["waist", "hemoglobin", "height", "creatinine"])
def test_without_sex_or_without_a_published_threshold_nothing_is_said(item: str) -> None:
    assert position_of(item, Decimal(500), None) is None


def test_the_edition_and_the_day_it_begins() -> None:
    """第4期, from fiscal year 2024."""
    assert ("4", date(2024, 4, 1)) == (thresholds.EDITION, thresholds.EDITION_FROM)


def test_the_band_of_a_picture_is_where_no_threshold_is_reached() -> None:
    assert limits_of("systolic", None).before == (None, 130)
    assert limits_of("hdl", None).before == (40, None)
    assert limits_of("hemoglobin", "female").before == (12, None)


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [
        # 194 × Cr^-1.094 × age^-0.287 (× 0.739), worked by hand with logarithms
        ("1.00", 50, "male", "63.1"),
        ("0.80", 60, "male", "76.5"),
        ("0.70", 50, "female", "68.9"),
        ("2.00", 70, "female", "19.8"),
        ("1.00", 17, "male", None),
        ("1.00", 18, "male", "84.6"),
        ("0", 50, "male", None),
    ],
)
def test_the_filtration_of_the_kidneys(creatinine, age, sex, expected) -> None:
    found = egfr(Decimal(creatinine), age, sex)
    assert found == (None if expected is None else Decimal(expected))


# The formula worked out apart with 28 digits: creatinine, then ages 20, 30 … 80 and 85.
AGES = (20, 30, 40, 50, 60, 70, 80, 85)
TABLE = {
    "male": {
        "0.60": "143.6 127.8 117.7 110.4 104.8 100.2 96.5 94.8",
        "0.80": "104.8 93.3 85.9 80.6 76.5 73.2 70.4 69.2",
        "1.00": "82.1 73.1 67.3 63.1 59.9 57.3 55.2 54.2",
        "1.50": "52.7 46.9 43.2 40.5 38.4 36.8 35.4 34.8",
        "2.00": "38.5 34.2 31.5 29.6 28.1 26.8 25.8 25.4",
        "3.00": "24.7 22.0 20.2 19.0 18.0 17.2 16.6 16.3",
        "5.00": "14.1 12.6 11.6 10.9 10.3 9.9 9.5 9.3",
    },
    "female": {
        "0.60": "106.1 94.5 87.0 81.6 77.4 74.1 71.3 70.0",
        "0.80": "77.5 68.9 63.5 59.5 56.5 54.1 52.0 51.1",
        "1.00": "60.7 54.0 49.7 46.6 44.3 42.4 40.8 40.1",
        "1.50": "38.9 34.7 31.9 29.9 28.4 27.2 26.2 25.7",
        "2.00": "28.4 25.3 23.3 21.9 20.7 19.8 19.1 18.8",
        "3.00": "18.2 16.2 15.0 14.0 13.3 12.7 12.3 12.0",
        "5.00": "10.4 9.3 8.6 8.0 7.6 7.3 7.0 6.9",
    },
}


@pytest.mark.parametrize("sex", ["male", "female"])
def test_the_filtration_over_every_stage(sex) -> None:
    for creatinine, rates in TABLE[sex].items():
        found = [str(egfr(Decimal(creatinine), age, sex)) for age in AGES]
        assert " ".join(found) == rates, creatinine


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("90", "G1"),
        ("89.9", "G2"),
        ("60", "G2"),
        ("59.9", "G3a"),
        ("45", "G3a"),
        ("44.9", "G3b"),
        ("30", "G3b"),
        ("29.9", "G4"),
        ("15", "G4"),
        ("14.9", "G5"),
    ],
)
def test_the_stages(rate: str, expected: str) -> None:
    assert stage(Decimal(rate)) == expected
