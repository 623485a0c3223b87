"""The due date, the week of a day, and which days cannot be."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

TERM: Final = timedelta(days=280)
# A due date further away than this is of a pregnancy that has not begun.
FARTHEST: Final = timedelta(weeks=42)
LONGEST: Final = timedelta(weeks=44)
# From this week on a birth is one; before it, whoever writes is asked whether the day is right.
BIRTH_FROM: Final = timedelta(weeks=22)
LONG_PAST: Final = timedelta(weeks=8)
APART: Final = timedelta(days=28)


class Gestation(NamedTuple):
    """Whole weeks and days since the first day of the last period."""

    weeks: int
    days: int


def due_of(last_period_on: date) -> date:
    """280 days after the first day of the last period."""
    return _after(last_period_on, TERM)


def begin_of(due_on: date) -> date:
    """The first day of week 0, by the due date."""
    return _after(due_on, -TERM)


def gestation(due_on: date, on: date) -> Gestation | None:
    """Nothing before week 0."""
    days = (on - begin_of(due_on)).days
    return Gestation(*divmod(days, 7)) if days >= 0 else None


def day_of(due_on: date, week: int) -> date:
    """The first day of a week."""
    return _after(begin_of(due_on), timedelta(weeks=week))


def written(text: str) -> date | None:
    """None for what is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def due_in(values: Mapping[str, str]) -> date | None:
    """The due date as it was told, or else by the last period."""
    due_on, period_on = written(values.get("edd", "")), written(values.get("lmp", ""))
    return due_on or (due_of(period_on) if period_on else None)


def is_within(due_on: date, on: date) -> bool:
    """A day on which this pregnancy can have been."""
    return timedelta(0) <= on - begin_of(due_on) <= LONGEST


def _after(on: date, time: timedelta) -> date:
    """At the ends of the calendar its last day: what is typed may be any of its days."""
    if time < timedelta(0):
        return on + max(time, date.min - on)
    return on + min(time, date.max - on)
