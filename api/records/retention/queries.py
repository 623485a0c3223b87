"""Whose records are past the time they are kept, and their withdrawal."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def concerned(tx: Transaction, days: Mapping[str, date]) -> list[UUID]:
    """`days`: by category, the day from which it is kept. Whose records are older."""
    rows = await tx.fetch(
        "SELECT p FROM records_past_retention($1, $2) p ORDER BY p",
        list(days),
        list(days.values()),
    )
    return [row["p"] for row in rows]


async def dated_before(tx: Transaction, days: Mapping[str, date]) -> list[asyncpg.Record]:
    """The subject's current records older than the day of their category, whatever their marks."""
    return await tx.fetch(
        "SELECT r.record_id, r.resource_type, r.category, r.effective_on, r.marks, r.is_told"
        " FROM record r JOIN unnest($1::text[], $2::date[]) AS k(category, before) USING (category)"
        " WHERE r.participant_id = (SELECT app.subject()) AND r.is_current"
        " AND r.effective_on < k.before ORDER BY r.record_id",
        list(days),
        list(days.values()),
    )
