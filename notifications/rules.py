"""To whom a notice goes, on which way and when; and what follows when a way fails."""

from collections.abc import Iterable
from datetime import datetime
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
