"""A declared disaster: an area and a period that two officers say, three days at a time.

It ends by itself: whoever reads, opens or renews is asked for again by the clock at that moment.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

LONGEST_HOURS: Final = 72
LAPSES: Final = timedelta(days=1)


class Turn(Struct, frozen=True):
    """The declaration, or one renewal of it: asked for by one officer, confirmed by another."""

    asked_by: UUID
    asked_at: datetime
    hours: int
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = None

    @property
    def until_at(self) -> datetime | None:
        return self.confirmed_at and self.confirmed_at + timedelta(hours=self.hours)


class Disaster(Struct, frozen=True):
    turns: tuple[Turn, ...]
    ended_at: datetime | None = None


def until(disaster: Disaster) -> datetime | None:
    """When it is, or was, over; None for one nobody confirmed."""
    ends = [turn.until_at for turn in disaster.turns if turn.until_at is not None]
    if not ends:
        return None
    return max(ends) if disaster.ended_at is None else min(max(ends), disaster.ended_at)


def runs(disaster: Disaster, now: datetime) -> bool:
    over = until(disaster)
    return over is not None and now < over


def waits(disaster: Disaster, now: datetime) -> bool:
    """Whether its newest turn still can be confirmed: within a day, and a renewal while it runs."""
    newest = disaster.turns[-1]
    if newest.confirmed_by is not None or disaster.ended_at is not None:
        return False
    is_first = len(disaster.turns) == 1
    return now < newest.asked_at + LAPSES and (is_first or runs(disaster, now))


def may_confirm(disaster: Disaster, by: UUID | None, now: datetime) -> bool:
    return by is not None and by != disaster.turns[-1].asked_by and waits(disaster, now)


def may_renew(disaster: Disaster, now: datetime) -> bool:
    return runs(disaster, now) and not waits(disaster, now)


def may_end(disaster: Disaster, now: datetime) -> bool:
    """By one officer: what runs, and what waits to."""
    return runs(disaster, now) or waits(disaster, now)


def is_length(hours: int) -> bool:
    return 1 <= hours <= LONGEST_HOURS
