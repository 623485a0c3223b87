"""To whom a notice goes, on which way and when; and what follows when a way fails."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from notifications.kinds import Kind

AT_ONCE: Final = ("fcm", "web_push", "mail")
LETTER: Final = "letter"
# What must reach somebody whom nothing else reaches.
ON_PAPER: Final = frozenset({Kind.EMERGENCY, Kind.SECURITY, Kind.PROXY, Kind.SUPPORT})


class Recipient(NamedTuple):
    """`part`: the subject, or whom the notice goes to in what capacity. `channels`: those with an
    address.
    """

    participant_id: UUID
    part: str
    channels: frozenset[str]


class Planned(NamedTuple):
    """`not_before`: None for at once. Without an address it is noted that nobody could be told."""

    recipient: UUID
    channel: str
    not_before: datetime | None = None
    has_address: bool = True


def plan(kind: Kind, recipients: Iterable[Recipient], now: datetime) -> list[Planned]:
    """Every way that has an address; a letter only where there is no other way."""
    planned = []
    for one in recipients:
        ways = [channel for channel in AT_ONCE if channel in one.channels]
        planned += [Planned(one.participant_id, channel) for channel in ways]
        if not ways and kind in ON_PAPER:
            planned.append(Planned(one.participant_id, LETTER, has_address=LETTER in one.channels))
    return planned


class Fate(StrEnum):
    """How one sending ended. `gone`: the address is no more. `later`: not now. `refused`: not this
    notice, ever. `fault`: our own setting is wrong, so that nothing is counted against the notice.
    """

    SENT = "sent"
    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"
    FAULT = "fault"


class Outcome(NamedTuple):
    """`reason` is a code (docs/how-to/send-notices.md); `retry_after`: seconds, where told."""

    fate: Fate
    reason: str = ""
    retry_after: float | None = None


class Pace(NamedTuple):
    """How patient the worker is: seconds before the second attempt, growing to the longest."""

    first: float = 10.0
    factor: float = 4.0
    longest: float = 6 * 3600.0
    attempts: int = 8
    fault: float = 300.0

    def back_off(self, attempts: int) -> float:
        return min(self.first * self.factor ** max(0, attempts - 1), self.longest)


class Following(NamedTuple):
    """What is noted of an attempt. `wait`: seconds until the next one."""

    state: str
    reason: str | None
    wait: float | None
    reached: tuple[UUID, ...]
    gone: tuple[UUID, ...]
    is_fault: bool


LONGEST_RETRY_AFTER: Final = 24 * 3600.0


def after(
    outcomes: Sequence[tuple[UUID, Outcome]], attempts: int, pace: Pace, *, was_reached: bool
) -> Following:
    """What follows from how each address answered at the `attempts`-th attempt.

    Whoever was reached at one address is told; the others are tried again until there were enough
    attempts. Nothing is parked for a fault of ours.
    """
    by_fate = {fate: [(a, o) for a, o in outcomes if o.fate is fate] for fate in Fate}
    reached = tuple(address for address, _ in by_fate[Fate.SENT])
    gone = tuple(address for address, _ in by_fate[Fate.GONE])
    is_told = was_reached or bool(reached)

    def ended(reason: str) -> Following:
        state = "sent" if is_told else "parked"
        return Following(state, None if is_told else reason, None, reached, gone, False)

    if faults := by_fate[Fate.FAULT]:
        return Following("waiting", faults[0][1].reason, pace.fault, reached, gone, True)
    if waiting := by_fate[Fate.LATER]:
        reason = waiting[0][1].reason
        if attempts >= pace.attempts:
            return ended(reason)
        asked = max(outcome.retry_after or 0.0 for _, outcome in waiting)
        wait = max(pace.back_off(attempts), min(asked, LONGEST_RETRY_AFTER))
        return Following("waiting", reason, wait, reached, gone, False)
    if not outcomes and not was_reached:
        return Following("no_address", "no_address", None, (), (), False)
    refused = by_fate[Fate.REFUSED] or by_fate[Fate.GONE]
    return ended(refused[0][1].reason if refused else "")


def parked_by_attempts(attempts: int, pace: Pace) -> bool:
    """What was begun more often than it may be never ended: it kills whoever tries it."""
    return attempts > pace.attempts


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds, of RFC 9110's two forms; None where it is neither."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header.strip())
    try:
        then = parsedate_to_datetime(header)
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    return max(0.0, (then - now) / timedelta(seconds=1))
