"""The subject's days in SQL. What was told stays, that it is not told again."""

from collections.abc import Mapping, Sequence
from uuid import UUID

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


async def add(tx: Transaction, kind: DueKind, book: str, days: Sequence[Due], rules: str) -> None:
    """Those that are there already are left as they are."""
    await tx.execute(
        "INSERT INTO own_due (participant_id, kind, book, due_on, why, rules)"
        " SELECT (SELECT app.subject()), $1, $2, w.due_on, w.why, $5"
        " FROM unnest($3::date[], $4::text[]) AS w (due_on, why) ON CONFLICT DO NOTHING",
        kind,
        book,
        [each.on for each in days],
        [each.why for each in days],
        rules,
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


async def by_other_rules(
    tx: Transaction, rules: Mapping[DueKind, str], after: UUID | None, count: int
) -> list[UUID]:
    """Across participants: who has a day that others gave than these, in the order of their ids."""
    rows = await tx.fetch(
        "SELECT * FROM phr_due_by_other_rules($1, $2, $3, $4)",
        list(rules),
        list(rules.values()),
        after,
        count,
    )
    return [row[0] for row in rows]


async def rules_hold(tx: Transaction, kind: DueKind, rules: str) -> None:
    """For every day of the kind, told or not."""
    await tx.execute(
        "UPDATE own_due SET rules = $2 WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND rules <> $2",
        kind,
        rules,
    )
