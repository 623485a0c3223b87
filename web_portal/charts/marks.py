"""Marks told apart by their shape: one for each source, in print and without colour too."""

from typing import Final

from markupsafe import Markup

# Each around (0, 0), some nine units wide.
MARKS: Final = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # a disc
    "M-4 -4h8v8h-8z",  # a square
    "M0 -5l5 9h-10z",  # a triangle
    "M0 -5.5l5 5.5l-5 5.5l-5 -5.5z",  # a diamond
    "M-5 -2h3v-3h4v3h3v4h-3v3h-4v-3h-3z",  # a plus
    "M0 5l5 -9h-10z",  # a triangle on its head
)


def shape(source: int) -> str:
    """The seventh source has the mark of the first again: the table beneath names each."""
    return MARKS[source % len(MARKS)]


def legend_mark(source: int) -> Markup:
    """A source's shape by itself, for the list beside the picture."""
    return Markup(
        '<svg class="mark-shape" viewBox="-7 -7 14 14" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>'
    ).format(shape(source))
