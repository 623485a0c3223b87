"""What the rules say of one vaccine: values that the engine answers and others show."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Why(StrEnum):
    """Why a dose is none of those the rules count."""

    TOO_YOUNG = "too_young"
    TOO_LATE = "too_late"
    TOO_SOON = "too_soon"
    LIVE = "live"
    TOO_MANY = "too_many"
    OLDER = "older"
    MIXED = "mixed"
    NOT_FOR = "not_for"


class Status(StrEnum):
    """`OPEN`: possible today. `CLOSED`: the period is over, or can no longer be kept. `OLDER`,
    `MIXED`: how it goes on is for a doctor to say. `NOT_FOR`: the rules are for girls."""

    OPEN = "open"
    LATER = "later"
    DONE = "done"
    CLOSED = "closed"
    OLDER = "older"
    MIXED = "mixed"
    NOT_FOR = "not_for"


class Dose(NamedTuple):
    """`vaccine` is a code of ours; `of` tells whoever asks which entry it was."""

    vaccine: str
    on: date
    of: str = ""


class Given(NamedTuple):
    """`number` is 0 where the rules do not count it; then `why` says so."""

    dose: Dose
    number: int
    why: Why | None = None


class Next(NamedTuple):
    """`earliest` and `latest` by rule, both inside; the usual period, where the rules name one."""

    number: int
    earliest: date
    latest: date
    usual_from: date | None
    usual_until: date | None
    is_booster: bool


class Plan(NamedTuple):
    """`of`: doses in all, 0 where the vaccine chosen decides. `course_until`: who begins later has
    another number of doses. `changes_on`: rules begin that day which change `next` or `of`.
    `extended_by`: `next` is in a period not everybody of the age has, named by its reason."""

    target: str
    status: Status
    given: tuple[Given, ...]
    next: Next | None = None
    of: int = 0
    course_until: date | None = None
    changes_on: date | None = None
    extended_by: str = ""

    @property
    def counted(self) -> int:
        return sum(1 for each in self.given if each.number)

    @property
    def is_doubtful(self) -> bool:
        """A dose came sooner than the rules allow: whether to repeat it is for a doctor to say."""
        return any(each.why in (Why.TOO_YOUNG, Why.TOO_SOON, Why.LIVE) for each in self.given)
