"""The state of the sealed log, as the application's role reads it."""

import asyncpg

from api.core.database import Transaction


async def state(tx: Transaction) -> asyncpg.Record:
    row = await tx.fetchrow(
        "SELECT origin, halted_reason, halted_at,"
        " coalesce((SELECT max(size) FROM log_checkpoint), 0) AS size FROM log_state"
    )
    if row is None:
        raise LookupError("log_state")
    return row


async def checkpoints(tx: Transaction, count: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT c.size, c.root, c.at,"
        " (SELECT count(*) FROM log_cosignature s WHERE s.size = c.size) AS witnesses"
        " FROM log_checkpoint c ORDER BY c.size DESC LIMIT $1",
        count,
    )


async def newest_map(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT at, participants FROM head_map ORDER BY number DESC LIMIT 1")


async def witnesses(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT witness, size, mirrored, cosigned_at, tried_at, fault, faulty_since, evidence"
        " FROM witness_state"
    )


async def runs(tx: Transaction, count: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT kind, started_at, finished_at, size, counts::text, findings::text FROM fsck_run"
        " ORDER BY run DESC LIMIT $1",
        count,
    )


async def gaps(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT first, last, at FROM log_gap ORDER BY first DESC")
