"""The subject's days in SQL. What was told stays, that it is not told again."""

from collections.abc import Sequence

import asyncpg

from api.core.database import Transaction
from api.phr.due.rules import Due, DueKind


async def forget_untold(tx: Transaction, kind: DueKind, book: str) -> None:
    await tx.execute(
        "DELETE FROM own_due d WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND book = $2 AND told_at IS NULL",
        kind,
        book,
    )


async def add(tx: Transaction, kind: DueKind, book: str, days: Sequence[Due]) -> None:
    """Those that are there already are left as they are."""
    await tx.execute(
        "INSERT INTO own_due (participant_id, kind, book, due_on, why)"
        " SELECT (SELECT app.subject()), $1, $2, w.due_on, w.why"
        " FROM unnest($3::date[], $4::text[]) AS w (due_on, why) ON CONFLICT DO NOTHING",
        kind,
        book,
        [each.on for each in days],
        [each.why for each in days],
    )


async def forget_book(tx: Transaction, book: str) -> None:
    """Of every kind, told or not."""
    await tx.execute(
        "DELETE FROM own_due WHERE participant_id = (SELECT app.subject()) AND book = $1", book
    )


async def following(tx: Transaction) -> list[asyncpg.Record]:
    """Of each kind the first that is untold, of all books."""
    return await tx.fetch(
        "SELECT DISTINCT ON (kind) kind, book, due_on, why FROM own_due"
        " WHERE participant_id = (SELECT app.subject()) AND told_at IS NULL"
        " ORDER BY kind, due_on, why"
    )


async def untold(tx: Transaction, kind: DueKind, book: str) -> list[asyncpg.Record]:
    """The next first."""
    return await tx.fetch(
        "SELECT due_on, why FROM own_due WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND book = $2 AND told_at IS NULL ORDER BY due_on, why",
        kind,
        book,
    )
