"""Words in a picture: how wide they are about, and how those at the ends of lines keep apart."""

import unicodedata
from collections.abc import Sequence
from typing import Final

# For the larger of the two text sizes: 15 units, and the widest figures of the fonts we name.
WIDE: Final = 15.0
NARROW: Final = 9.0
LINE: Final = 15.0
# From the middle of a letter to its foot.
HALF: Final = 4.0


def width(text: str) -> float:
    return sum(WIDE if unicodedata.east_asian_width(each) in "WFA" else NARROW for each in text)


def cut(text: str, room: float) -> str:
    """What does not fit ends in three dots."""
    if width(text) <= room:
        return text
    kept = ""
    for each in text:
        if width(kept + each) + WIDE > room:
            break
        kept += each
    return kept + "…"


def apart(places: Sequence[float], first: float, last: float, gap: float = LINE) -> list[float]:
    """Each as near to where it belongs as the others allow, in the order given (ascending)."""
    if not places:
        return []
    gap = min(gap, (last - first) / max(len(places) - 1, 1))
    found: list[float] = []
    for place in places:
        lowest = found[-1] + gap if found else first
        found.append(max(min(max(place, first), last), lowest))
    ceiling = last
    for at in range(len(found) - 1, -1, -1):
        found[at] = min(found[at], ceiling)
        ceiling = found[at] - gap
    return found
