"""A child's checkups and the days between which each is due, by age in Japanese law.

母子保健法12条 for the two legal ones; for 1か月児 and 5歳児 the guidelines of the national subsidy
(こども家庭庁, from fiscal year 2023); the others are as municipalities usually hold them. How sure
each is: docs/reference/rules-and-sources.md.
"""

from collections.abc import Collection
from datetime import date
from typing import Final, Literal, NamedTuple

from api.phr.law_age import days_after_birth, first_day_past, last_day_under

State = Literal["later", "due", "over", "done"]
EDITION: Final = "2024-04"


class Checkup(NamedTuple):
    """Due from the age of `since` until under `until`, in months, or in days where `in_days`.
    `is_legal`: every municipality holds it; the others are usual, and often paid for."""

    name: str
    since: int
    until: int
    is_legal: bool
    in_days: bool = False


CHECKUPS: Final = (
    # 「生後27日を超え、生後6週に達しない」, the day of birth being day 0.
    Checkup("m1", 28, 42, is_legal=False, in_days=True),
    Checkup("m3", 3, 5, is_legal=False),
    Checkup("m6", 6, 8, is_legal=False),
    Checkup("m9", 9, 11, is_legal=False),
    Checkup("m18", 18, 24, is_legal=True),
    Checkup("y3", 36, 48, is_legal=True),
    # Unsure: 4歳6か月から5歳6か月 is the standard of the guideline as remembered; municipalities
    # say 「年度内に満5歳になる幼児」, some of them until 5歳6か月.
    Checkup("y5", 54, 66, is_legal=False),
)
NAMES: Final = tuple(each.name for each in CHECKUPS)


class Due(NamedTuple):
    """From `first` to `last`, both days within."""

    checkup: Checkup
    first: date
    last: date
    state: State


def window(checkup: Checkup, birth_on: date) -> tuple[date, date]:
    """「満1歳6か月を超え満2歳に達しない」, both days within.

    An age is reached at the end of the day before the birthday (年齢計算ニ関スル法律). So 超え
    begins with the birthday: nobody is past an age on the day at whose end it is reached. 達しない
    holds through that day, on which the next age is still to be reached: the day before the
    birthday is the last, as for 未満 of vaccines. Their 以上 begins a day sooner: another word.
    """
    if checkup.in_days:
        first = days_after_birth(birth_on, days=checkup.since)
        return first, days_after_birth(birth_on, days=checkup.until - 1)
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
