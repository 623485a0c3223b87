"""Charts as inline SVG, drawn on the server: no script, no colour alone, a sentence for each."""

from web_portal.charts.curves import Curves, Line, Mark, curves
from web_portal.charts.marks import MARKS, legend_mark
from web_portal.charts.rows import RowOf, Rows, rows
from web_portal.charts.spans import Bar, Spans, spans
from web_portal.charts.trend import Band, Dot, Level, Trend, trend

__all__ = (
    "MARKS",
    "Band",
    "Bar",
    "Curves",
    "Dot",
    "Level",
    "Line",
    "Mark",
    "RowOf",
    "Rows",
    "Spans",
    "Trend",
    "curves",
    "legend_mark",
    "rows",
    "spans",
    "trend",
)
