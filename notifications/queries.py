"""Outbox and inbox of one participant; what crosses participants are guarded functions."""

from collections.abc import Sequence
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
