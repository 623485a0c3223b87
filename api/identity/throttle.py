"""Slowing down guesses: every key waits, none is ever locked.

The promise at enrolment is at most 1e-5 stolen accounts a year among 112,034 cards. It stands on
three facts: a try names one card, so it hits with a chance of 2**-50 at most (one live code a
card, single use, the card number and birth date taken as known to the thief); the key for everyone
bounds the failed tries of a year; and that bound times 2**-50 stays below the promise
(tests/identity).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final

import msgspec


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`burst` tries at once, one more every `refill`; from the `free`-th on they also wait,
    `first_delay` and then twice as long each time, never longer than `refill`.
    """

    burst: int
    free: int
    first_delay: timedelta
    refill: timedelta

    def most_tries_in(self, period: timedelta) -> int:
        """No period of this length, wherever it begins, holds more failed tries."""
        return self.burst + period // self.refill


class Throttle(msgspec.Struct, frozen=True):
    """Forgettable once `empty_at` has passed: a fresh key behaves the same."""

    empty_at: datetime
    open_at: datetime


class Allowed(msgspec.Struct, frozen=True):
    pass


class RetryAfter(msgspec.Struct, frozen=True):
    seconds: int


Verdict = Allowed | RetryAfter


class ThrottleKind(StrEnum):
    CARD = "card"
    CODE_AND_SOURCE = "code_and_source"
    SOURCE = "source"
    EVERYONE = "everyone"
    DESK_PROFESSIONAL = "desk_professional"
    DESK_FACILITY = "desk_facility"
    DESK_EVERYONE = "desk_everyone"
    ASKING_PROFESSIONAL = "asking_professional"
    ASKING_CARD = "asking_card"
    APP_SOURCE = "app_source"
    APP_READS = "app_reads"
    SEEKING_PROFESSIONAL = "seeking_professional"
    SEEKING_FACILITY = "seeking_facility"
    SEEKING_IN_DISASTER = "seeking_in_disaster"
    CHILD_BOOK = "child_book"


class ThrottleKey(msgspec.Struct, frozen=True):
    """`subject` is a keyed hash of what was typed, whether such a card exists or not, so that
    present and absent cards meet the same waits; "" for everyone.
    """

    kind: ThrottleKind
    subject: str = ""


ENROLMENT: Final[Mapping[ThrottleKind, Policy]] = {
    # A stranger hammering one card costs its holder a minute's wait at most.
    ThrottleKind.CARD: Policy(
        burst=10, free=5, first_delay=timedelta(seconds=1), refill=timedelta(minutes=1)
    ),
    ThrottleKind.CODE_AND_SOURCE: Policy(
        burst=5, free=3, first_delay=timedelta(seconds=1), refill=timedelta(minutes=1)
    ),
    # A whole ward may share one address.
    ThrottleKind.SOURCE: Policy(
        burst=60, free=40, first_delay=timedelta(seconds=1), refill=timedelta(seconds=10)
    ),
    ThrottleKind.EVERYONE: Policy(
        burst=1000, free=1000, first_delay=timedelta(0), refill=timedelta(milliseconds=50)
    ),
}
# Codes told at a desk have 8 digits: whoever guesses is a signed-in professional, and named in the
# log at each try. With 200 codes live at once a try hits with a chance of 2e-6; the most one person
# can try in a year then hits with a chance of 22 %, and the whole network's tries stay bounded.
DESK_CODES: Final[Mapping[ThrottleKind, Policy]] = {
    ThrottleKind.DESK_PROFESSIONAL: Policy(
        burst=5, free=3, first_delay=timedelta(seconds=5), refill=timedelta(minutes=5)
    ),
    ThrottleKind.DESK_FACILITY: Policy(
        burst=20, free=15, first_delay=timedelta(seconds=5), refill=timedelta(minutes=2)
    ),
    ThrottleKind.DESK_EVERYONE: Policy(
        burst=200, free=200, first_delay=timedelta(0), refill=timedelta(seconds=15)
    ),
}

# People looked for by four items in an emergency: every search counts.
SEEKING: Final[Mapping[ThrottleKind, Policy]] = {
    ThrottleKind.SEEKING_PROFESSIONAL: Policy(
        burst=6, free=6, first_delay=timedelta(0), refill=timedelta(minutes=5)
    ),
    ThrottleKind.SEEKING_FACILITY: Policy(
        burst=40, free=40, first_delay=timedelta(0), refill=timedelta(minutes=1)
    ),
    # Where a disaster is declared: as many as one professional can care for.
    ThrottleKind.SEEKING_IN_DISASTER: Policy(
        burst=60, free=60, first_delay=timedelta(0), refill=timedelta(seconds=30)
    ),
}
# Requests of clinicians: every one counts, whether such a card exists or not.
ASKING: Final[Mapping[ThrottleKind, Policy]] = {
    ThrottleKind.ASKING_PROFESSIONAL: Policy(
        burst=15, free=15, first_delay=timedelta(0), refill=timedelta(minutes=4)
    ),
    ThrottleKind.ASKING_CARD: Policy(
        burst=5, free=5, first_delay=timedelta(0), refill=timedelta(minutes=10)
    ),
}

APPS: Final[Mapping[ThrottleKind, Policy]] = {
    # Codes and tokens cannot be guessed; whoever tries all the same waits.
    ThrottleKind.APP_SOURCE: Policy(
        burst=60, free=40, first_delay=timedelta(seconds=1), refill=timedelta(seconds=10)
    ),
    # Every read of an app is a row of a participant's log, which none may flood.
    ThrottleKind.APP_READS: Policy(
        burst=300, free=300, first_delay=timedelta(0), refill=timedelta(seconds=2)
    ),
}

# Codes that hand over a child's book have 12 digits and live a week: with a thousand at once a try
# hits with a chance of 1e-9.
CHILD_BOOKS: Final[Mapping[ThrottleKind, Policy]] = {
    ThrottleKind.CHILD_BOOK: Policy(
        burst=5, free=3, first_delay=timedelta(seconds=5), refill=timedelta(minutes=5)
    ),
}

POLICIES: Final[Mapping[ThrottleKind, Policy]] = {
    **ENROLMENT,
    **DESK_CODES,
    **ASKING,
    **APPS,
    **SEEKING,
    **CHILD_BOOKS,
}


def step(state: Throttle | None, now: datetime, policy: Policy) -> tuple[Throttle, Verdict]:
    """One try. A refused try costs nothing, so a flood of them cannot prolong the wait.

    No wait exceeds `policy.refill`, even where the clock went back or the policy became shorter.
    """
    state = state or Throttle(now, now)
    beyond = max(state.open_at - now - policy.refill, timedelta(0))
    state = Throttle(state.empty_at - beyond, state.open_at - beyond)
    if now < state.open_at:
        return state, RetryAfter(ceil((state.open_at - now) / timedelta(seconds=1)))
    empty_at = max(state.empty_at, now) + policy.refill
    return Throttle(empty_at, _open_at(empty_at, now, policy)), Allowed()


def attempt(
    states: Mapping[ThrottleKey, Throttle | None],
    now: datetime,
    policies: Mapping[ThrottleKind, Policy] = POLICIES,
) -> tuple[dict[ThrottleKey, Throttle], Verdict]:
    """One try against all its keys at once: charged to each of them, or refused and to none."""
    steps = {key: step(state, now, policies[key.kind]) for key, state in states.items()}
    waits = [verdict.seconds for _, verdict in steps.values() if isinstance(verdict, RetryAfter)]
    if not waits:
        return {key: after for key, (after, _) in steps.items()}, Allowed()
    kept = {
        key: after if isinstance(verdict, RetryAfter) else states[key] or Throttle(now, now)
        for key, (after, verdict) in steps.items()
    }
    return kept, RetryAfter(max(waits))


def give_back(state: Throttle, policy: Policy) -> Throttle:
    """After a try that succeeded: only failures count."""
    return Throttle(state.empty_at - policy.refill, state.open_at - policy.refill)


def source_of(address: str) -> str:
    """The network a try comes from: an IPv4 address, or the /64 a household gets in IPv6."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(IPv6Network((int(parsed), 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def _open_at(empty_at: datetime, now: datetime, policy: Policy) -> datetime:
    bucket_opens = empty_at - policy.refill * (policy.burst - 1)
    spent = ceil((empty_at - now) / policy.refill)
    delay = timedelta(0)
    if spent >= policy.free:
        delay = policy.first_delay * 2 ** min(spent - policy.free, 40)
    return max(bucket_opens, now + min(delay, policy.refill), now)
