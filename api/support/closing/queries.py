"""Closings in SQL, and the files of what was destroyed written anew."""

import re
from datetime import timedelta
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_OPEN = "participant_id = (SELECT app.subject()) AND called_off_at IS NULL AND ended_at IS NULL"


async def add(tx: Transaction, erases_log: bool, claim_hash: bytes) -> asyncpg.Record:
    """Raises asyncpg's UniqueViolationError where one is open."""
    row = await tx.fetchrow(
        "INSERT INTO account_closing (participant_id, erases_log, claim_hash)"
        " VALUES (app.subject(), $1, $2) RETURNING asked_at, ends_at, erases_log, carried_out_at",
        erases_log,
        claim_hash,
    )
    if row is None:
        raise LookupError("nothing was inserted")
    return row


async def running(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT asked_at, ends_at, erases_log, carried_out_at, claim_hash,"  # noqa: S608
        " destroyed::text AS destroyed, reminded_at"
        f" FROM account_closing WHERE {_OPEN}"
    )


async def locked(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT asked_at, ends_at, erases_log, carried_out_at, claim_hash,"  # noqa: S608
        " destroyed::text AS destroyed, reminded_at, ends_at <= now() AS is_due"
        f" FROM account_closing WHERE {_OPEN} FOR UPDATE"
    )


async def call_off(tx: Transaction) -> bool:
    """Whether there was one that was not carried out."""
    return bool(
        await tx.fetchval(
            "UPDATE account_closing SET called_off_at = now()"  # noqa: S608
            f" WHERE {_OPEN} AND carried_out_at IS NULL RETURNING true"
        )
    )


async def reminded(tx: Transaction) -> None:
    await tx.execute(f"UPDATE account_closing SET reminded_at = now() WHERE {_OPEN}")  # noqa: S608


async def carry_out(tx: Transaction) -> str:
    """All that is destroyed but the log, counted. PostgreSQL refuses it before its time."""
    counts: str = await tx.fetchval("SELECT account_close()::text")
    return counts


async def carried_out(tx: Transaction, destroyed: str) -> None:
    await tx.execute(
        "UPDATE account_closing SET carried_out_at = now(), destroyed = $1::jsonb"  # noqa: S608
        f" WHERE {_OPEN}",
        destroyed,
    )


async def log_erased(tx: Transaction, destroyed: str) -> None:
    """The counts once more, with the log's."""
    await tx.execute(
        f"UPDATE account_closing SET destroyed = $1::jsonb WHERE {_OPEN}",  # noqa: S608
        destroyed,
    )


async def end(tx: Transaction) -> None:
    await tx.execute(f"UPDATE account_closing SET ended_at = now() WHERE {_OPEN}")  # noqa: S608


async def add_certificate(tx: Transaction, claim_hash: bytes, jws: str) -> None:
    await tx.execute(
        "INSERT INTO closing_certificate (claim_hash, jws) VALUES ($1, $2)", claim_hash, jws
    )


async def certificate_of(tx: Transaction, claim_hash: bytes) -> str | None:
    found: str | None = await tx.fetchval("SELECT closing_certificate_of($1)", claim_hash)
    return found


async def due(
    tx: Transaction, soon: timedelta, after: UUID | None, count: int
) -> list[asyncpg.Record]:
    """Whose account is to be closed now, or soon and not said yet, in the order of their ids,
    beginning after one."""
    return await tx.fetch(
        "SELECT participant_id, account_id, is_due FROM closings_due($1, $2, $3)",
        soon,
        after,
        count,
    )


async def at_counter(tx: Transaction, visit_id: UUID) -> asyncpg.Record | None:
    """For the officer whose visit of the subject lasts. Raises asyncpg's
    InsufficientPrivilegeError for everybody else."""
    return await tx.fetchrow("SELECT * FROM closing_at_the_counter($1)", visit_id)


async def begin_at_counter(
    tx: Transaction, visit_id: UUID, erases_log: bool, claim_hash: bytes
) -> asyncpg.Record:
    """Raises asyncpg's UniqueViolationError where one is open."""
    row = await tx.fetchrow(
        "SELECT * FROM closing_begin_at_the_counter($1, $2, $3)", visit_id, erases_log, claim_hash
    )
    if row is None:
        raise LookupError("nothing was inserted")
    return row


async def call_off_at_counter(tx: Transaction, visit_id: UUID) -> bool:
    """Whether there was one that was not carried out."""
    return bool(await tx.fetchval("SELECT closing_call_off_at_the_counter($1)", visit_id))


async def write_anew(connection: asyncpg.Connection, table: str) -> bool:
    """In no transaction, by the role that maintains `table`, a constant. Whether nothing that was
    deleted came along, which PostgreSQL tells in numbers alone."""
    said: list[str] = []

    def listen(_: object, message: asyncpg.PostgresLogMessage) -> None:
        said.append(message.detail or "")

    connection.add_log_listener(listen)
    try:
        await connection.execute(f"VACUUM (FULL, VERBOSE) {table}")
    finally:
        connection.remove_log_listener(listen)
    counted = [int(found[0]) for each in said if (found := re.search(r"\d+", each))]
    return bool(counted) and counted[0] == 0


async def turn_log(connection: asyncpg.Connection) -> None:
    """Raises asyncpg's InsufficientPrivilegeError where the server does not let this role."""
    await connection.fetchval("SELECT pg_switch_wal()")
    await connection.execute("CHECKPOINT")


async def is_log_recycled(connection: asyncpg.Connection) -> bool:
    """Whether a segment of the write-ahead log that is over is used again."""
    return bool(await connection.fetchval("SELECT current_setting('wal_recycle') <> 'off'"))
