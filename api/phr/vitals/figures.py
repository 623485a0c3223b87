"""Means, lows and highs of one's own measurements, by day, week and month.

The mean is that of the days' means: a day with many measurements weighs no more than another, as
home blood pressure is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

By = Literal["day", "week", "month"]
Part = Literal["morning", "evening", "day"]

# Hours of Japan's clock that count as the morning and the evening; a measurement of another hour,
# or of none that is known, is of the day.
MORNING: Final = ("04:00", "12:00")
EVENING: Final = ("17:00", "24:00")


class Point(NamedTuple):
    """`time` is HH:MM or ""."""

    on: date
    time: str
    value: Decimal


class Figures(NamedTuple):
    """Of at least one point; `times` counts them."""

    times: int
    days: int
    mean: Decimal
    low: Decimal
    high: Decimal


class Period(NamedTuple):
    """`until` is its last day; a week begins on Monday."""

    since: date
    until: date
    figures: Figures


def part_of(time: str) -> Part:
    """Of a time of day as HH:MM; what was measured without one is of the day."""
    if MORNING[0] <= time < MORNING[1]:
        return "morning"
    return "evening" if EVENING[0] <= time < EVENING[1] else "day"


def of_part(points: Iterable[Point], part: Part) -> list[Point]:
    return [each for each in points if part_of(each.time) == part]


def figures(points: Sequence[Point]) -> Figures | None:
    """None of nothing."""
    if not points:
        return None
    days: defaultdict[date, list[Decimal]] = defaultdict(list)
    for each in points:
        days[each.on].append(each.value)
    means = [sum(values, Decimal(0)) / len(values) for values in days.values()]
    values = [each.value for each in points]
    return Figures(
        len(points), len(days), sum(means, Decimal(0)) / len(means), min(values), max(values)
    )


def by_period(points: Iterable[Point], by: By) -> list[Period]:
    """The periods that hold something, the earliest first."""
    parted: defaultdict[date, list[Point]] = defaultdict(list)
    for each in points:
        parted[since(each.on, by)].append(each)
    found = []
    for start in sorted(parted):
        counted = figures(parted[start])
        if counted is not None:
            found.append(Period(start, until(start, by), counted))
    return found


def since(on: date, by: By) -> date:
    """The first day of the period a day is in."""
    if by == "week":
        return on - timedelta(days=on.weekday())
    return on.replace(day=1) if by == "month" else on


def until(start: date, by: By) -> date:
    """Its last day."""
    if by == "week":
        return start + timedelta(days=6)
    if by == "month":
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return start


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Half up, as people round."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
