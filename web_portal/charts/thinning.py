"""What the eye cannot tell apart in a small picture is drawn once: pages stay light."""

from collections.abc import Hashable, Sequence
from typing import Final

Point = tuple[float, float]

FINEST: Final = 0.15  # of the picture's own units: thinner than any line drawn
CELL: Final = 3.0


def line(points: Sequence[Point], most: int) -> list[Point]:
    """The same line with fewer corners, at most so many; it begins and ends where it did."""
    off = FINEST
    found = _simpler(points, off)
    while len(found) > max(most, 2):
        off *= 2
        found = _simpler(points, off)
    return found


def marks(placed: Sequence[tuple[float, float, Hashable]], most: int) -> list[int]:
    """Which of the marks are drawn: of those of one kind that fall together, the last."""
    cell = CELL
    kept = _cells(placed, cell)
    while len(kept) > max(most, 1) and cell < 10_000:
        cell *= 1.5
        kept = _cells(placed, cell)
    return kept


def _cells(placed: Sequence[tuple[float, float, Hashable]], cell: float) -> list[int]:
    last = {(x // cell, y // cell, kind): at for at, (x, y, kind) in enumerate(placed)}
    return sorted(last.values())


def _simpler(points: Sequence[Point], off: float) -> list[Point]:
    """By Douglas and Peucker: a corner stays where leaving it out would move the line by more."""
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    open_runs = [(0, len(points) - 1)]
    while open_runs:
        first, last = open_runs.pop()
        far, at = 0.0, first
        for place in range(first + 1, last):
            distance = _distance(points[place], points[first], points[last])
            if distance > far:
                far, at = distance, place
        if far > off:
            kept.add(at)
            open_runs += [(first, at), (at, last)]
    return [points[place] for place in sorted(kept)]


def _distance(point: Point, first: Point, last: Point) -> float:
    """From the stretch between the two."""
    (x, y), (x1, y1), (x2, y2) = point, first, last
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    share = ((x - x1) * dx + (y - y1) * dy) / length if length else 0.0
    share = min(max(share, 0.0), 1.0)
    return float(((x - x1 - share * dx) ** 2 + (y - y1 - share * dy) ** 2) ** 0.5)
