"""Cards and their codes in SQL; a code is known by its hash alone."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def running(tx: Transaction) -> asyncpg.Record | None:
    """The subject's card, if one is in force."""
    return await tx.fetchrow(
        "SELECT card_id, content, made_at FROM emergency_card"
        " WHERE participant_id = (SELECT app.subject()) AND ended_at IS NULL"
    )


async def lock(tx: Transaction) -> None:
    """Of two who make a card at once, one comes after the other."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('emergency_card ' || app.subject(), 0))"
    )


async def add(tx: Transaction, content: str) -> UUID:
    card_id: UUID = await tx.fetchval(
        "INSERT INTO emergency_card (participant_id, content, made_at)"
        " VALUES (app.subject(), $1, now()) RETURNING card_id",
        content,
    )
    return card_id


async def end(tx: Transaction, because: str) -> bool:
    """Answers whether a card was in force; PostgreSQL forgets what it said."""
    ended = await tx.fetchval(
        "UPDATE emergency_card SET ended_because = $1"
        " WHERE participant_id = (SELECT app.subject()) AND ended_at IS NULL RETURNING card_id",
        because,
    )
    return ended is not None


async def add_code(
    tx: Transaction, card_id: UUID, medium: str, kid: str, code_hash: bytes, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO emergency_card_code"
        " (participant_id, card_id, medium, kid, code_hash, made_at, expires_at)"
        " VALUES (app.subject(), $1, $2, $3, $4, now(), $5)",
        card_id,
        medium,
        kid,
        code_hash,
        expires_at,
    )


async def codes(tx: Transaction, card_id: UUID) -> list[asyncpg.Record]:
    """The newest of each medium of the subject's card, and when it was used."""
    return await tx.fetch(
        "SELECT DISTINCT ON (c.medium) c.medium, c.made_at, c.expires_at, u.used_at"
        " FROM emergency_card_code c LEFT JOIN emergency_card_use u USING (participant_id, code_id)"
        " WHERE c.participant_id = (SELECT app.subject()) AND c.card_id = $1"
        " ORDER BY c.medium, c.code_id DESC",
        card_id,
    )


async def code_of(tx: Transaction, code_hash: bytes) -> asyncpg.Record | None:
    """Across participants, in an emergency alone: whose it is and how it stands."""
    return await tx.fetchrow(
        "SELECT participant_id, code_id, expires_at, ended_because, is_used, is_newest"
        " FROM emergency_card_code_of($1)",
        code_hash,
    )


async def use(tx: Transaction, code_id: UUID, session_id: UUID) -> bool:
    """Answers whether it was the first to use it."""
    used = await tx.fetchval(
        "INSERT INTO emergency_card_use (participant_id, code_id, session_id, used_at)"
        " VALUES (app.subject(), $1, $2, now()) ON CONFLICT (participant_id, code_id) DO NOTHING"
        " RETURNING code_id",
        code_id,
        session_id,
    )
    return used is not None


async def card_number(tx: Transaction) -> str:
    """The subject's newest participant card."""
    found: str | None = await tx.fetchval(
        "SELECT number FROM card WHERE participant_id = (SELECT app.subject()) AND is_active"
        " ORDER BY issued_at DESC, number LIMIT 1"
    )
    return found or ""
