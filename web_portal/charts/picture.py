"""The picture around whatever a chart draws."""

from collections.abc import Iterable
from typing import Protocol

from markupsafe import Markup


class Named(Protocol):
    """`name` is unique on its page; `title` and `says` are for whoever does not see the picture."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def says(self) -> str: ...


def svg(chart: Named, width: int, height: int, parts: Iterable[Markup]) -> Markup:
    """An inline SVG with its name and description; `width` and `height` in its own units."""
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{name}-t" aria-describedby="{name}-d"'
        ' viewBox="0 0 {width} {height}"><title id="{name}-t">{title}</title>'
        '<desc id="{name}-d">{says}</desc>{parts}</svg>'
    ).format(
        name=chart.name,
        width=width,
        height=height,
        title=chart.title,
        says=chart.says,
        parts=Markup().join(parts),
    )
