"""Periods on a time axis: one bar for each, told apart by how it is drawn."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from markupsafe import Markup

from web_portal.charts import scale
from web_portal.charts.marks import shape
from web_portal.charts.picture import svg
from web_portal.charts.scale import Days

WIDTH: Final = 320
EDGE: Final = 8
ROW: Final = 16
FOOT: Final = 20

Look = Literal["full", "outlined", "point"]


class Bar(NamedTuple):
    """`row` counts from the top; `is_open` where its end is not known; `source` names whose mark
    stands before it, if there is more than one."""

    start: date
    end: date
    row: int
    look: Look
    is_open: bool = False
    source: int | None = None


class Spans(NamedTuple):
    name: str
    title: str
    says: str
    bars: Sequence[Bar]
    first: date
    last: date
    today: date


def spans(chart: Spans) -> Markup:
    """An inline SVG with its name and description."""
    rows = max((bar.row for bar in chart.bars), default=0) + 1
    height = rows * ROW + FOOT + 4
    days = Days(*scale.padded(chart.first, chart.last), EDGE, WIDTH - EDGE)
    base = height - FOOT
    parts = [*_axis(days, base, height), *_today(days, chart.today, base)]
    shown = (bar for bar in chart.bars if bar.end >= days.first and bar.start <= days.last)
    parts += [_bar(bar, days) for bar in shown]
    return svg(chart, WIDTH, height, parts)


def _axis(days: Days, base: int, height: int) -> Iterator[Markup]:
    yield Markup('<path class="axis" d="M{} {}H{}"/>').format(EDGE, base, WIDTH - EDGE)
    for month in scale.months(days.first, days.last, most=5):
        at = days.at(month)
        anchor = "start" if at < 24 else "end" if at > WIDTH - 24 else "middle"
        yield Markup(
            '<path class="grid" d="M{0:.1f} 2V{1}"/>'
            '<text x="{0:.1f}" y="{2}" text-anchor="{3}">{4}/{5}</text>'
        ).format(at, base, height - 4, anchor, month.year, month.month)


def _today(days: Days, today: date, base: int) -> Iterator[Markup]:
    if days.first <= today <= days.last:
        yield Markup('<path class="today" d="M{:.1f} 2V{}"/>').format(days.at(today), base)


def _bar(bar: Bar, days: Days) -> Markup:
    x, end = days.at(bar.start), days.at(bar.end)
    y = bar.row * ROW + 4
    mark = Markup()
    if bar.source is not None:
        mark = Markup(
            '<path class="dot" transform="translate({:.1f} {}) scale(.8)" d="{}"/>'
        ).format(max(x - 6, 4), y + 6.5, shape(bar.source))
    if bar.look == "point":
        point = Markup('<path class="dot" transform="translate({:.1f} {})" d="{}"/>')
        return mark + point.format(x if bar.source is None else x + 5, y + 6, shape(3))
    tail = Markup('<path class="arrow" d="M{:.1f} {}h6m-3 -3l3 3l-3 3"/>').format(end, y + 6)
    return mark + Markup(
        '<rect class="bar bar-{}" x="{:.1f}" y="{}" width="{:.1f}" height="11" rx="2"/>{}'
    ).format(bar.look, x, y + 1, max(end - x, 3), tail if bar.is_open else "")
