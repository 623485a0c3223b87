"""Positions on the national curves: each figure of the survey exactly, and what lies between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phr.child import growth
from tests.phr.child.survey import SURVEY

FIGURES = [
    (measure, sex, number, name, figures)
    for (measure, sex), text in SURVEY.items()
    for number, (name, *figures) in enumerate(map(str.split, text.strip().splitlines()))
]
ages = st.decimals(0, 2374, places=1)


@pytest.mark.parametrize(("measure", "sex", "number", "name", "figures"), FIGURES)
def test_every_value_of_every_band_is_the_surveys(measure, sex, number, name, figures):
    band = growth.bands(measure, sex)[number]
    assert band.name == name
    assert band.values == tuple(Decimal(each) for each in figures)
    assert growth.line(measure, sex, band.middle) == band.values
    for percentile, value in zip(growth.PERCENTILES, band.values, strict=True):
        found = growth.position(measure, sex, band.middle, value)
        assert found == (percentile, "")


def test_nothing_of_the_survey_is_left_out_and_nothing_added():
    assert len(FIGURES) == 130
    held = [len(growth.bands(measure, sex)) for measure in growth.MEASURES for sex in growth.SEXES]
    assert sum(held) == 130


@pytest.mark.parametrize(
    ("name", "low", "high", "middle"),
    [
        ("birth", 0, 0, "0"),
        ("d30", 1, 1, "30"),
        ("m01_02", 1, 2, "45.65625"),
        ("m11_12", 11, 12, "350.03125"),
        ("y1_00_06", 12, 18, "456.5625"),
        ("y6_00_06", 72, 78, "2282.8125"),
    ],
)
def test_a_band_stands_at_its_middle(name, low, high, middle):
    band = next(each for each in growth.bands("weight", "female") if each.name == name)
    assert (band.low, band.high, band.middle) == (low, high, Decimal(middle))


def test_between_two_bands_and_two_percentiles_a_position_is_in_proportion():
    # Half way from the middle of 3-4 months (97-106.5 days) to that of 4-5: 6.06 and 6.64 kg.
    age = Decimal(4) * growth.MONTH
    assert growth.line("weight", "female", age)[3] == (Decimal("6.06") + Decimal("6.64")) / 2
    # 25th 5.91, 50th 6.35: 6.13 lies half way.
    assert growth.line("weight", "female", age)[2] == Decimal("5.915")
    assert growth.position("weight", "female", age, Decimal("6.1325")) == (Decimal("37.5"), "")


@pytest.mark.parametrize(
    ("kilos", "percentile", "beyond"),
    [
        ("2.21", None, "below"),
        ("2.22", 3, ""),
        ("2.825", 38, ""),
        ("3.66", 97, ""),
        ("3.67", None, "above"),
    ],
)
def test_beyond_the_outer_lines_nothing_is_computed(kilos, percentile, beyond):
    found = growth.position("weight", "female", Decimal(0), Decimal(kilos))
    assert (found.rounded, found.beyond) == (percentile, beyond)


@pytest.mark.parametrize(("kilos", "said"), [("2.84", 39), ("2.845", 40), ("3.205", 75)])
def test_a_position_is_said_in_whole_percent(kilos, said):
    """2.7 is the 25th and 2.95 the 50th: a tenth of a percent is one gram."""
    assert growth.position("weight", "female", Decimal(0), Decimal(kilos)).rounded == said


def test_the_lines_of_a_picture_are_the_survey_and_end_where_it_is_asked_to():
    all_of_it = growth.lines("weight", "female")
    assert [values for _, values in all_of_it[:-1]] == [
        each.values for each in growth.bands("weight", "female")
    ]
    assert all_of_it[-1][0] == growth.last_day("weight")
    ages = [age for age, _ in growth.lines("weight", "female", Decimal(30))]
    assert ages == [0, 30], "the end itself once"
    ages = [age for age, _ in growth.lines("weight", "female", Decimal(40))]
    assert ages == [0, 30, 40]
    assert growth.lines("head", "male", Decimal(2000))[-1][0] < growth.last_day("head")


def test_the_last_band_stays_as_it_is_to_its_end_and_then_there_is_nothing():
    end = Decimal(78) * growth.MONTH
    assert growth.last_day("weight") == end
    assert growth.last_day("head") == Decimal(36) * growth.MONTH
    assert growth.line("weight", "male", end) == growth.bands("weight", "male")[-1].values
    assert growth.line("weight", "male", end + 1) is None
    assert growth.position("head", "male", Decimal(36) * growth.MONTH + 1, Decimal(48)) is None
    assert growth.position("weight", "male", Decimal(-1), Decimal(3)) is None


@given(ages, st.sampled_from(growth.MEASURES), st.sampled_from(growth.SEXES))
def test_at_every_age_the_lines_keep_their_order(age, measure, sex):
    values = growth.line(measure, sex, age)
    if values is not None:
        assert list(values) == sorted(set(values))


@given(ages, st.sampled_from(growth.SEXES), st.decimals(2, 25, places=2))
def test_more_weight_never_lies_lower(age, sex, kilos):
    places = {"below": -1, "above": 101}

    def place(value):
        found = growth.position("weight", sex, age, value)
        if found is None:
            return None
        return places[found.beyond] if found.beyond else found.percentile

    if place(kilos) is not None:
        assert place(kilos) <= place(kilos + Decimal("0.1"))
