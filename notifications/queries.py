"""Outbox and inbox of one participant; delivery itself is one guarded function."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

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
        " AND event LIKE 'emergency\\_%' AND not_before > now()"
    )


async def deliver_inbox(tx: Transaction, limit: int) -> int:
    return int(await tx.fetchval("SELECT notifications_deliver_inbox($1)", limit))


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
