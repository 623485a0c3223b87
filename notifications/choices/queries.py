"""What the subject chose of their notices, their months in sum, and what did not reach them."""

from datetime import date, time
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def lock(tx: Transaction) -> None:
    """Two quick taps come one after the other."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('notices|' || app.subject(), 0))"
    )


async def choices(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT kind, channel, is_on FROM notice_preference"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def choose(tx: Transaction, kind: str, way: str, *, is_on: bool) -> None:
    await tx.execute(
        "INSERT INTO notice_preference (participant_id, kind, channel, is_on)"
        " VALUES (app.subject(), $1, $2, $3)"
        " ON CONFLICT (participant_id, kind, channel) DO UPDATE SET is_on = EXCLUDED.is_on",
        kind,
        way,
        is_on,
    )


async def manner(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT is_quiet, quiet_from, quiet_until, locale, wants_digest FROM notice_manner"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def set_manner(
    tx: Transaction,
    *,
    is_quiet: bool,
    quiet_from: time,
    quiet_until: time,
    locale: str | None,
    wants_digest: bool,
) -> None:
    await tx.execute(
        "INSERT INTO notice_manner (participant_id, is_quiet, quiet_from, quiet_until, locale,"
        " wants_digest) VALUES (app.subject(), $1, $2, $3, $4, $5)"
        " ON CONFLICT (participant_id) DO UPDATE SET is_quiet = EXCLUDED.is_quiet,"
        " quiet_from = EXCLUDED.quiet_from, quiet_until = EXCLUDED.quiet_until,"
        " locale = EXCLUDED.locale, wants_digest = EXCLUDED.wants_digest, changed_at = now()",
        is_quiet,
        quiet_from,
        quiet_until,
        locale,
        wants_digest,
    )


async def digest(tx: Transaction, month: date) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT month, facilities, times, sent_at, answer FROM notice_digest"
        " WHERE participant_id = (SELECT app.subject()) AND month = $1",
        month,
    )


async def digests(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT month, facilities, times, sent_at, answer FROM notice_digest"
        " WHERE participant_id = (SELECT app.subject()) ORDER BY month DESC LIMIT $1",
        limit,
    )


async def answer_digest(tx: Transaction, month: date, answer: str) -> bool:
    """False where there is none, or it was answered so already."""
    answered = await tx.fetchval(
        "UPDATE notice_digest SET answer = $2, answered_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND month = $1"
        " AND answer IS DISTINCT FROM $2 RETURNING true",
        month,
        answer,
    )
    return bool(answered)


async def remind(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT notices_remind(now())"))


async def remind_due(tx: Transaction) -> int:
    """Of what the participants' own books have come due."""
    return int(await tx.fetchval("SELECT notices_remind_due(now())"))


async def sum_up(tx: Transaction, month: date, most: int) -> int:
    return int(await tx.fetchval("SELECT notices_sum_up($1, $2)", month, most))


async def undelivered(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT * FROM notifications_undelivered($1, $2)", skip, limit)


async def send_again(tx: Transaction, notice_id: UUID, channel: str) -> bool:
    """False where there is nothing that was given up."""
    done = await tx.fetchval(
        "UPDATE notice_delivery SET state = 'waiting', attempts = 0, reason = NULL"
        " WHERE participant_id = (SELECT app.subject()) AND notice_id = $1 AND channel = $2"
        " AND state IN ('parked', 'no_address') RETURNING true",
        notice_id,
        channel,
    )
    return bool(done)


async def settle(tx: Transaction, notice_id: UUID, channel: str) -> bool:
    """False where there is nothing that was given up, or it was settled before."""
    done = await tx.fetchval(
        "UPDATE notice_delivery SET settled_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND notice_id = $1 AND channel = $2"
        " AND state IN ('parked', 'no_address') AND settled_at IS NULL RETURNING true",
        notice_id,
        channel,
    )
    return bool(done)
