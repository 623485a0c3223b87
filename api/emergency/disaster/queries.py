"""Declared disasters in SQL: written once, never changed; who and when PostgreSQL says."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add(tx: Transaction, region: str, regions: Sequence[str], words: str) -> UUID:
    disaster_id: UUID = await tx.fetchval(
        "INSERT INTO disaster (region, regions, words) VALUES ($1, $2, $3) RETURNING disaster_id",
        region,
        list(regions),
        words,
    )
    return disaster_id


async def add_turn(tx: Transaction, disaster_id: UUID, turn: int, hours: int, by_name: str) -> None:
    await tx.execute(
        "INSERT INTO disaster_turn (disaster_id, turn, hours, by_name) VALUES ($1, $2, $3, $4)",
        disaster_id,
        turn,
        hours,
        by_name,
    )


async def confirm(
    tx: Transaction, disaster_id: UUID, turn: int, asked_by: UUID, by_name: str
) -> None:
    await tx.execute(
        "INSERT INTO disaster_confirmation (disaster_id, turn, asked_by, by_name)"
        " VALUES ($1, $2, $3, $4)",
        disaster_id,
        turn,
        asked_by,
        by_name,
    )


async def end(tx: Transaction, disaster_id: UUID, by_name: str) -> None:
    await tx.execute(
        "INSERT INTO disaster_end (disaster_id, by_name) VALUES ($1, $2)", disaster_id, by_name
    )


_ALL = (
    "SELECT d.disaster_id, d.region, d.words, d.begun_at, e.ended_at, e.by_name AS ended_by"
    " FROM disaster d LEFT JOIN disaster_end e USING (disaster_id)"
)


async def lock(tx: Transaction, disaster_id: UUID) -> None:
    """One after the other, as PostgreSQL's own checks do."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(disaster_id)
    )


async def one(tx: Transaction, disaster_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(f"{_ALL} WHERE d.disaster_id = $1", disaster_id)


async def newest(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(f"{_ALL} ORDER BY d.begun_at DESC, d.disaster_id LIMIT $1", limit)


async def turns(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT t.disaster_id, t.turn, t.hours, t.asked_by, t.by_name, t.asked_at, c.confirmed_by,"
        " c.confirmed_at, c.by_name AS confirmed_by_name FROM disaster_turn t"
        " LEFT JOIN disaster_confirmation c USING (disaster_id, turn)"
        " WHERE t.disaster_id = ANY ($1) ORDER BY t.disaster_id, t.turn",
        list(ids),
    )


async def running(tx: Transaction) -> list[asyncpg.Record]:
    """By the database's clock."""
    return await tx.fetch(
        "SELECT region, max(app.disaster_until(disaster_id)) AS until_at FROM disaster"
        " WHERE begun_at > now() - interval '1 year'"
        "   AND app.disaster_until(disaster_id) > clock_timestamp()"
        " GROUP BY region ORDER BY region"
    )


async def at(tx: Transaction, facility_id: UUID) -> UUID | None:
    """What runs where this facility is."""
    found: UUID | None = await tx.fetchval("SELECT app.disaster_at($1)", facility_id)
    return found


async def under(tx: Transaction, disaster_id: UUID) -> list[asyncpg.Record]:
    """Reviews of sessions opened under it that nobody has judged, the oldest first."""
    return await tx.fetch(
        "SELECT s.session_id, s.facility_id, s.by_name, s.reason, r.recorded_at AS opened_at,"
        " l.state FROM emergency_session s"
        " JOIN emergency_review_step r ON r.participant_id = s.participant_id"
        "   AND r.session_id = s.session_id AND r.step = 1"
        " CROSS JOIN LATERAL (SELECT t.state FROM emergency_review_step t"
        "   WHERE t.participant_id = s.participant_id AND t.session_id = s.session_id"
        "   ORDER BY t.step DESC LIMIT 1) l"
        " WHERE s.disaster_id = $1 AND l.state <> 'told'"
        " ORDER BY r.recorded_at, s.session_id LIMIT 1000",
        disaster_id,
    )
