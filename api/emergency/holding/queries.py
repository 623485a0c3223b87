"""Holds of what is told, what was asked for and how it was answered, in SQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add_request(tx: Transaction, session_id: UUID, reason: str, by_name: str) -> None:
    """PostgreSQL says when, and how long it waits."""
    await tx.execute(
        "INSERT INTO emergency_hold_request (participant_id, session_id, reason, by_name)"
        " VALUES (app.subject(), $1, $2, $3)",
        session_id,
        reason,
        by_name,
    )


async def add_refusal(tx: Transaction, session_id: UUID, by_name: str) -> None:
    await tx.execute(
        "INSERT INTO emergency_hold_refusal (participant_id, session_id, by_name)"
        " VALUES (app.subject(), $1, $2)",
        session_id,
        by_name,
    )


_REQUEST = (
    "SELECT q.session_id, s.facility_id, s.by_name, q.reason, q.asked_at, q.waits_until,"
    " r.refused_at, h.hold_id, h.by_name AS first_by, h.until_at, c.confirmed_at"
    " FROM emergency_hold_request q"
    " JOIN emergency_session s USING (participant_id, session_id)"
    " LEFT JOIN emergency_hold_refusal r USING (participant_id, session_id)"
    " LEFT JOIN emergency_hold h USING (participant_id, session_id)"
    " LEFT JOIN emergency_hold_confirmation c USING (participant_id, hold_id)"
)


async def request(tx: Transaction, session_id: UUID) -> asyncpg.Record | None:
    """Of a session about the subject, with its answers."""
    return await tx.fetchrow(
        f"{_REQUEST} WHERE q.participant_id = (SELECT app.subject()) AND q.session_id = $1",
        session_id,
    )


async def asked(tx: Transaction) -> list[asyncpg.Record]:
    """Of the last four days: no hold is longer. Whose they are is not said."""
    return await tx.fetch(
        f"{_REQUEST} WHERE q.asked_at > now() - interval '4 days'"
        " ORDER BY q.asked_at DESC LIMIT 100"
    )


async def add(
    tx: Transaction, reason: str, until_at: datetime, by_name: str, session_id: UUID
) -> None:
    await tx.execute(
        "INSERT INTO emergency_hold (participant_id, by_name, reason, until_at, session_id)"
        " VALUES (app.subject(), $3, $1, $2, $4)",
        reason,
        until_at,
        by_name,
        session_id,
    )


async def one(tx: Transaction, hold_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT asked_by, asked_at, until_at, EXISTS (SELECT FROM emergency_hold_confirmation c"
        "   WHERE c.participant_id = h.participant_id AND c.hold_id = h.hold_id) AS is_confirmed"
        " FROM emergency_hold h"
        " WHERE participant_id = (SELECT app.subject()) AND hold_id = $1",
        hold_id,
    )


async def confirm(tx: Transaction, hold_id: UUID, asked_by: UUID, by_name: str) -> None:
    await tx.execute(
        "INSERT INTO emergency_hold_confirmation (participant_id, hold_id, asked_by, by_name)"
        " VALUES (app.subject(), $1, $2, $3)",
        hold_id,
        asked_by,
        by_name,
    )
