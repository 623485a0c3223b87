"""The visits and tests laid out ahead, after the standard of health checks in pregnancy.

平成27年厚生労働省告示第226号（妊婦に対する健康診査についての望ましい基準）: to week 23 every four
weeks, weeks 24 to 35 every two, from week 36 on every week; with the tests each period asks for.
The weeks of the first four are those of the usual example, which begins at week 8. How sure
each is: docs/reference/rules-and-sources.md.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from api.phr.maternal import dates

EDITION: Final = "mhlw-2015-226"
WEEKS: Final = (8, 12, 16, 20, 24, 26, 28, 30, 32, 34, 36, 37, 38, 39)
EARLY: Final = (0, 23)
MIDDLE: Final = (24, 35)
LATE: Final = (36, 43)

State = Literal["done", "now", "ahead", "passed"]


class Asked(NamedTuple):
    """A test, `times` within its weeks, both of them included."""

    test: str
    first: int
    last: int
    times: int = 1


ASKED: Final = (
    Asked("blood_group", *EARLY),
    Asked("blood_count", *EARLY),
    Asked("blood_glucose", *EARLY),
    Asked("hbs", *EARLY),
    Asked("hcv", *EARLY),
    Asked("hiv", *EARLY),
    Asked("syphilis", *EARLY),
    Asked("rubella", *EARLY),
    Asked("cytology", *EARLY),
    Asked("ultrasound", *EARLY, times=2),
    Asked("htlv1", 0, 30),
    Asked("chlamydia", 0, 30),
    Asked("blood_count", *MIDDLE),
    Asked("blood_glucose", *MIDDLE),
    Asked("ultrasound", *MIDDLE),
    # Unsure: the ministry's notice of 2009 said weeks 24 to 35, the guideline of 2017 35 to 37.
    Asked("gbs", 33, 37),
    Asked("blood_count", *LATE),
    Asked("ultrasound", *LATE),
)
TESTS: Final = tuple(dict.fromkeys(each.test for each in ASKED))
_ONCE: Final = frozenset(test for test in TESTS if sum(each.test == test for each in ASKED) == 1)


# RSウイルス母子免疫ワクチン: routine for the mother from 28週0日 to 36週6日, since April 2026.
RSV_EDITION: Final = "2026-04"
RSV_SINCE: Final = date(2026, 4, 1)
_RSV: Final = (28, 36)


class Visit(NamedTuple):
    """`from_on` to `until_on` is the time it stands for; `done_on`: the visits written in it."""

    number: int
    week: int
    from_on: date
    until_on: date
    done_on: tuple[date, ...]
    state: State


class Due(NamedTuple):
    """`done_on`: at most the latest `times` days on which it was done."""

    test: str
    first: int
    last: int
    times: int
    from_on: date
    until_on: date
    done_on: tuple[date, ...]
    state: State


class Done(NamedTuple):
    """A test on a day."""

    test: str
    on: date


def visits(due_on: date, written_on: Iterable[date], today: date) -> list[Visit]:
    """The fourteen, each standing for the days until the next."""
    days = sorted(set(written_on))
    begin = dates.begin_of(due_on)
    starts = [begin, *(dates.day_of(due_on, week) for week in WEEKS[1:])]
    ends = [*(later - timedelta(days=1) for _, later in pairwise(starts)), begin + dates.LONGEST]
    found = []
    for number, (week, first, last) in enumerate(zip(WEEKS, starts, ends, strict=True), 1):
        done = tuple(day for day in days if first <= day <= last)
        state = _state(first, last, today, is_done=bool(done))
        found.append(Visit(number, week, dates.day_of(due_on, week), last, done, state))
    return found


def following(planned: Sequence[Visit]) -> Visit | None:
    """The next that is not yet written."""
    return next((each for each in planned if each.state in ("now", "ahead")), None)


def tests(due_on: date, done: Iterable[Done], today: date) -> list[Due]:
    """A test asked for once in all is done on whatever day it was."""
    known = sorted(set(done))
    found = []
    for each in ASKED:
        first = dates.day_of(due_on, each.first)
        last = dates.day_of(due_on, each.last + 1) - timedelta(days=1)
        days = [
            one.on
            for one in known
            if one.test == each.test and (each.test in _ONCE or first <= one.on <= last)
        ]
        state = _state(first, last, today, is_done=len(days) >= each.times)
        found.append(Due(*each, first, last, tuple(days[-each.times :]), state))
    return found


def rsv_vaccine(due_on: date) -> tuple[date, date] | None:
    """The days of its weeks, both within, that are days of the routine."""
    first = max(dates.day_of(due_on, _RSV[0]), RSV_SINCE)
    last = dates.day_of(due_on, _RSV[1] + 1) - timedelta(days=1)
    return (first, last) if first <= last else None


def _state(first: date, last: date, today: date, *, is_done: bool) -> State:
    if is_done:
        return "done"
    if today < first:
        return "ahead"
    return "now" if today <= last else "passed"
