"""Where a value or a day comes to lie, and which round ones are written beside the axis."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

# Values that span more than two powers of ten are told apart on a logarithmic axis alone.
LOGARITHMIC_FROM: Final = 100
SHORTEST_GAP: Final = 180  # days without a value before a line is broken
GAP_OF_MEDIAN: Final = 3
SHORT: Final = 45  # days in which months alone would say too little

_STEPS: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)


class Axis(NamedTuple):
    """From `low` at `start` to `high` at `end`, in the picture's own units."""

    low: Decimal
    high: Decimal
    start: float
    end: float
    ticks: tuple[Decimal, ...]
    is_log: bool

    def at(self, value: Decimal | float) -> float:
        placed = _log if self.is_log else float
        low, high, here = placed(self.low), placed(self.high), placed(value)
        share = (here - low) / (high - low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


class Days(NamedTuple):
    first: date
    last: date
    start: float
    end: float

    def at(self, on: date) -> float:
        """Days outside come to lie on the edge."""
        length = max((self.last - self.first).days, 1)
        share = (on - self.first).days / length
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def axis(
    values: Sequence[Decimal], start: float, end: float, most: int = 5, *, may_be_log: bool = True
) -> Axis:
    """An axis that holds every value; logarithmic where a straight one would flatten most of them,
    and only where it can hold all: a zero has no place on a logarithmic axis."""
    low, high = min(values), max(values)
    if may_be_log and low > 0 and high / low >= LOGARITHMIC_FROM:
        bottom, top = low.adjusted(), -(-_log(high) // 1)
        ticks = tuple(Decimal(1).scaleb(power) for power in range(bottom, int(top) + 1))
        thinned = ticks[:: max(1, -(-len(ticks) // most))]
        return Axis(ticks[0], ticks[-1], start, end, thinned, is_log=True)
    if low == high:
        # The scale of a single value: half of it either way, never nothing.
        room = abs(low) / 2 or Decimal(1)
        low, high = low - room, high + room
    step = _step((high - low) / (most - 1))
    first, last = _floor(low, step), -_floor(-high, step)
    count = int((last - first) / step)
    ticks = tuple(first + step * each for each in range(count + 1))
    return Axis(first, last, start, end, ticks, is_log=False)


def written(value: Decimal) -> str:
    """A tick without an exponent and without zeros that say nothing."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def months(first: date, last: date, most: int = 4) -> list[date]:
    """First days of months, evenly apart, at most so many."""
    length = (last.year - first.year) * 12 + last.month - first.month + 1
    apart = next((each for each in _MONTHS if length <= each * most), _MONTHS[-1])
    found: list[date] = []
    at = first.year * 12 + first.month - 1
    at += -at % apart
    while len(found) < most:
        on = date(at // 12, at % 12 + 1, 1)
        if on > last:
            break
        if on >= first:
            found.append(on)
        at += apart
    return found


def named_days(first: date, last: date, most: int = 5) -> list[tuple[date, str]]:
    """Months, years where each is a January, or the days of a week apart where there are hardly
    two months."""
    length = (last - first).days
    if length > SHORT:
        named = months(first, last)
        if len(named) > 1 and all(each.month == 1 for each in named):
            return [(each, f"{each.year}") for each in named]
        return [(each, f"{each.year}/{each.month}") for each in named]
    apart = 7 * max(1, -(-length // (7 * most)))
    days = [last - timedelta(days=back) for back in range(0, length + 1, apart)]
    return [(each, f"{each.month}/{each.day}") for each in reversed(days)]


def unbroken(days: Sequence[date]) -> list[int]:
    """Where a line through these days (in order) begins anew: the places after a long silence."""
    apart = [(later - earlier).days for earlier, later in pairwise(days)]
    if not apart:
        return []
    longest = max(SHORTEST_GAP, GAP_OF_MEDIAN * median(apart))
    return [place + 1 for place, gap in enumerate(apart) if gap > longest]


def padded(first: date, last: date) -> tuple[date, date]:
    """At least a month, so that a single day has somewhere to lie."""
    short = 30 - (last - first).days
    if short <= 0:
        return first, last
    return first - timedelta(days=short // 2), last + timedelta(days=short - short // 2)


def _log(value: Decimal | float) -> float:
    return math.log10(float(value)) if value > 0 else -math.inf


def _step(rough: Decimal) -> Decimal:
    power = Decimal(1).scaleb(rough.adjusted())
    return next(each * power for each in _STEPS if each * power >= rough)


def _floor(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding="ROUND_FLOOR") * step
