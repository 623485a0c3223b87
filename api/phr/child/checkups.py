"""A child's checkups and the days between which each is due, by age in Japanese law."""

from collections.abc import Collection
from datetime import date
from typing import Final, Literal, NamedTuple

from api.phr.law_age import first_day_past, last_day_under

State = Literal["later", "due", "over", "done"]


class Checkup(NamedTuple):
    """Due from the age of `since` until under `until` months. `is_legal`: every municipality holds
    it (Maternal and Child Health Act art. 12); the others are usual, and often paid for."""

    name: str
    since: int
    until: int
    is_legal: bool


CHECKUPS: Final = (
    Checkup("m1", 1, 2, is_legal=False),
    Checkup("m3", 3, 5, is_legal=False),
    Checkup("m6", 6, 8, is_legal=False),
    Checkup("m9", 9, 11, is_legal=False),
    Checkup("m18", 18, 24, is_legal=True),
    Checkup("y3", 36, 48, is_legal=True),
    Checkup("y5", 60, 72, is_legal=False),
)
NAMES: Final = tuple(each.name for each in CHECKUPS)


class Due(NamedTuple):
    """From `first` to `last`, both days within."""

    checkup: Checkup
    first: date
    last: date
    state: State


def window(checkup: Checkup, birth_on: date) -> tuple[date, date]:
    """「満1歳6か月を超え満2歳に達しない」: from the day families call the age to the day before the
    next, at whose end that one is reached in law."""
    first = first_day_past(birth_on, months=checkup.since)
    return first, last_day_under(birth_on, months=checkup.until)


def due(birth_on: date, done: Collection[str], today: date) -> list[Due]:
    """Every checkup in the order of age."""
    found = []
    for each in CHECKUPS:
        first, last = window(each, birth_on)
        found.append(Due(each, first, last, _state(first, last, today, is_done=each.name in done)))
    return found


def _state(first: date, last: date, today: date, *, is_done: bool) -> State:
    if is_done:
        return "done"
    if today < first:
        return "later"
    return "due" if today <= last else "over"
