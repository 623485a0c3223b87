"""The sealed log as the application's role reads it."""

from typing import Final

import asyncpg

from api.core.database import Transaction

# Times are microseconds since 1970 UTC, as commits have them.
_EVENT: Final = (
    "SELECT s.participant_id, s.pseq, s.eid, (extract(epoch FROM s.at) * 1000000)::bigint AS at,"
    " s.event, s.outcome, s.inner_hash, s.prev, s.commit, s.sealed, s.key_version,"
    " l.idx AS leaf FROM access_event s"
    r" LEFT JOIN log_entry l ON l.entry = '\x0101'::bytea || s.commit"
    " WHERE s.participant_id = (SELECT app.subject())"
)


async def origin(tx: Transaction) -> str | None:
    found: str | None = await tx.fetchval("SELECT origin FROM log_state")
    return found


async def checkpoints(tx: Transaction) -> list[asyncpg.Record]:
    """The newest, and the newest that a witness cosigned; with the witnesses' lines."""
    return await tx.fetch(
        "SELECT c.size, c.root, c.note, coalesce((SELECT string_agg(line, '' ORDER BY witness)"
        "  FROM log_cosignature s WHERE s.size = c.size), '') AS lines FROM log_checkpoint c"
        " WHERE c.size IN ((SELECT max(size) FROM log_checkpoint),"
        "  (SELECT max(size) FROM log_cosignature)) ORDER BY c.size DESC"
    )


async def key_changes(tx: Transaction) -> list[str]:
    """Oldest first."""
    return [row["note"] for row in await tx.fetch("SELECT note FROM key_change ORDER BY number")]


async def tile(tx: Transaction, level: int, index: int) -> bytes | None:
    hashes: bytes | None = await tx.fetchval(
        "SELECT hashes FROM log_tile WHERE level = $1 AND idx = $2", level, index
    )
    return hashes


async def signed_size(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT coalesce(max(size), 0) FROM log_checkpoint"))


async def head(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT participant_id, position, last_commit FROM access_log_head"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def erased_upto(tx: Transaction) -> int:
    return int(
        await tx.fetchval(
            "SELECT coalesce(max(events), 0) FROM erasure_certificate"
            " WHERE participant_id = (SELECT app.subject())"
        )
    )


async def newest_map(tx: Transaction, size: int) -> asyncpg.Record | None:
    """Of those in the tree of this size, if its tiles are still kept."""
    return await tx.fetchrow(
        "SELECT m.number, (extract(epoch FROM m.at) * 1000000)::bigint AS at, m.root,"
        " l.idx AS leaf FROM head_map m"
        r" JOIN log_entry l ON l.entry = '\x0105'::bytea || m.value"
        " WHERE l.idx < $1 AND EXISTS (SELECT FROM head_map_tile t WHERE t.map = m.number)"
        " ORDER BY m.number DESC LIMIT 1",
        size,
    )


async def map_tiles(tx: Transaction, number: int, position: int) -> list[asyncpg.Record]:
    """The four on the way from this position up."""
    return await tx.fetch(
        "SELECT level, idx, hashes, numbers FROM head_map_tile"
        " WHERE map = $1 AND idx = $2::bigint >> (8 * (level::integer + 1))",
        number,
        position,
    )


async def events_after(tx: Transaction, number: int) -> list[asyncpg.Record]:
    """The subject's own, in order."""
    return await tx.fetch(f"{_EVENT} AND s.pseq > $1 ORDER BY s.pseq", number)


async def event(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(f"{_EVENT} AND s.pseq = $1", number)


async def leaf_of(tx: Transaction, commit: bytes) -> int | None:
    leaf: int | None = await tx.fetchval(
        r"SELECT idx FROM log_entry WHERE entry = '\x0101'::bytea || $1", commit
    )
    return leaf


async def commit_of(tx: Transaction, number: int) -> bytes:
    commit: bytes = await tx.fetchval(
        "SELECT commit FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND pseq = $1",
        number,
    )
    return commit


async def gaps(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT first, last, at FROM log_gap ORDER BY first")
