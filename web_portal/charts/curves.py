"""Reference curves (percentiles by age, by week) and where somebody's own measurements lie.

Lines are told apart by the words at their ends, the main one by its weight too; marks by their
shapes. The sentence and the table beside the picture say the same: a picture may leave out a mark
that falls together with another.
"""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from markupsafe import Markup

from web_portal.charts import scale, thinning, words
from web_portal.charts.marks import shape
from web_portal.charts.picture import svg
from web_portal.charts.scale import Axis
from web_portal.charts.thinning import Point

WIDTH: Final = 320
HEIGHT: Final = 300
LEFT: Final = 48
TOP: Final = 28
BOTTOM: Final = 44
NARROWEST: Final = 14
WIDEST: Final = 84  # what words at the ends of lines may take
MOST_MARKS: Final = 90
MOST_CORNERS: Final = 60


class Line(NamedTuple):
    """Points by ascending x; `label` stands at its end."""

    label: str
    points: Sequence[tuple[float, float]]
    is_main: bool = False


class Mark(NamedTuple):
    """`text` is what was measured, with its unit; `source` is the number of its `legend_mark`."""

    x: float
    y: float
    text: str
    source: int = 0


class Curves(NamedTuple):
    """`id` names it on the page; `says` is the picture in a sentence; `y_label` and `x_label` hold
    the units. The picture spans its ticks and lines: a mark before or after them is left out.
    A band is shaded between two lines."""

    name: str
    title: str
    says: str
    x_label: str
    y_label: str
    x_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    marks: Sequence[Mark]
    bands: Sequence[tuple[Line, Line]] = ()


class _Frame(NamedTuple):
    first: float
    last: float
    right: float
    values: Axis

    def at(self, x: float, y: float) -> Point:
        share = (x - self.first) / (self.last - self.first)
        across = LEFT + min(max(share, 0.0), 1.0) * (self.right - LEFT)
        return across, self.values.at(y)


def curves(picture: Curves) -> Markup:
    """An inline SVG with its name and description."""
    lines = [each._replace(points=_finite(each.points)) for each in picture.lines]
    bands = [(_finite(low.points), _finite(high.points)) for low, high in picture.bands]
    frame, shown = _frame(picture, lines, bands)
    parts = [
        *(_band(low, high, frame) for low, high in bands if low and high),
        *_value_axis(frame, picture.y_label),
        *_across(picture, frame),
        *(_line(each, frame) for each in lines if each.points),
        *_ends(lines, frame),
        *_marks(shown, frame),
    ]
    return svg(picture, WIDTH, HEIGHT, parts)


def _finite(points: Sequence[Point]) -> list[Point]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _frame(
    picture: Curves, lines: Sequence[Line], bands: Sequence[tuple[list[Point], list[Point]]]
) -> tuple[_Frame, list[Mark]]:
    marks = [each for each in picture.marks if math.isfinite(each.x) and math.isfinite(each.y)]
    points = [point for line in lines for point in line.points]
    points += [point for low, high in bands for point in (*low, *high)]
    across = [x for x, _ in points] + [x for x, _ in picture.x_ticks if math.isfinite(x)]
    across = across or [each.x for each in marks] or [0.0]
    first, last = min(across), max(across)
    if last - first < 1e-9 * max(abs(first), abs(last), 1.0):
        first, last = first - 1, last + 1
    shown = [each for each in marks if first <= each.x <= last]
    heights = [y for _, y in points] + [each.y for each in shown] or [0.0]
    values = scale.axis(
        [Decimal(repr(float(y))) for y in heights], HEIGHT - BOTTOM, TOP, most=7, may_be_log=False
    )
    longest = max((words.width(line.label) for line in lines if line.points), default=0.0)
    right = WIDTH - max(min(longest + 12, WIDEST), NARROWEST)
    return _Frame(first, last, right, values), shown


def _path(points: Sequence[Point], start: str = "M") -> str:
    return start + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _drawn(points: Sequence[Point], frame: _Frame) -> list[Point]:
    return thinning.line([frame.at(*point) for point in points], MOST_CORNERS)


def _band(low: Sequence[Point], high: Sequence[Point], frame: _Frame) -> Markup:
    there, back = _drawn(low, frame), _drawn(high, frame)[::-1]
    return Markup('<path class="band" d="{}{}z"/>').format(_path(there), _path(back, "L"))


def _line(line: Line, frame: _Frame) -> Markup:
    kind = "curve curve-main" if line.is_main else "curve"
    return Markup('<path class="{}" d="{}"/>').format(kind, _path(_drawn(line.points, frame)))


def _value_axis(frame: _Frame, label: str) -> Iterator[Markup]:
    for tick in frame.values.ticks:
        at = frame.values.at(tick)
        yield Markup('<path class="grid" d="M{} {:.1f}H{:.1f}"/>').format(LEFT, at, frame.right)
        yield Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT - 5, at + words.HALF, words.cut(scale.written(tick), LEFT - 5)
        )
    yield Markup('<text x="{}" y="{}">{}</text>').format(
        2, TOP - 13, words.cut(label, WIDTH - NARROWEST)
    )


def _across(picture: Curves, frame: _Frame) -> Iterator[Markup]:
    base = HEIGHT - BOTTOM
    yield Markup('<path class="axis" d="M{} {}H{:.1f}"/>').format(LEFT, base, frame.right)
    free = 0.0
    for x, text in sorted(picture.x_ticks, key=lambda each: each[0]):
        if not math.isfinite(x):
            continue
        at, _ = frame.at(x, 0.0)
        yield Markup('<path class="axis" d="M{:.1f} {}v4"/>').format(at, base)
        half = words.width(text) / 2
        # One that would lie over the one before it, or outside, is left out.
        if at - half >= free and at + half <= WIDTH:
            free = at + half + 3
            yield Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                at, base + 18, text
            )
    yield Markup('<text x="{:.1f}" y="{}" text-anchor="end">{}</text>').format(
        WIDTH - 2, HEIGHT - 6, words.cut(picture.x_label, WIDTH - NARROWEST)
    )


def _ends(lines: Sequence[Line], frame: _Frame) -> Iterator[Markup]:
    """Words at the ends of lines; where they would lie over each other they are moved, and a stroke
    leads to them."""
    named = [
        (frame.at(*line.points[-1]), line) for line in lines if line.points and line.label.strip()
    ]
    room = int((HEIGHT - BOTTOM - TOP) // words.LINE)
    # More than fit: the main ones stay, then the outermost.
    named.sort(key=lambda each: each[0][1])
    while len(named) > room:
        spare = [place for place, each in enumerate(named) if not each[1].is_main]
        del named[spare[len(spare) // 2] if spare else len(named) // 2]
    heights = words.apart([at[1] for at, _ in named], TOP, HEIGHT - BOTTOM)
    for ((x, y), line), height in zip(named, heights, strict=True):
        if abs(height - y) > 1 or frame.right - x > 1:
            yield Markup('<path class="lead-line" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>').format(
                x, y, frame.right + 6, height
            )
        yield Markup('<text x="{:.1f}" y="{:.1f}"{}>{}</text>').format(
            frame.right + 8,
            height + words.HALF,
            Markup(' class="main"') if line.is_main else "",
            words.cut(line.label, WIDTH - frame.right - 8),
        )


def _marks(shown: Sequence[Mark], frame: _Frame) -> Iterator[Markup]:
    """The newest (rightmost) one says what it is; the others do when pointed at."""
    ordered = sorted(shown, key=lambda each: each.x)
    placed = [(*frame.at(each.x, each.y), each.source) for each in ordered]
    for place in thinning.marks(placed, MOST_MARKS):
        x, y, source = placed[place]
        yield Markup(
            '<path class="dot" transform="translate({:.1f} {:.1f})" d="{}"><title>{}</title></path>'
        ).format(x, y, shape(source), words.cut(ordered[place].text, 240))
    if ordered:
        x, y, _ = placed[-1]
        said = words.cut(ordered[-1].text, frame.right - LEFT)
        half = words.width(said) / 2
        yield Markup(
            '<text class="newest" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
        ).format(
            min(max(x, LEFT + half), frame.right - half),
            y - 9 if y - 9 > TOP + words.LINE else y + 19,
            said,
        )
