"""Appending through the guarded functions, reading one's own rows."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from api.core.database import Transaction


async def append(
    tx: Transaction, event: str, outcome: str, detail: str, undisclosed: str
) -> asyncpg.Record:
    row = await tx.fetchrow(
        "SELECT pseq, at, eid FROM access_log_append($1, $2, $3::jsonb, $4::jsonb)",
        event,
        outcome,
        detail,
        undisclosed,
    )
    if row is None:
        raise LookupError("access_log_append")
    return row


async def append_system(tx: Transaction, event: str, outcome: str, detail: str) -> None:
    await tx.execute("SELECT access_log_append_system($1, $2, $3::jsonb)", event, outcome, detail)


_COLUMNS = (
    "pseq, eid, at, event, outcome, actor_kind, actor_id, facility_id, purpose_of_use,"
    " detail::text AS detail"
)
# Over the readable columns alone; $1 to $12 are what `filters.bounds` gives.
_WANTED = (
    " FROM access_event WHERE participant_id = (SELECT app.subject())"
    " AND ($1::text[] IS NULL OR event = ANY ($1) OR actor_kind = ANY ($2)"
    "   OR purpose_of_use = ANY ($3))"
    " AND ($4::uuid IS NULL OR facility_id = $4) AND ($5::uuid IS NULL OR actor_id = $5)"
    " AND ($6::text IS NULL OR purpose_of_use = $6) AND ($7::text IS NULL OR outcome = $7)"
    " AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)"
    " AND ($10::bigint IS NULL OR pseq <= $10)"
    " AND ($11::text[] IS NULL OR event = ANY ($11) OR purpose_of_use = ANY ($12))"
)


async def page(
    tx: Transaction, bounds: Sequence[object], before: int | None, skip: int, count: int
) -> list[asyncpg.Record]:
    return await tx.fetch(
        f"SELECT {_COLUMNS}{_WANTED} AND ($13::bigint IS NULL OR pseq < $13)"
        " ORDER BY pseq DESC OFFSET $14 LIMIT $15",
        *bounds,
        before,
        skip,
        count,
    )


async def matches(tx: Transaction, bounds: Sequence[object]) -> int:
    return int(await tx.fetchval(f"SELECT count(*){_WANTED}", *bounds))


async def named(tx: Transaction) -> list[asyncpg.Record]:
    """Each pair of facility and purpose in the subject's log, with how many events have it."""
    return await tx.fetch(
        "SELECT facility_id, purpose_of_use, count(*)::integer AS events FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) GROUP BY 1, 2"
    )


async def event(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM access_event"  # noqa: S608 - constants
        " WHERE participant_id = (SELECT app.subject()) AND pseq = $1",
        number,
    )


async def began_at(tx: Transaction) -> datetime | None:
    found: datetime | None = await tx.fetchval(
        "SELECT at FROM access_event WHERE participant_id = (SELECT app.subject()) AND pseq = 1"
    )
    return found


async def length(tx: Transaction) -> int:
    value = await tx.fetchval(
        "SELECT last_pseq FROM access_log_head WHERE participant_id = (SELECT app.subject())"
    )
    return int(value or 0)


async def readers(tx: Transaction, before: datetime | None) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT DISTINCT facility_id FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND event = 'records:record:read'"
        " AND outcome = 'permitted' AND facility_id IS NOT NULL"
        " AND ($1::timestamptz IS NULL OR at < $1)",
        before,
    )
