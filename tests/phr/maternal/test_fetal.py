"""The formula and the curve of 2003: every listed week as it is printed."""

from decimal import Decimal

import pytest

from api.phr.maternal import fetal
from api.phr.maternal.dates import Gestation
from api.phr.maternal.fetal_table import TABLE

# Week: -2 SD, mean, +2 SD in grams
PRINTED = {
    18: (126, 187, 247),
    20: (210, 313, 416),
    22: (320, 469, 618),
    24: (461, 660, 859),
    26: (639, 892, 1145),
    28: (853, 1163, 1473),
    30: (1098, 1470, 1842),
    32: (1368, 1805, 2242),
    34: (1649, 2156, 2663),
    36: (1927, 2507, 3087),
    38: (2181, 2838, 3495),
    40: (2388, 3125, 3862),
}


def test_every_listed_week_is_as_printed() -> None:
    assert {week: tuple(grams) for week, grams in TABLE.items()} == PRINTED
    for week, grams in PRINTED.items():
        assert fetal.curve(Gestation(week, 0)) == grams


@pytest.mark.parametrize(
    ("at", "grams"),
    [
        (Gestation(19, 0), (168, 250, 332)),
        (Gestation(29, 0), (976, 1317, 1658)),
        (Gestation(30, 1), (1117, 1494, 1871)),
        (Gestation(39, 6), (2373, 3105, 3836)),
    ],
)
def test_between_two_listed_weeks_the_line_is_straight(
    at: Gestation, grams: tuple[int, int, int]
) -> None:
    assert fetal.curve(at) == grams


@pytest.mark.parametrize("at", [Gestation(17, 6), Gestation(40, 1), Gestation(0, 0)])
def test_there_is_no_curve_beyond_the_table(at: Gestation) -> None:
    assert fetal.curve(at) is None
    assert fetal.placed(1500, at) is None


def test_the_weight_follows_the_formula_of_2003() -> None:
    """1.07 × 8.0³ + 0.30 × 26.0² × 5.9 = 547.84 + 1196.52."""
    assert fetal.estimate(Decimal(80), Decimal(260), Decimal(59)) == 1744
    assert fetal.estimate(Decimal("85.3"), Decimal("301.2"), Decimal("65.7")) == 2452


@pytest.mark.parametrize(
    ("grams", "place"),
    [(1097, "below"), (1098, "within"), (1842, "within"), (1843, "above")],
)
def test_both_edges_are_within(grams: int, place: str) -> None:
    placed = fetal.placed(grams, Gestation(30, 0))
    assert placed is not None
    assert (placed.place, placed.curve.mean, placed.grams) == (place, 1470, grams)
