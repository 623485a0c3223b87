"""Measurements over time: dots and a line, a band for the reference range."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from markupsafe import Markup

from web_portal.charts import scale
from web_portal.charts.marks import shape
from web_portal.charts.scale import Axis, Days

WIDTH: Final = 320
HEIGHT: Final = 150
LEFT: Final = 46
RIGHT: Final = 14
TOP: Final = 14
BOTTOM: Final = 24


class Dot(NamedTuple):
    """`beyond`: "<" or ">" where the true value lies beyond this one; `label` is what was sent."""

    on: date
    value: Decimal
    label: str
    source: int = 0
    beyond: str = ""


class Band(NamedTuple):
    low: Decimal | None
    high: Decimal | None


class Trend(NamedTuple):
    """Dots in the order of their days, at least one. `first` to `last` is what the picture spans,
    so that several can be held side by side."""

    name: str
    title: str
    says: str
    dots: Sequence[Dot]
    band: Band | None
    first: date
    last: date


def trend(chart: Trend) -> Markup:
    """An inline SVG with its name and description."""
    days = Days(*scale.padded(chart.first, chart.last), LEFT, WIDTH - RIGHT)
    edges = [each for each in chart.band or () if each is not None]
    values = scale.axis([*(dot.value for dot in chart.dots), *edges], HEIGHT - BOTTOM, TOP)
    parts = [
        *_band(chart.band, values),
        *_value_axis(values),
        *_day_axis(days),
        *_lines(chart.dots, days, values),
        *(_dot(dot, days, values) for dot in chart.dots),
    ]
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{name}-t" aria-describedby="{name}-d"'
        ' viewBox="0 0 {width} {height}"><title id="{name}-t">{title}</title>'
        '<desc id="{name}-d">{says}</desc>{parts}</svg>'
    ).format(
        name=chart.name,
        width=WIDTH,
        height=HEIGHT,
        title=chart.title,
        says=chart.says,
        parts=Markup().join(parts),
    )


def _band(band: Band | None, values: Axis) -> Iterator[Markup]:
    """Open where the range has one edge alone."""
    if band is None or (band.low is None and band.high is None):
        return
    top = TOP if band.high is None else values.at(band.high)
    bottom = HEIGHT - BOTTOM if band.low is None else values.at(band.low)
    yield Markup('<rect class="band" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
        LEFT, top, WIDTH - RIGHT - LEFT, max(bottom - top, 0)
    )
    for edge in band:
        if edge is not None:
            at = values.at(edge)
            yield Markup('<path class="edge" d="M{} {:.1f}H{}"/>').format(LEFT, at, WIDTH - RIGHT)


def _value_axis(values: Axis) -> Iterator[Markup]:
    for tick in values.ticks:
        at = values.at(tick)
        yield Markup('<path class="grid" d="M{} {:.1f}H{}"/>').format(LEFT, at, WIDTH - RIGHT)
        yield Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT - 5, at + 4, scale.written(tick)
        )


def _day_axis(days: Days) -> Iterator[Markup]:
    yield Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT)
    for month in scale.months(days.first, days.last):
        at = days.at(month)
        yield Markup('<path class="axis" d="M{:.1f} {}v4"/>').format(at, HEIGHT - BOTTOM)
        anchor = "end" if at > WIDTH - RIGHT - 20 else "middle"
        yield Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}/{}</text>').format(
            at, HEIGHT - 6, anchor, month.year, month.month
        )


def _lines(dots: Sequence[Dot], days: Days, values: Axis) -> Iterator[Markup]:
    """Broken over a long silence, and at a value that is only known to lie beyond."""
    breaks = set(scale.unbroken([dot.on for dot in dots]))
    run: list[Dot] = []
    for place, dot in enumerate(dots):
        if place in breaks or dot.beyond:
            yield from _line(run, days, values)
            run = []
        if not dot.beyond:
            run.append(dot)
    yield from _line(run, days, values)


def _line(run: Sequence[Dot], days: Days, values: Axis) -> Iterator[Markup]:
    if len(run) > 1:
        points = " ".join(f"{days.at(dot.on):.1f},{values.at(dot.value):.1f}" for dot in run)
        yield Markup('<polyline points="{}"/>').format(points)


def _dot(dot: Dot, days: Days, values: Axis) -> Markup:
    x, y = days.at(dot.on), values.at(dot.value)
    if not dot.beyond:
        return Markup('<path class="dot" transform="translate({:.1f} {:.1f})" d="{}"/>').format(
            x, y, shape(dot.source)
        )
    is_below = dot.beyond == "<"
    arrow = "M0 5v9m-3 -4l3 4l3 -4" if is_below else "M0 -5v-9m-3 4l3 -4l3 4"
    return Markup(
        '<g transform="translate({:.1f} {:.1f})"><path class="open" d="{}"/>'
        '<path class="arrow" d="{}"/><text y="{}" text-anchor="{}">{}</text></g>'
    ).format(
        x,
        y,
        shape(dot.source),
        arrow,
        -8 if is_below else 16,
        "end" if x > WIDTH - RIGHT - 24 else "middle",
        dot.label,
    )
