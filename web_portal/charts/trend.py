"""Measurements over time: dots and a line, a band for the reference range, lines for thresholds."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from markupsafe import Markup

from web_portal.charts import scale, thinning, words
from web_portal.charts.marks import shape
from web_portal.charts.picture import svg
from web_portal.charts.scale import Axis, Days

WIDTH: Final = 320
HEIGHT: Final = 150
TALL: Final = 220  # with thresholds or a second measurement
LEFT: Final = 46  # more where numbers beside the axis are longer
GAP: Final = 5  # between a number and its line
RIGHT: Final = 14
TOP: Final = 14
BOTTOM: Final = 24
BESIDE: Final = 110  # what names beside the newest dots may take, at most
MOST_DOTS: Final = 90
MOST_CORNERS: Final = 200


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


class Level(NamedTuple):
    """A threshold: a line across with its name on it."""

    value: Decimal
    label: str


class Trend(NamedTuple):
    """Dots in the order of their days, at least one. `first` to `last` is what the picture spans,
    so that several can be held side by side. A second measurement of the same unit (the lower
    blood pressure) has a broken line; `names` stand at the ends of the two."""

    name: str
    title: str
    says: str
    dots: Sequence[Dot]
    band: Band | None
    first: date
    last: date
    levels: Sequence[Level] = ()
    second: Sequence[Dot] = ()
    names: tuple[str, str] = ("", "")


def trend(chart: Trend) -> Markup:
    """An inline SVG with its name and description."""
    series = [each for each in (chart.dots, chart.second) if each]
    height = TALL if chart.levels or chart.second else HEIGHT
    has_names = any(chart.names)
    beside = [*chart.names, *(each.label for each in chart.levels if has_names)]
    named = min(max(map(words.width, beside)) + 12, BESIDE)
    edges = [each for each in chart.band or () if each is not None]
    levels = [each.value for each in chart.levels]
    every = [*(dot.value for dots in series for dot in dots), *edges, *levels]
    values = scale.axis([*every, *_below(every)], height - BOTTOM, TOP)
    left = max(LEFT, *(words.width(scale.written(each)) + GAP for each in values.ticks))
    days = Days(*scale.padded(chart.first, chart.last), left, WIDTH - max(named, RIGHT))
    parts = [
        *_band(chart.band, values, left),
        *_value_axis(values, left),
        *_day_axis(days, values.start),
        *(_level(each.value, values, left) for each in chart.levels),
        *_lines(chart.dots, days, values),
        *_lines(chart.second, days, values, "broken"),
        *(() if has_names else _level_names(chart.levels, series, days, values)),
        *(_dot(dot, days, values) for dots in series for dot in _thinned(dots, days, values)),
        *(_ends(chart, days, values) if has_names else ()),
    ]
    return svg(chart, WIDTH, height, parts)


def _band(band: Band | None, values: Axis, left: float) -> Iterator[Markup]:
    """Open where the range has one edge alone."""
    if band is None or (band.low is None and band.high is None):
        return
    top = TOP if band.high is None else values.at(band.high)
    bottom = values.start if band.low is None else values.at(band.low)
    yield Markup('<rect class="band" x="{:g}" y="{:.1f}" width="{:g}" height="{:.1f}"/>').format(
        left, top, WIDTH - RIGHT - left, max(bottom - top, 0)
    )
    for edge in band:
        if edge is not None:
            at = values.at(edge)
            yield Markup('<path class="edge" d="M{:g} {:.1f}H{}"/>').format(left, at, WIDTH - RIGHT)


def _value_axis(values: Axis, left: float) -> Iterator[Markup]:
    for tick in values.ticks:
        at = values.at(tick)
        yield Markup('<path class="grid" d="M{:g} {:.1f}H{}"/>').format(left, at, WIDTH - RIGHT)
        yield Markup('<text x="{:g}" y="{:.1f}" text-anchor="end">{}</text>').format(
            left - GAP, at + 4, scale.written(tick)
        )


def _day_axis(days: Days, base: float) -> Iterator[Markup]:
    yield Markup('<path class="axis" d="M{:g} {:g}H{}"/>').format(days.start, base, WIDTH - RIGHT)
    for on, text in scale.named_days(days.first, days.last):
        at = days.at(on)
        yield Markup('<path class="axis" d="M{:.1f} {:g}v4"/>').format(at, base)
        anchor = "end" if at > WIDTH - RIGHT - 20 else "middle"
        yield Markup('<text x="{:.1f}" y="{:g}" text-anchor="{}">{}</text>').format(
            at, base + 18, anchor, text
        )


def _level(value: Decimal, values: Axis, left: float) -> Markup:
    return Markup('<path class="level" d="M{:g} {:.1f}H{}"/>').format(
        left, values.at(value), WIDTH - RIGHT
    )


def _level_names(
    levels: Sequence[Level], series: Sequence[Sequence[Dot]], days: Days, values: Axis
) -> Iterator[Markup]:
    """On their lines, each at the side where it lies over fewer dots, rather where fewer are at
    all; those close together are moved apart."""
    ordered = sorted(levels, key=lambda each: values.at(each.value))
    feet = [values.at(each.value) - 4 for each in ordered]
    spots = [(days.at(dot.on), values.at(dot.value)) for dots in series for dot in dots]
    right = WIDTH - RIGHT
    room = right - days.start - 4
    is_left = 2 * sum(x > (days.start + WIDTH) / 2 for x, _ in spots) > len(spots)
    for level, foot in zip(ordered, words.apart(feet, words.LINE, values.start - 4), strict=True):
        said = words.cut(level.label, room)
        long = words.width(said)
        over = [
            sum(a - 4 < x < b + 4 and foot - words.LINE < y < foot + 4 for x, y in spots)
            for a, b in ((right - long, right), (days.start + 4, days.start + 4 + long))
        ]
        at_left = over[1] < over[0] or (over[1] == over[0] and is_left)
        place, anchor = (days.start + 4, "start") if at_left else (right, "end")
        yield Markup('<text class="on-line" x="{:g}" y="{:.1f}" text-anchor="{}">{}</text>').format(
            place, foot, anchor, said
        )


def _ends(chart: Trend, days: Days, values: Axis) -> Iterator[Markup]:
    """The two names beside their newest, and the thresholds at the ends of their lines."""
    said = [
        (values.at(dots[-1].value), "newest", name)
        for dots, name in ((chart.dots, chart.names[0]), (chart.second, chart.names[1]))
        if dots and name
    ]
    said += [(values.at(each.value), "on-line", each.label) for each in chart.levels]
    said.sort(key=lambda each: each[0])
    x = days.end + 6
    feet = words.apart([at for at, _, _ in said], TOP, values.start)
    for (_, kind, text), foot in zip(said, feet, strict=True):
        yield Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
            kind, x, foot + words.HALF, words.cut(text, WIDTH - x)
        )


def _below(every: Sequence[Decimal]) -> list[Decimal]:
    """Room between the lowest and the days, where that is no other kind of axis."""
    low, high = min(every), max(every)
    room = low - (high - low) / 20
    return [room] if room > 0 else []


def _thinned(dots: Sequence[Dot], days: Days, values: Axis) -> list[Dot]:
    """Whatever lies beyond a limit is drawn in any case."""
    placed = [
        (days.at(each.on), values.at(each.value), (each.source, each.beyond)) for each in dots
    ]
    return [dots[place] for place in thinning.marks(placed, MOST_DOTS)]


def _lines(dots: Sequence[Dot], days: Days, values: Axis, kind: str = "") -> Iterator[Markup]:
    """Broken over a long silence, and at a value that is only known to lie beyond."""
    breaks = set(scale.unbroken([dot.on for dot in dots]))
    run: list[Dot] = []
    for place, dot in enumerate(dots):
        if place in breaks or dot.beyond:
            yield from _line(run, days, values, kind)
            run = []
        if not dot.beyond:
            run.append(dot)
    yield from _line(run, days, values, kind)


def _line(run: Sequence[Dot], days: Days, values: Axis, kind: str) -> Iterator[Markup]:
    if len(run) > 1:
        every = [(days.at(dot.on), values.at(dot.value)) for dot in run]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in thinning.line(every, MOST_CORNERS))
        named = Markup(' class="{}"').format(kind) if kind else ""
        yield Markup('<polyline{} points="{}"/>').format(named, points)


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
