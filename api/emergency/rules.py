"""The life of a break-glass session: a fold over its steps, and what each state allows.

`REQUESTED → T1 → T2 → ENDED`. Whoever reads, widens or renews is asked for again at each request:
nothing here is done by a clock in the background, an end that has come simply holds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

State = Literal["requested", "t1", "t2", "ended"]
Ending = Literal["expired", "closed", "switched_off", "excluded", "revoked"]
Kind = Literal[
    "requested",
    "activated",
    "widened",
    "renewed",
    "expired",
    "closed",
    "switched_off",
    "excluded",
    "revoked",
]

ENDINGS: Final[tuple[Ending, ...]] = ("expired", "closed", "switched_off", "excluded", "revoked")
ACTIVE: Final = ("t1", "t2")
_FOLLOWS: Final[dict[tuple[State, Kind], State]] = {
    ("requested", "activated"): "t1",
    ("t1", "widened"): "t2",
    ("t1", "renewed"): "t1",
    ("t2", "renewed"): "t2",
    **{(state, ending): "ended" for state in ("requested", "t1", "t2") for ending in ENDINGS},
}


class Limits(NamedTuple):
    """How long and how often. A network may only shorten them.

    `length` of a session and of its one renewal; at most `budget` in any `window` of one
    professional with one participant, beyond which a second officer opens; a request waits for
    that officer for `waiting`; who signs in, and how the person was identified, is `fresh`.
    """

    length: timedelta = timedelta(hours=6)
    renewals: int = 1
    budget: timedelta = timedelta(hours=24)
    window: timedelta = timedelta(hours=72)
    waiting: timedelta = timedelta(minutes=30)
    fresh: timedelta = timedelta(minutes=5)


LIMITS: Final = Limits()


class Step(Struct, frozen=True):
    """`expires_at` from when on the session is over by itself; said by each step until the end."""

    kind: Kind
    at: datetime
    expires_at: datetime | None = None


class Opener(NamedTuple):
    """Who opened or wants to read, at which facility, about whom."""

    professional_id: UUID
    facility_id: UUID
    participant_id: UUID


class Session(Struct, frozen=True):
    """`by_officer`: a second officer opened it beyond the budget. `in_disaster`: under a declared
    disaster, whose end each step's end is not past; the summary is all it reaches."""

    opener: Opener
    steps: tuple[Step, ...]
    by_officer: bool = False
    in_disaster: bool = False


class Standing(NamedTuple):
    """What the steps come to at one moment; `ending` says why it is over."""

    state: State
    expires_at: datetime | None
    renewals: int
    ending: Ending | None = None


class ImpossibleStep(ValueError):
    """A step that cannot follow those before it: such a history was never written."""


def fold(steps: Sequence[Step], now: datetime) -> Standing:
    """Raises `ImpossibleStep`. The end that has come holds whether or not a step says so."""
    state: State | None = None
    expires_at: datetime | None = None
    renewals = 0
    ending: Ending | None = None
    for step in steps:
        if state is None:
            if step.kind != "requested":
                raise ImpossibleStep
            state = "requested"
        else:
            following = _FOLLOWS.get((state, step.kind))
            if following is None:
                raise ImpossibleStep
            state = following
        renewals += step.kind == "renewed"
        if state == "ended":
            ending = step.kind  # type: ignore[assignment]
        else:
            expires_at = step.expires_at
    if state is None:
        raise ImpossibleStep
    if state != "ended" and (expires_at is None or now >= expires_at):
        return Standing("ended", expires_at, renewals, "expired")
    return Standing(state, expires_at, renewals, ending)


def may_read(session: Session, reader: Opener, tier: State, now: datetime) -> bool:
    """ACTIVE, before its end, and the same person, facility and participant; T2 once widened."""
    state = fold(session.steps, now).state
    return (
        session.opener == reader
        and state in ACTIVE
        and tier in ACTIVE
        and (tier == "t1" or state == "t2")
    )


def may_follow(session: Session, kind: Kind, now: datetime, limits: Limits = LIMITS) -> bool:
    """Whether the session may take this step now; of a renewal, but for the budget."""
    standing = fold(session.steps, now)
    if (standing.state, kind) not in _FOLLOWS or (kind == "widened" and session.in_disaster):
        return False
    return kind != "renewed" or standing.renewals < limits.renewals


def ends_by(is_on: bool, is_excluded: bool, may_practise: bool) -> Ending | None:
    """Why a session that runs ends at the next request, if it does."""
    if not is_on:
        return "switched_off"
    if is_excluded:
        return "excluded"
    return None if may_practise else "revoked"


def requested(now: datetime, limits: Limits = LIMITS) -> Step:
    return Step("requested", now, now + limits.waiting)


def activated(now: datetime, limits: Limits = LIMITS) -> Step:
    return Step("activated", now, now + limits.length)


def widened(session: Session, now: datetime) -> Step:
    """The second confirmation; it makes nothing longer."""
    return Step("widened", now, fold(session.steps, now).expires_at)


def renewed(now: datetime, limits: Limits = LIMITS) -> Step:
    """Its length again from now, so that renewing early gains nothing."""
    return Step("renewed", now, now + limits.length)


def span(session: Session) -> tuple[datetime, datetime] | None:
    """From when to when it was, or will by itself be, active; None if it never was."""
    begins = ends = None
    for step in session.steps:
        if step.kind == "activated":
            begins = step.at
        if begins is not None:
            # An end written late does not lengthen it.
            over = step.at if step.kind in ENDINGS else step.expires_at
            ends = min(ends, step.at) if step.kind in ENDINGS and ends is not None else over
    return None if begins is None or ends is None else (begins, ends)


def used(sessions: Iterable[Session], since: datetime, until: datetime) -> timedelta:
    """How much of `[since, until)` these sessions take."""
    total = timedelta()
    for session in sessions:
        spanned = span(session)
        if spanned is not None:
            total += max(min(spanned[1], until) - max(spanned[0], since), timedelta())
    return total


def is_within_budget(
    earlier: Iterable[Session], begins: datetime, ends: datetime, limits: Limits = LIMITS
) -> bool:
    """Whether one more span, the last of all, keeps every window within the budget.

    The window that ends with it is the worst: an earlier one loses of this span as much as it can
    gain of others.
    """
    before = used(earlier, ends - limits.window, begins)
    return before + (ends - begins) <= limits.budget


def needs_officer(earlier: Iterable[Session], now: datetime, limits: Limits = LIMITS) -> bool:
    """Whether opening now takes a second officer. `earlier`: of this professional with this
    participant, all that reach into the window."""
    return not is_within_budget(earlier, now, now + limits.length, limits)


def may_renew(
    session: Session, earlier: Iterable[Session], now: datetime, limits: Limits = LIMITS
) -> bool:
    """Once, and within the budget, whoever opened it. `earlier`: the others, without this one."""
    spanned = span(session)
    if spanned is None or not may_follow(session, "renewed", now, limits):
        return False
    return is_within_budget(earlier, spanned[0], now + limits.length, limits)
