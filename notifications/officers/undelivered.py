"""For officers: what did not reach whom and was not read in the inbox either, and sending it again.

Never an address, never what it says.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from notifications.choices import queries
from notifications.kinds import Kind, kind_of


class Undelivered(NamedTuple):
    """`card_end`: the last digits of the card its reader is known by; `reason` is a code."""

    participant_id: UUID
    notice_id: UUID
    channel: str
    kind: Kind
    reason: str
    attempts: int
    at: datetime
    card_end: str


async def listed(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Undelivered], int]:
    """The newest first, and how many there are. Raises `NotFound` for all but officers."""
    if actor.kind is not ActorKind.SUPPORT:
        raise NotFound
    async with unit_of_work(actor) as tx:
        rows = await queries.undelivered(tx, (page - 1) * count, count)
    found = [
        Undelivered(
            row["participant_id"],
            row["notice_id"],
            row["channel"],
            kind_of(row["event"]),
            row["reason"] or row["state"],
            row["attempts"],
            row["created_at"],
            row["card_end"] or "",
        )
        for row in rows
    ]
    return found, rows[0]["total"] if rows else 0


async def retry(actor: Actor, participant_id: UUID, notice_id: UUID, channel: str) -> None:
    """It goes out once more, and its reader's log says so. Raises `NotFound`."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        if not await queries.send_again(tx, notice_id, channel):
            raise NotFound
        detail = {"actor": {"name": actor.name}, "channel": channel}
        await access_log.append(tx, EventName.NOTICE_RETRIED, detail=detail)


async def settle_in(tx: Transaction, notice_id: UUID, channel: str) -> None:
    """It is seen to otherwise, by whoever holds this transaction. Raises `NotFound`."""
    if not await queries.settle(tx, notice_id, channel):
        raise NotFound
