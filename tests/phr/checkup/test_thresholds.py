"""Every published threshold exactly, and the values on both sides of it."""

from decimal import Decimal

import pytest

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
        ("0", 50, "male", None),
    ],
)
def test_the_filtration_of_the_kidneys(creatinine, age, sex, expected) -> None:
    found = egfr(Decimal(creatinine), age, sex)
    assert found == (None if expected is None else Decimal(expected))


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
