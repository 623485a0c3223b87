"""One door into the log, and the participant's own view of it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import queries
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work

_EMPTY = '{"resources": [], "ids": ""}'


class LogRow(NamedTuple):
    """One event as its participant may read it; `detail` never holds untold records."""

    number: int
    eid: UUID
    at: datetime
    event: str
    outcome: str
    actor_kind: str
    facility_id: UUID | None
    purpose_of_use: str | None
    detail: dict[str, Any]


class LogPage(NamedTuple):
    """Newest first; `before` is where the next page begins, None at the end; `total` counts all."""

    rows: list[LogRow]
    total: int
    before: int | None


async def append(
    tx: Transaction,
    event: EventName,
    *,
    outcome: str = "permitted",
    detail: dict[str, Any],
    undisclosed: dict[str, Any] | None = None,
) -> int:
    """Appends to the log of the transaction's subject; answers the event's number.

    The event is part of the deed: it commits with the caller's transaction or not at all.
    `undisclosed` (resources, ids) is what the participant is not to be told; `page` leaves it out.
    """
    hidden = _EMPTY if undisclosed is None else msgspec.json.encode(undisclosed).decode()
    row = await queries.append(tx, event, outcome, msgspec.json.encode(detail).decode(), hidden)
    return int(row["pseq"])


async def append_system(
    tx: Transaction, event: EventName, *, outcome: str, detail: dict[str, Any]
) -> None:
    """Appends an event that concerns no participant."""
    await queries.append_system(tx, event, outcome, msgspec.json.encode(detail).decode())


async def page(actor: Actor, *, before: int | None = None, count: int = 20) -> LogPage:
    """The actor's own log."""
    async with unit_of_work(actor) as tx:
        return await page_in(tx, before=before, count=count)


async def page_in(tx: Transaction, *, before: int | None = None, count: int = 20) -> LogPage:
    rows = [_row(row) for row in await queries.page(tx, before, count)]
    more = rows[-1].number if len(rows) == count and rows[-1].number > 1 else None
    return LogPage(rows, await queries.length(tx), more)


async def event_in(tx: Transaction, number: int) -> LogRow | None:
    """One event of the subject's log, by its number."""
    row = await queries.event(tx, number)
    return None if row is None else _row(row)


def _row(row: asyncpg.Record) -> LogRow:
    return LogRow(
        number=row["pseq"],
        eid=row["eid"],
        at=row["at"],
        event=row["event"],
        outcome=row["outcome"],
        actor_kind=row["actor_kind"],
        facility_id=row["facility_id"],
        purpose_of_use=row["purpose_of_use"],
        detail=msgspec.json.decode(row["detail"]),
    )


async def readers(actor: Actor) -> set[UUID]:
    """Facilities that have read the actor's own records."""
    async with unit_of_work(actor) as tx:
        return {row["facility_id"] for row in await queries.readers(tx)}
