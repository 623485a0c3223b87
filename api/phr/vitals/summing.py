"""Entries as points to be counted: by field, and apart where they are read apart.

Blood pressure and pulse by morning and evening, glucose by the meal.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from api.phr.entries.fields import Values
from api.phr.entries.kinds import Kind
from api.phr.vitals.figures import By, Figures, Period, Point, by_period, figures, part_of
from api.phr.vitals.kinds import GLUCOSE, MEALS, NUMBERS, PRESSURE, PULSE, STEPS

PARTS: Final = ("morning", "evening")


class Reading(NamedTuple):
    on: date
    time: str
    values: Values


class Summary(NamedTuple):
    """`group` is "" for all, else morning, evening or day, or a meal of glucose."""

    field: str
    group: str
    whole: Figures
    periods: list[Period]


def groups_of(kind: Kind) -> tuple[str, ...]:
    """In the order they are shown; "" is all of them."""
    if kind in (PRESSURE, PULSE):
        return ("", *PARTS, "day")
    return ("", *MEALS) if kind is GLUCOSE else ("",)


def group_of(kind: Kind, reading: Reading) -> str:
    """The one a reading is of; "" where its kind has none."""
    if kind is GLUCOSE:
        return reading.values.get("meal", "") or "other"
    return part_of(reading.time) if kind in (PRESSURE, PULSE) else ""


def points(kind: Kind, readings: Iterable[Reading], field: str, group: str = "") -> list[Point]:
    """Of those that have the field and are of the group; of a day's steps the most."""
    found = [
        Point(each.on, each.time, Decimal(each.values[field]))
        for each in readings
        if each.values.get(field) and (not group or group_of(kind, each) == group)
    ]
    return most_of_day(found) if kind is STEPS else found


def most_of_day(found: Iterable[Point]) -> list[Point]:
    """Two devices count the same steps, each those it was carried for: neither their sum nor their
    mean is what was walked."""
    of_day: dict[date, Point] = {}
    for each in found:
        before = of_day.get(each.on)
        if before is None or before.value < each.value:
            of_day[each.on] = each
    return list(of_day.values())


def summaries(kind: Kind, readings: Sequence[Reading], by: By) -> list[Summary]:
    """Those that hold something, in the order of fields and groups."""
    found = []
    for number in NUMBERS[kind.name]:
        for group in groups_of(kind):
            mine = points(kind, readings, number.name, group)
            whole = figures(mine)
            if whole is not None:
                found.append(Summary(number.name, group, whole, by_period(mine, by)))
    return found
