"""The review of each opening: from PENDING to TOLD, by people who did not open it; and holds.

`pending → queried ⇄ answered → justified | doubted → not_justified`, then `told`. `doubted` is one
officer's finding that it was not justified: a second one makes it so, or finds it justified.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from api.access_log.commitments import LONGEST_HOLD

State = Literal["pending", "queried", "answered", "justified", "doubted", "not_justified", "told"]

DUE: Final = timedelta(days=7)
_FOLLOWS: Final[dict[State, tuple[State, ...]]] = {
    "pending": ("queried", "justified", "doubted"),
    "queried": ("answered", "justified", "doubted"),
    "answered": ("queried", "justified", "doubted"),
    "doubted": ("not_justified", "justified"),
    "justified": ("told",),
    "not_justified": ("told",),
    "told": (),
}


class Step(Struct, frozen=True):
    """`by`: whose account; None where the system itself wrote it."""

    state: State
    at: datetime
    by: UUID | None = None


class Review(Struct, frozen=True):
    """`opener`: the account, or else the professional, that opened the session; `opened_with`:
    the second officer's, where it took one."""

    opener: UUID
    steps: tuple[Step, ...]
    opened_with: UUID | None = None


class Hold(Struct, frozen=True):
    """Until `until_at` neither the notice nor the row in the log is shown; by two officers."""

    asked_by: UUID
    asked_at: datetime
    until_at: datetime
    confirmed_by: UUID | None = None


def state_of(review: Review) -> State:
    return review.steps[-1].state


def may_take(review: Review, state: State, by: UUID | None) -> bool:
    """The opener answers and does nothing else; who doubted is not who confirms it."""
    last = review.steps[-1]
    if state not in _FOLLOWS[last.state]:
        return False
    if state == "answered":
        return by == review.opener
    if by is None or by in (review.opener, review.opened_with):
        return False
    return last.state != "doubted" or by != last.by


def is_open(review: Review) -> bool:
    return state_of(review) != "told"


def due_at(review: Review) -> datetime:
    return review.steps[0].at + DUE


def is_overdue(review: Review, now: datetime) -> bool:
    return is_open(review) and now >= due_at(review)


def outcome(steps: Sequence[Step]) -> Literal["justified", "not_justified"] | None:
    """What the officers found, once they have."""
    for step in reversed(steps):
        if step.state in ("justified", "not_justified"):
            return step.state
    return None


def may_hold(hold: Hold) -> bool:
    """Whether such a hold may be written down at all."""
    return hold.asked_at < hold.until_at <= hold.asked_at + LONGEST_HOLD


def is_held(hold: Hold, now: datetime) -> bool:
    """Two different officers, and not past its end: one embargo for the notice and the row."""
    return (
        hold.confirmed_by is not None
        and hold.confirmed_by != hold.asked_by
        and may_hold(hold)
        and now < hold.until_at
    )
