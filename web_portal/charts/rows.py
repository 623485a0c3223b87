"""Numbers as bars that lie under each other; the number stands beside each."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from web_portal.charts.picture import svg

WIDTH: Final = 320
ROW: Final = 40
BAR: Final = 12
EDGE: Final = 4
NUMBERS: Final = 48


class RowOf(NamedTuple):
    """`said` stands at the end of the bar; without a `value` there is no bar, and `said` is why."""

    label: str
    value: float | None
    said: str


class Rows(NamedTuple):
    name: str
    title: str
    says: str
    rows: Sequence[RowOf]


def rows(chart: Rows) -> Markup:
    """An inline SVG with its name and description."""
    most = max((each.value or 0 for each in chart.rows), default=0) or 1
    parts = [_row(each, at, most) for at, each in enumerate(chart.rows)]
    return svg(chart, WIDTH, max(len(chart.rows), 1) * ROW, parts)


def _row(row: RowOf, at: int, most: float) -> Markup:
    top = at * ROW
    label = Markup('<text x="{}" y="{}">{}</text>').format(EDGE, top + 16, row.label)
    if row.value is None:
        said = Markup('<text x="{}" y="{}">{}</text>')
        return label + said.format(EDGE, top + 33, row.said)
    width = max(row.value / most * (WIDTH - NUMBERS - 2 * EDGE), 2)
    return label + Markup(
        '<rect class="bar bar-full" x="{}" y="{}" width="{:.1f}" height="{}" rx="2"/>'
        '<text x="{:.1f}" y="{}">{}</text>'
    ).format(EDGE, top + 22, width, BAR, EDGE + width + 6, top + 33, row.said)
