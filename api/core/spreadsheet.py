"""Texts as cells of a table that a spreadsheet opens and never runs."""

from typing import Final

# What makes a spreadsheet take a cell for a formula, also as a Japanese keyboard types it.
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")


def harmless(cell: str) -> str:
    """A text that would begin a formula begins with an apostrophe."""
    return f"'{cell}" if cell.lstrip(" 　").startswith(_BEGINS_A_FORMULA) else cell
