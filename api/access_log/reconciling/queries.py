"""Comparing through the guarded functions, and reading what came of it."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from api.core.database import Transaction


async def answered(tx: Transaction, day: date, events: Sequence[str]) -> list[asyncpg.Record]:
    """What the asking facility's systems were answered that day."""
    return await tx.fetch(
        "SELECT commit, (extract(epoch FROM at) * 1000000)::bigint AS at, leaf"
        " FROM access_log_answered($1, $2)",
        day,
        events,
    )


async def reconcile(
    tx: Transaction, day: date, events: Sequence[str], commits: Sequence[bytes], event: str
) -> asyncpg.Record:
    row = await tx.fetchrow(
        "SELECT rows, matched, missing, others, owed FROM access_log_reconcile($1, $2, $3, $4)",
        day,
        events,
        commits,
        event,
    )
    if row is None:
        raise LookupError("access_log_reconcile")
    return row


async def note(
    tx: Transaction,
    day: date,
    counts: tuple[int, int, int],
    signed: Sequence[tuple[bytes, datetime, str]],
) -> list[bytes]:
    """Rows, matched, missing; commits, times and receipts that bear our signature. Answers the
    commits that the log does not know."""
    unknown: list[bytes] = await tx.fetchval(
        "SELECT access_log_note_reconciled($1, $2, $3, $4, $5, $6, $7)",
        day,
        *counts,
        [commit for commit, _, _ in signed],
        [at for _, at, _ in signed],
        [receipt for _, _, receipt in signed],
    )
    return unknown


async def unconfirmed(tx: Transaction, numbers: Sequence[int]) -> list[int]:
    """Of the subject's events of these numbers."""
    rows = await tx.fetch(
        "SELECT pseq FROM unconfirmed_access WHERE participant_id = (SELECT app.subject())"
        " AND pseq = ANY ($1) AND confirmed_at IS NULL",
        numbers,
    )
    return [row["pseq"] for row in rows]


async def days(tx: Transaction, first: date, events: Sequence[str]) -> list[asyncpg.Record]:
    """From this day on, each facility's days with answers, and their last comparison if any."""
    return await tx.fetch(
        "SELECT facility_id, day, coalesce(r.rows, d.answers)::integer, coalesce(r.matched, 0),"
        " coalesce(r.missing, 0), coalesce(r.unknown, 0), r.run IS NOT NULL"
        " FROM access_log_answers_by_day($1, $2) d FULL JOIN"
        " (SELECT DISTINCT ON (facility_id, day) * FROM reconciliation WHERE day >= $1"
        "  ORDER BY facility_id, day, run DESC) r USING (facility_id, day)"
        " ORDER BY day DESC, facility_id",
        first,
        events,
    )
