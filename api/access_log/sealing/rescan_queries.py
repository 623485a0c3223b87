"""The SQL of looking at everything once, in pieces that no transaction holds for long."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from api.access_log.sealing.queries import SYSTEM_ENTRY
from api.access_log.verifier import MERGE_DELAY

PEOPLE: Final = 200
ROWS: Final = 2_000
PROMISE_SECONDS: Final = MERGE_DELAY // 1_000_000

# Since 1970 UTC, as commits have it.
_AT = "(extract(epoch FROM s.at) * 1000000)::bigint AS at"
_IS_LATE = f"s.at < clock_timestamp() - interval '{PROMISE_SECONDS} seconds' AS is_late"
# Clocks of servers are set right by seconds, not by more.
LEEWAY_SECONDS: Final = 300
_IS_AHEAD = f"s.at > clock_timestamp() + interval '{LEEWAY_SECONDS} seconds' AS is_ahead"
_COLUMNS = (
    f"s.eid, {_AT}, {_IS_LATE}, {_IS_AHEAD}, s.event, s.outcome, s.actor_kind, s.actor_id,"
    " s.facility_id, s.inner_hash, s.commit, s.sealed, l.idx AS leaf"
)
# The kinds of entries that stand for a row, and the columns such an entry may come from.
SOURCES: Final = {
    1: ("access_event.commit", "system_event.commit"),
    2: ("system_event.commit",),
    5: ("head_map.value",),
    6: ("key_change.value",),
    7: ("erasure_certificate.value",),
}

# Beside the months of `access_event`.
GUARDED: Final = (
    "access_event",
    "system_event",
    "erasure_certificate",
    "log_entry",
    "log_tile",
    "log_root",
    "log_checkpoint",
    "log_cosignature",
    "log_gap",
    "key_change",
    "head_map",
    "fsck_run",
    "reconciliation",
    "unknown_receipt",
)


async def events_in_all(connection: asyncpg.Connection) -> int:
    """As the heads count them."""
    return int(
        await connection.fetchval("SELECT coalesce(sum(last_pseq), 0)::bigint FROM access_log_head")
    )


async def heads_after(connection: asyncpg.Connection, position: int) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT participant_id, position, last_pseq, last_commit, key_version FROM access_log_head"
        " WHERE position > $1 ORDER BY position LIMIT $2",
        position,
        PEOPLE,
    )
    return rows


async def keys_of(
    connection: asyncpg.Connection, participants: Sequence[UUID]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT participant_id, version, wrapped FROM keystore.participant_key"
        " WHERE participant_id = ANY ($1) AND purpose = 'log'",
        participants,
    )
    return rows


async def certificates_of(
    connection: asyncpg.Connection, participants: Sequence[UUID]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT s.participant_id, {_AT}, s.events, s.last_commit, s.value"  # noqa: S608 - constants
        " FROM erasure_certificate s WHERE s.participant_id = ANY ($1) ORDER BY s.at",
        participants,
    )
    return rows


async def events_of(
    connection: asyncpg.Connection, participants: Sequence[UUID]
) -> AsyncIterator[asyncpg.Record]:
    """By participant and number; inside a transaction."""
    sql = (
        f"SELECT {_COLUMNS}, s.participant_id, s.pseq, s.prev, s.key_version,"  # noqa: S608 - constants
        " s.purpose_of_use FROM access_event s"
        r" LEFT JOIN log_entry l ON l.entry = '\x0101'::bytea || s.commit"
        " WHERE s.participant_id = ANY ($1) ORDER BY s.participant_id, s.pseq"
    )
    async for row in connection.cursor(sql, participants, prefetch=ROWS):
        yield row


async def system_events(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Record]:
    sql = (
        f"SELECT {_COLUMNS} FROM system_event s"  # noqa: S608 - constants
        f" LEFT JOIN log_entry l ON l.entry = {SYSTEM_ENTRY}"
    )
    async for row in connection.cursor(sql, prefetch=ROWS):
        yield row


async def people_without_head(connection: asyncpg.Connection) -> list[UUID]:
    rows = await connection.fetch(
        "SELECT DISTINCT participant_id FROM access_event e WHERE NOT EXISTS"
        " (SELECT FROM access_log_head h WHERE h.participant_id = e.participant_id)"
    )
    return [row["participant_id"] for row in rows]


async def entries_without_source(
    connection: asyncpg.Connection, kind: int, first: int, until: int
) -> list[int]:
    """Places; those a restore left without events are known."""
    nowhere = "".join(
        f" AND NOT EXISTS (SELECT FROM {each.partition('.')[0]} WHERE {each} = substr(l.entry, 3))"
        for each in SOURCES[kind]
    )
    rows = await connection.fetch(
        "SELECT l.idx FROM log_entry l"  # noqa: S608 - constants
        f" WHERE l.idx >= $1 AND l.idx < $2 AND get_byte(l.entry, 1) = $3{nowhere}"
        " AND NOT EXISTS (SELECT FROM log_gap g WHERE l.idx BETWEEN g.first AND g.last)"
        " ORDER BY l.idx",
        first,
        until,
        kind,
    )
    return [row["idx"] for row in rows]


async def all_without_source(connection: asyncpg.Connection, first: int, until: int) -> list[int]:
    """In ascending order."""
    found: list[int] = []
    for kind in SOURCES:
        found += await entries_without_source(connection, kind, first, until)
    return sorted(found)


async def people_without_keys(connection: asyncpg.Connection) -> list[UUID]:
    """Who has bodies that no key opens, and no certificate that says why."""
    rows = await connection.fetch(
        "SELECT DISTINCT e.participant_id FROM access_event e WHERE e.sealed IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM keystore.participant_key k"
        "  WHERE k.participant_id = e.participant_id AND k.purpose = 'log'"
        "  AND k.version = e.key_version)"
    )
    return [row["participant_id"] for row in rows]


async def rows_without_entry(connection: asyncpg.Connection, kind: int) -> int:
    """Of key changes, certificates and maps older than what is promised of events."""
    (source,) = SOURCES[kind]
    table, _, column = source.partition(".")
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM {table} s"  # noqa: S608 - constants
            f" WHERE s.at < clock_timestamp() - interval '{PROMISE_SECONDS} seconds' AND NOT EXISTS"
            f" (SELECT FROM log_entry l WHERE l.entry = $1::bytea || s.{column})",
            bytes((1, kind)),
        )
    )


async def roots_between(
    connection: asyncpg.Connection, after: int, until: int
) -> list[tuple[int, bytes]]:
    rows = await connection.fetch(
        "SELECT size, root FROM log_root WHERE size > $1 AND size <= $2 ORDER BY size",
        after,
        until,
    )
    return [(row["size"], row["root"]) for row in rows]


async def tiles_beyond(connection: asyncpg.Connection, size: int) -> int:
    """How many tiles begin after the end of a tree of this size."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM log_tile"
            " WHERE (idx << 8) >= ($1::bigint >> (8 * level::integer))",
            size,
        )
    )


async def checkpoints(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Record]:
    """With the root that is stored for the size; inside a transaction."""
    sql = (
        "SELECT c.size, c.root, c.note, r.root AS committed FROM log_checkpoint c"
        " LEFT JOIN log_root r USING (size) ORDER BY size"
    )
    async for row in connection.cursor(sql, prefetch=ROWS):
        yield row


async def cosignatures(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Record]:
    sql = (
        "SELECT s.size, s.witness, s.line, c.note FROM log_cosignature s"
        " LEFT JOIN log_checkpoint c USING (size) ORDER BY size"
    )
    async for row in connection.cursor(sql, prefetch=ROWS):
        yield row


async def kept_maps(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Those that proofs may still be made from."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT number, (extract(epoch FROM at) * 1000000)::bigint AS at, root, value FROM head_map"
        " WHERE number IN (SELECT map FROM head_map_tile)"
        "  OR number = (SELECT max(number) FROM head_map) ORDER BY number"
    )
    return rows


async def map_tiles(connection: asyncpg.Connection, number: int) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT level, idx, hashes, numbers FROM head_map_tile WHERE map = $1 ORDER BY level, idx",
        number,
    )
    return rows


async def counted_heads(
    connection: asyncpg.Connection, positions: Sequence[int], numbers: Sequence[int]
) -> list[asyncpg.Record]:
    """Who stands at these positions, and the commit of their event of these numbers."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT w.position, w.number, h.participant_id, e.commit"
        " FROM unnest($1::bigint[], $2::bigint[]) AS w(position, number)"
        " LEFT JOIN access_log_head h ON h.position = w.position"
        " LEFT JOIN LATERAL (SELECT commit FROM access_event e"
        "  WHERE e.participant_id = h.participant_id AND e.pseq = w.number LIMIT 1) e ON true"
        " ORDER BY w.position",
        positions,
        numbers,
    )
    return rows


async def uncounted(
    connection: asyncpg.Connection,
    map_number: int,
    positions: Sequence[int],
    numbers: Sequence[int],
) -> int:
    """How many people have an event beyond what a map counts that was in the tree before it.

    Whatever is under a root that was committed before the map was begun, the map counts.
    """
    return int(
        await connection.fetchval(
            "SELECT count(DISTINCT h.participant_id) FROM access_log_head h"
            " LEFT JOIN unnest($2::bigint[], $3::bigint[]) AS w(position, number)"
            "  ON w.position = h.position"
            " JOIN access_event e ON e.participant_id = h.participant_id"
            "  AND e.pseq = coalesce(w.number, 0) + 1"
            r" JOIN log_entry l ON l.entry = '\x0101'::bytea || e.commit"
            " WHERE l.idx < (SELECT max(size) FROM log_root"
            "  WHERE at < (SELECT at FROM head_map WHERE number = $1))",
            map_number,
            positions,
            numbers,
        )
    )


async def events_of_later_epochs(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Of a life of the database that has not begun."""
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT participant_id, pseq FROM access_event"
        " WHERE epoch > (SELECT epoch FROM log_state) ORDER BY 1, 2"
    )
    return rows


async def unguarded_tables(connection: asyncpg.Connection) -> int:
    """How many tables of the log lack a trigger that refuses changes even in replica mode."""
    return int(
        await connection.fetchval(
            "WITH guarded(relation, name) AS ("
            "  SELECT t::regclass, n FROM unnest($1::text[]) t"
            "   CROSS JOIN unnest(ARRAY['append_only', 'append_only_truncate']) n"
            "  UNION ALL SELECT i.inhrelid, n FROM pg_inherits i"
            "   CROSS JOIN unnest(ARRAY['append_only', 'append_only_truncate']) n"
            "   WHERE i.inhparent = 'access_event'::regclass"
            "  UNION ALL VALUES ('access_log_head'::regclass, 'nothing_is_owed'))"
            " SELECT count(DISTINCT relation) FROM guarded g WHERE NOT EXISTS"
            " (SELECT FROM pg_trigger t WHERE t.tgrelid = g.relation AND t.tgname = g.name"
            "  AND t.tgenabled = 'A')",
            GUARDED,
        )
    )


async def add_run(
    connection: asyncpg.Connection,
    kind: str,
    started_at: datetime,
    size: int,
    counts: str,
    findings: str,
) -> None:
    await connection.execute(
        "INSERT INTO fsck_run (run, kind, started_at, size, counts, findings)"
        " SELECT coalesce((SELECT max(run) FROM fsck_run), 0) + 1, $1, $2, $3, $4::jsonb,"
        " $5::jsonb",
        kind,
        started_at,
        size,
        counts,
        findings,
    )
