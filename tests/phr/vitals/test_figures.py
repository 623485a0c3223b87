"""Means, lows and highs, by hand."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.phr.vitals import guidance
from api.phr.vitals.figures import (
    Figures,
    Point,
    by_period,
    figures,
    of_part,
    part_of,
    rounded,
    since,
    until,
)


def point(day: int, time: str, value: int) -> Point:
    return Point(date(2026, 5, day), time, Decimal(value))


WEEK = [
    point(4, "07:00", 130),
    point(4, "07:02", 134),
    point(4, "21:00", 120),
    point(5, "06:50", 140),
    point(5, "", 200),
    point(11, "07:00", 128),
]


def test_the_mean_is_that_of_the_days() -> None:
    """132 on the 4th, 140 on the 5th, 128 on the 11th: each day counts once."""
    morning = of_part(WEEK, "morning")
    assert figures(morning) == Figures(4, 3, Decimal(400) / 3, Decimal(128), Decimal(140))
    assert figures(of_part(WEEK, "evening")) == Figures(
        1, 1, Decimal(120), Decimal(120), Decimal(120)
    )
    assert figures([]) is None


@pytest.mark.parametrize(
    ("time", "part"),
    [
        ("", "day"),
        ("03:59", "day"),
        ("04:00", "morning"),
        ("11:59", "morning"),
        ("12:00", "day"),
        ("16:59", "day"),
        ("17:00", "evening"),
        ("23:59", "evening"),
        ("00:00", "day"),
    ],
)
def test_morning_and_evening_by_the_clock(time: str, part: str) -> None:
    assert part_of(time) == part


def test_weeks_begin_on_monday_and_months_end_where_they_end() -> None:
    weeks = by_period(WEEK, "week")
    assert [(each.since.day, each.until.day, each.figures.times) for each in weeks] == [
        (4, 10, 5),
        (11, 17, 1),
    ]
    (month,) = by_period(WEEK, "month")
    assert (month.since, month.until) == (date(2026, 5, 1), date(2026, 5, 31))
    assert [each.since.day for each in by_period(WEEK, "day")] == [4, 5, 11]
    assert until(date(2028, 2, 1), "month") == date(2028, 2, 29)
    assert since(date(2026, 1, 1), "week") == date(2025, 12, 29)


def test_halves_are_rounded_as_people_do() -> None:
    assert rounded(Decimal("132.5"), 0) == 133
    assert str(rounded(Decimal("62.45"), 1)) == "62.5"
    assert str(rounded(Decimal(62), 1)) == "62.0"


POINTS = st.lists(
    st.builds(
        Point,
        st.dates(date(2025, 1, 1), date(2027, 1, 1)),
        st.just(""),
        st.integers(1, 400).map(Decimal),
    ),
    max_size=60,
)


@given(POINTS)
def test_periods_lose_and_double_nothing(points: list[Point]) -> None:
    for by in ("day", "week", "month"):
        periods = by_period(points, by)
        assert sum(each.figures.times for each in periods) == len(points)
        assert all(each.figures.low <= each.figures.mean <= each.figures.high for each in periods)
        assert all(one.until < other.since for one, other in pairwise(periods))


def test_the_lines_are_those_of_the_edition() -> None:
    """Japan's hypertension guidelines of 2025, figure by figure."""
    assert [(e.name, e.systolic, e.diastolic, e.edition, e.is_home) for e in guidance.LINES] == [
        ("home", 135, 85, "jsh2025", True),
        ("clinic", 140, 90, "jsh2025", False),
        ("aim_home", 125, 75, "jsh2025", True),
        ("aim", 130, 80, "jsh2025", False),
    ]
    assert (guidance.DAYS, guidance.FEWEST_DAYS) == (7, 5)
