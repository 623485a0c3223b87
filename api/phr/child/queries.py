"""Who a participant is, and the offers of children's books in SQL; a code is known by its hash."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def person(tx: Transaction) -> asyncpg.Record | None:
    """The subject themselves."""
    return await tx.fetchrow(
        "SELECT name, sex, birth_on FROM participant WHERE participant_id = (SELECT app.subject())"
    )


async def add_offer(tx: Transaction, book: UUID, code_hash: bytes, expires_at: datetime) -> bool:
    """False where another open offer has this code."""
    added = await tx.fetchval(
        "INSERT INTO child_offer (participant_id, book_id, code_hash, made_at, expires_at)"
        " VALUES (app.subject(), $1, $2, now(), $3) ON CONFLICT DO NOTHING RETURNING offer_id",
        book,
        code_hash,
        expires_at,
    )
    return added is not None


async def open_offer(tx: Transaction, book: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT offer_id, made_at, expires_at FROM child_offer"
        " WHERE participant_id = (SELECT app.subject()) AND book_id = $1"
        " AND taken_at IS NULL AND called_off_at IS NULL AND expires_at > now()",
        book,
    )


async def call_off(tx: Transaction, book: UUID) -> datetime | None:
    """Until when the offer would have stood, None where none was open."""
    until: datetime | None = await tx.fetchval(
        "UPDATE child_offer SET called_off_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND book_id = $1"
        " AND taken_at IS NULL AND called_off_at IS NULL RETURNING expires_at",
        book,
    )
    return until


async def offer_of_code(tx: Transaction, code_hash: bytes) -> asyncpg.Record | None:
    """Across participants: whose book, if the offer still stands."""
    return await tx.fetchrow("SELECT * FROM phr_child_offer_of_code($1)", code_hash)


async def take(tx: Transaction, code_hash: bytes) -> UUID | None:
    """The book, of the one who is first."""
    book: UUID | None = await tx.fetchval(
        "UPDATE child_offer SET taken_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND code_hash = $1"
        " AND taken_at IS NULL AND called_off_at IS NULL AND expires_at > now()"
        " RETURNING book_id",
        code_hash,
    )
    return book
