"""Charts: every value has its place, and says so without colour or script."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_portal.charts import MARKS, Band, Bar, Dot, Level, Spans, Trend, scale, spans, trend

DAY = date(2026, 1, 5)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
SVG = "{http://www.w3.org/2000/svg}"


def dots(*values: str, apart: int = 30) -> list[Dot]:
    return [
        Dot(DAY + timedelta(days=apart * place), Decimal(value), value)
        for place, value in enumerate(values)
    ]


def drawn(given_dots: Sequence[Dot], band: Band | None = None, says: str = "") -> str:
    return str(trend(Trend("c", "HbA1c", says, given_dots, band, FIRST, LAST)))


numbers = st.decimals(
    min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=3
)


@given(st.lists(numbers, min_size=1, max_size=20))
def test_an_axis_holds_every_value_and_its_ticks_are_in_order(values: list[Decimal]) -> None:
    axis = scale.axis(values, 126, 14)
    assert axis.low <= min(values)
    assert axis.high >= max(values)
    assert axis.low < axis.high
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert 2 <= len(axis.ticks) <= 8
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places, reverse=True)


def test_round_numbers_stand_beside_the_axis() -> None:
    axis = scale.axis([Decimal("6.6"), Decimal("7.8")], 100, 0)
    assert [scale.written(tick) for tick in axis.ticks] == ["6.5", "7", "7.5", "8"]


def test_values_over_many_sizes_get_a_logarithmic_axis_unless_one_is_zero() -> None:
    assert scale.axis([Decimal("0.03"), Decimal(30)], 100, 0).is_log
    with_zero = scale.axis([Decimal(0), Decimal("0.03"), Decimal(30)], 100, 0)
    assert not with_zero.is_log
    assert with_zero.at(Decimal(0)) == 100


@pytest.mark.parametrize("value", ["0", "7", "-3", "0.001"])
def test_a_single_value_lies_inside_its_picture(value: str) -> None:
    axis = scale.axis([Decimal(value)], 100, 0)
    assert 0 < axis.at(Decimal(value)) < 100 or value == "0"


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 20_000))
def test_months_beside_the_axis_are_few_and_within(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    months = scale.months(first, last)
    assert len(months) <= 4
    assert all(first <= each <= last and each.day == 1 for each in months)
    assert months or length < 366 * 12


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 400))
def test_days_beside_the_axis_are_few_and_tell_weeks_apart(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    named = scale.named_days(first, last)
    assert len(named) <= 6
    assert all(first <= on <= last for on, _ in named)
    if length <= scale.SHORT:
        assert named[-1] == (last, f"{last.month}/{last.day}")
        assert len(named) > 1 or length < 14


def test_two_measurements_and_their_thresholds_are_named_beside_the_picture() -> None:
    upper, lower = dots("135", "140", "136"), dots("85", "80", "84")
    levels = [Level(Decimal(135), "135"), Level(Decimal(85), "85")]
    chart = Trend(
        "c", "t", "s", upper, None, FIRST, LAST, levels=levels, second=lower, names=("上", "下")
    )
    drawn = str(trend(chart))
    found = re.findall(r'<text class="(?:newest|on-line)" x="([\d.]+)" y="([\d.]+)">', drawn)
    assert len(found) == 4
    assert len({x for x, _ in found}) == 1, "right of all dots"
    heights = [float(y) for _, y in found]
    assert all(below - above >= 14 for above, below in pairwise(heights))
    assert ">60</text>" in drawn, "the lowest value does not lie on the line of the days"


def test_a_long_silence_breaks_the_line() -> None:
    close = dots("1", "2", "3")
    late = [Dot(DAY + timedelta(days=500), Decimal(4), "4"), Dot(LAST, Decimal(5), "5")]
    assert drawn(close).count("<polyline") == 1
    assert scale.unbroken([each.on for each in (*close, *late)]) == [3]


def test_what_is_beyond_a_limit_is_drawn_as_such_and_joins_no_line() -> None:
    held = [*dots("0.9", "0.7"), Dot(LAST, Decimal("0.5"), "< 0.5", 0, "<")]
    picture = drawn(held)
    assert "&lt; 0.5</text>" in picture
    assert picture.count('class="open"') == 1
    assert picture.count('class="dot"') == 2
    (line,) = re.findall(r'points="([^"]+)"', picture)
    assert len(line.split()) == 2


def test_sources_are_told_apart_by_shape() -> None:
    assert len(set(MARKS)) == len(MARKS) == 6
    picture = drawn([Dot(DAY, Decimal(1), "1", 0), Dot(LAST, Decimal(2), "2", 1)])
    assert MARKS[0] in picture
    assert MARKS[1] in picture


@pytest.mark.parametrize(
    ("band", "edges"),
    [
        (Band(Decimal(4), Decimal(6)), 2),
        (Band(None, Decimal(6)), 1),
        (Band(Decimal(4), None), 1),
        (Band(None, None), 0),
        (None, 0),
    ],
)
def test_a_range_open_to_one_side_has_one_edge(band: Band | None, edges: int) -> None:
    picture = drawn(dots("5", "7"), band)
    assert picture.count('class="edge"') == edges
    assert picture.count('class="band"') == bool(edges)


def test_a_picture_is_named_and_described_and_shows_a_name_as_text() -> None:
    hostile = Trend("c", "<b>", 'a"<script>', dots("1", "2"), None, FIRST, LAST)
    root = ElementTree.fromstring(
        str(trend(hostile)).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    )
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert (title.text, desc.text) == ("<b>", 'a"<script>')
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (
        title.get("id"),
        desc.get("id"),
    )


def test_nothing_in_a_picture_needs_more_than_a_strict_page_allows() -> None:
    picture = drawn(dots("1", "2", "30"), Band(Decimal(1), Decimal(5)))
    assert not re.search(r"style=|<style|href=|\son\w+=", picture)


def test_bars_lie_on_their_rows_and_what_is_outside_is_left_out() -> None:
    bars = [
        Bar(date(2026, 2, 1), date(2026, 3, 1), 0, "full"),
        Bar(date(2026, 2, 1), date(2026, 4, 1), 1, "outlined", is_open=True),
        Bar(date(2026, 5, 1), date(2026, 5, 1), 2, "point"),
        Bar(date(2020, 1, 1), date(2020, 2, 1), 0, "full"),
    ]
    picture = str(spans(Spans("s", "薬", "", bars, FIRST, LAST, date(2026, 6, 1))))
    marked = [bar._replace(source=bar.row) for bar in bars]
    of_two = str(spans(Spans("s", "薬", "", marked, FIRST, LAST, date(2026, 6, 1))))
    assert all(each in of_two and each not in picture for each in MARKS[:2])
    assert picture.count("<rect") == 2
    assert picture.count('class="dot"') == 1
    assert picture.count('class="arrow"') == 1
    assert picture.count('class="today"') == 1


def test_a_threshold_is_named_where_it_hides_no_measurement() -> None:
    """Thirty years that rise: the upper name to the left, the lower one to the right."""
    years = [Dot(date(1997 + year, 6, 10), Decimal(52 + year // 2) / 10, "") for year in range(30)]
    levels = [Level(Decimal("5.6"), "指導の目安 5.6"), Level(Decimal("6.5"), "受診の目安 6.5")]
    first, last = years[0].on, years[-1].on
    picture = str(trend(Trend("c", "HbA1c", "", years, None, first, last, levels)))
    named = {
        each.text: each.get("text-anchor")
        for each in ElementTree.fromstring(picture).iter("text")
        if each.get("class") == "on-line"
    }
    assert named == {"受診の目安 6.5": "start", "指導の目安 5.6": "end"}
    assert picture.rindex('class="on-line"') < picture.index('class="dot"')


def test_over_many_years_the_years_alone_are_written() -> None:
    named = scale.named_days(date(1997, 6, 10), date(2026, 6, 12))
    assert [text for _, text in named] == ["2000", "2010", "2020"]
    assert scale.named_days(FIRST, LAST)[0][1] == "2026/1"
