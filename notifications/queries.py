"""Outbox and inbox of one participant; what crosses participants are guarded functions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from api.core.database import Transaction


async def enqueue(tx: Transaction, event: str, params: str) -> None:
    await tx.execute(
        "INSERT INTO outbox (participant_id, event, params, channel)"
        " VALUES (app.subject(), $1, $2::jsonb, 'inbox')",
        event,
        params,
    )


async def hold_anew(tx: Transaction) -> None:
    """To when they move is PostgreSQL's to say."""
    await tx.execute(
        "UPDATE outbox SET not_before = NULL WHERE participant_id = (SELECT app.subject())"
        " AND app.waits_for_a_hold(event) AND not_before > now()"
    )


async def due(
    tx: Transaction, these: Sequence[tuple[UUID, UUID]] | None, limit: int
) -> list[asyncpg.Record]:
    """Participant, id and event of notices that are due: of `these`, or the oldest; locked."""
    participants = None if these is None else [participant for participant, _ in these]
    notices = None if these is None else [notice for _, notice in these]
    return await tx.fetch(
        "SELECT participant_id, notice_id, event FROM notifications_due($1, $2, $3)",
        participants,
        notices,
        limit,
    )


async def recipients(tx: Transaction, subjects: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT subject_id, participant_id, part, about, is_safe, channels,"
        " chosen::text AS chosen, quiet_from, quiet_until FROM notifications_recipients($1)",
        list(subjects),
    )


async def place(
    tx: Transaction,
    these: Sequence[tuple[UUID, UUID]],
    deliveries: Sequence[dict[str, object]],
    copies: Sequence[dict[str, object]],
) -> int:
    return int(
        await tx.fetchval(
            "SELECT notifications_place($1, $2, $3::jsonb, $4::jsonb)",
            [participant for participant, _ in these],
            [notice for _, notice in these],
            msgspec.json.encode(deliveries).decode(),
            msgspec.json.encode(copies).decode(),
        )
    )


async def attempt(tx: Transaction, keys: Sequence[tuple[UUID, UUID, str]]) -> list[dict[str, Any]]:
    """Begins one attempt at each that waits, with where it goes."""
    rows = await tx.fetch(
        f"SELECT {_ATTEMPT} FROM notifications_attempt($1, $2, $3, NULL)",  # noqa: S608 - constant
        [participant for participant, _, _ in keys],
        [notice for _, notice, _ in keys],
        [channel for _, _, channel in keys],
    )
    return [_attempted(row) for row in rows]


async def attempt_oldest(
    tx: Transaction, channels: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    rows = await tx.fetch(
        f"SELECT {_ATTEMPT} FROM notifications_attempt(NULL, NULL, $1, $2)",  # noqa: S608 - constant
        list(channels),
        limit,
    )
    return [_attempted(row) for row in rows]


_ATTEMPT = (
    "participant_id, notice_id, channel, event, attempts, reached, addresses::text AS addresses"
)


def _attempted(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {"addresses": msgspec.json.decode(row["addresses"] or "[]")}


async def note(tx: Transaction, outcomes: Sequence[dict[str, object]]) -> None:
    await tx.execute("SELECT notifications_note($1::jsonb)", msgspec.json.encode(outcomes).decode())


async def requeue(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT notifications_requeue()"))


async def is_overdue(tx: Transaction, seconds: int) -> bool:
    """Whether a notice has been due for so long that no worker can be at work."""
    return bool(await tx.fetchval("SELECT notifications_overdue($1)", seconds))


async def code_wanted(tx: Transaction, participant_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT wanted, nonce, locale FROM notifications_code_wanted($1)", participant_id
    )


async def unread(tx: Transaction) -> int:
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM inbox_notice"
            " WHERE participant_id = (SELECT app.subject()) AND read_at IS NULL"
        )
    )


async def count(tx: Transaction) -> int:
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM inbox_notice WHERE participant_id = (SELECT app.subject())"
        )
    )


async def inbox(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT notice_id, event, params::text AS params, created_at, read_at FROM inbox_notice"
        " WHERE participant_id = (SELECT app.subject())"
        " ORDER BY created_at DESC, notice_id DESC OFFSET $1 LIMIT $2",
        skip,
        limit,
    )


async def mark_read(tx: Transaction, ids: Sequence[UUID]) -> None:
    await tx.execute(
        "UPDATE inbox_notice SET read_at = now() WHERE participant_id = (SELECT app.subject())"
        " AND notice_id = ANY ($1) AND read_at IS NULL",
        list(ids),
    )


async def letters(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT participant_id, name, address, notices::text AS notices"
        " FROM notifications_letters($1)",
        limit,
    )


async def posted(tx: Transaction, participant_id: UUID, notices: Sequence[UUID]) -> int:
    rows = await tx.fetch(
        "UPDATE notice_delivery SET state = 'sent', sent_at = now(), reason = NULL"
        " WHERE participant_id = $1 AND notice_id = ANY ($2) AND channel = 'letter'"
        " AND state = 'waiting' RETURNING 1",
        participant_id,
        list(notices),
    )
    return len(rows)


async def held_up(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT channel, reason, notices FROM notifications_held_up()")
