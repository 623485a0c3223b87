"""One door into the log, and the participant's own view of it."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import filters, queries
from api.access_log.events import EventName
from api.access_log.filters import EVERYTHING, Wanted
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work

CHUNK: Final = 200
_EMPTY = '{"resources": [], "ids": ""}'


class LogRow(NamedTuple):
    """One event as its participant may read it; `detail` never holds untold records."""

    number: int
    eid: UUID
    at: datetime
    event: str
    outcome: str
    actor_kind: str
    actor_id: UUID | None
    facility_id: UUID | None
    purpose_of_use: str | None
    detail: dict[str, Any]


class LogPage(NamedTuple):
    """Newest first; `total` counts all that match; `before` is where the next page begins, None at
    the end."""

    rows: list[LogRow]
    total: int
    before: int | None


class Named(NamedTuple):
    """Facilities and purposes that the log names, with how many events name each."""

    facilities: Counter[UUID]
    purposes: Counter[str]


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


async def page(
    actor: Actor,
    wanted: Wanted = EVERYTHING,
    *,
    before: int | None = None,
    skip: int = 0,
    count: int = 20,
) -> LogPage:
    """The actor's own log, narrowed."""
    async with unit_of_work(actor) as tx:
        return await page_in(tx, wanted, before=before, skip=skip, count=count)


async def page_in(
    tx: Transaction,
    wanted: Wanted = EVERYTHING,
    *,
    before: int | None = None,
    skip: int = 0,
    count: int = 20,
) -> LogPage:
    bounds = filters.bounds(wanted)
    rows = [_row(row) for row in await queries.page(tx, bounds, before, skip, count + 1)]
    more = rows[count - 1].number if len(rows) > count else None
    total = queries.matches(tx, bounds) if wanted != EVERYTHING else queries.length(tx)
    return LogPage(rows[:count], await total, more)


async def chunks(
    actor: Actor, wanted: Wanted, *, before: int | None = None, most: int | None = None
) -> AsyncIterator[list[LogRow]]:
    """All that match, newest first, no more than `most`; no transaction is open in between."""
    bounds, left = filters.bounds(wanted), most
    while left is None or left > 0:
        count = CHUNK if left is None else min(CHUNK, left)
        async with unit_of_work(actor) as tx:
            rows = [_row(row) for row in await queries.page(tx, bounds, before, 0, count)]
        if rows:
            yield rows
        if len(rows) < count:
            return
        before = rows[-1].number
        left = None if left is None else left - count


async def named(actor: Actor) -> Named:
    """What the actor's own log can be narrowed to."""
    async with unit_of_work(actor) as tx:
        rows = await queries.named(tx)
    found = Named(Counter(), Counter())
    for row in rows:
        if row["facility_id"] is not None:
            found.facilities[row["facility_id"]] += row["events"]
        if row["purpose_of_use"] is not None:
            found.purposes[row["purpose_of_use"]] += row["events"]
    return found


async def length(actor: Actor) -> int:
    """The number of the newest event of the actor's own log."""
    async with unit_of_work(actor) as tx:
        return await queries.length(tx)


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
        actor_id=row["actor_id"],
        facility_id=row["facility_id"],
        purpose_of_use=row["purpose_of_use"],
        detail=msgspec.json.decode(row["detail"]),
    )


async def readers(actor: Actor, *, before: datetime | None = None) -> set[UUID]:
    """Facilities that have read the actor's own records, of late or before a time."""
    async with unit_of_work(actor) as tx:
        return {row["facility_id"] for row in await queries.readers(tx, before)}


async def began_at(actor: Actor) -> datetime | None:
    """When the actor's own log began."""
    async with unit_of_work(actor) as tx:
        return await queries.began_at(tx)
