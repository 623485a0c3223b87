"""Appending through the guarded functions, reading one's own rows."""

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


async def page(tx: Transaction, before: int | None, count: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT pseq, eid, at, event, outcome, actor_kind, facility_id, purpose_of_use,"
        " detail::text AS detail FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND ($1::bigint IS NULL OR pseq < $1)"
        " ORDER BY pseq DESC LIMIT $2",
        before,
        count,
    )


async def event(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT pseq, eid, at, event, outcome, actor_kind, facility_id, purpose_of_use,"
        " detail::text AS detail FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND pseq = $1",
        number,
    )


async def length(tx: Transaction) -> int:
    value = await tx.fetchval(
        "SELECT last_pseq FROM access_log_head WHERE participant_id = (SELECT app.subject())"
    )
    return int(value or 0)


async def readers(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT DISTINCT facility_id FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND event = 'records:record:read'"
        " AND outcome = 'permitted' AND facility_id IS NOT NULL"
    )
