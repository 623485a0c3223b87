"""All SQL of sealing; it runs on the sealer's own connection."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from api.access_log.transparency.head_map import MapTile
from api.access_log.transparency.tiles import Tile

Connect = Callable[[], Awaitable[asyncpg.Connection]]
# Any number, the same for every sealer of a database.
_LOCK = 0x7365616C6572
_ROTATING = _LOCK + 1

# What a facility asked of somebody who is not here looks like what it asked of a participant who
# does not let it in: whoever holds the receipt could try both types of leaf in the public tiles.
SYSTEM_ENTRY = (
    r"CASE WHEN s.facility_id IS NULL THEN '\x0102'::bytea ELSE '\x0101'::bytea END || s.commit"
)
# What goes into the tree: events first, so that a head map stands after every event it counts.
_SOURCES = (
    ("access_event", r"'\x0101'::bytea || s.commit", 0),
    ("system_event", SYSTEM_ENTRY, 0),
    ("erasure_certificate", r"'\x0107'::bytea || s.value", 1),
    ("key_change", r"'\x0106'::bytea || s.value", 2),
    ("head_map", r"'\x0105'::bytea || s.value", 3),
)


def _due(condition: str) -> str:
    return " UNION ALL ".join(
        f"SELECT {rank} AS rank, xid, {entry} AS entry FROM {table} s"  # noqa: S608 - constants
        f" WHERE {condition.format(entry=entry)}"
        for table, entry, rank in _SOURCES
    )


# Not over when `seen` was taken: later ids, and those in progress then. Two ranges of an index.
_UNSEEN = _due("epoch = $2 AND xid >= pg_snapshot_xmax($3::text::pg_snapshot)") + (
    " UNION ALL "
    + _due("epoch = $2 AND xid = ANY (ARRAY(SELECT pg_snapshot_xip($3::text::pg_snapshot)))")
)
# Of earlier lives of the database: ids say nothing any more, the tree does.
_LEFT_OVER = _due("epoch < $2 AND NOT EXISTS (SELECT FROM log_entry e WHERE e.entry = {entry})")
_TAKE_IN = """
WITH due AS ({due}), taken AS (
  INSERT INTO log_entry (idx, entry)
  SELECT $1 + row_number() OVER (ORDER BY rank, xid) - 1, entry FROM due
  RETURNING idx, entry
)
SELECT string_agg(leaves, ''::bytea ORDER BY part) FROM (
  SELECT idx >> 12 AS part,
    string_agg(sha256('\\x00'::bytea || entry), ''::bytea ORDER BY idx) AS leaves
  FROM taken GROUP BY 1
) parts
"""


class State(NamedTuple):
    """`size` and `root` of the newest tree, `entries` how many there really are; `seen` None:
    nothing was sealed yet. `origin` is "" before `fix_origin`."""

    origin: str
    epoch: int
    halted_reason: str | None
    size: int
    root: bytes
    entries: int
    seen: str | None
    seen_epoch: int | None
    is_same_cluster: bool
    ids_went_back: bool


async def try_lock(connection: asyncpg.Connection) -> bool:
    """Held until the connection ends, however it ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))


async def state(connection: asyncpg.Connection) -> State:
    row = await connection.fetchrow(
        "SELECT coalesce(s.origin, ''), s.epoch, s.halted_reason, coalesce(r.size, 0),"
        " coalesce(r.root, ''::bytea),"
        " coalesce((SELECT max(idx) + 1 FROM log_entry), 0), c.seen, c.epoch,"
        " coalesce(c.epoch <> s.epoch OR c.cluster = p.system_identifier, true),"
        " coalesce(c.epoch = s.epoch AND pg_snapshot_xmax(c.seen::pg_snapshot)"
        "  > pg_snapshot_xmax(pg_current_snapshot()), false)"
        " FROM log_state s CROSS JOIN pg_control_system() p LEFT JOIN log_cursor c ON true"
        " LEFT JOIN LATERAL (SELECT size, root FROM log_root ORDER BY size DESC LIMIT 1) r ON true"
    )
    return State(*row)


async def fix_origin(connection: asyncpg.Connection, origin: str) -> None:
    await connection.execute("UPDATE log_state SET origin = $1 WHERE origin IS NULL", origin)


async def halt(connection: asyncpg.Connection, reason: str) -> None:
    """The first reason stays."""
    await connection.execute(
        "UPDATE log_state SET halted_reason = $1, halted_at = clock_timestamp()"
        " WHERE halted_reason IS NULL",
        reason,
    )


async def take_in(connection: asyncpg.Connection, size: int, epoch: int, seen: str | None) -> bytes:
    """Makes entries of what is due, and answers their leaves; inside a transaction of one snapshot.

    `seen` None: rows of every earlier epoch that are not in the tree yet come first.
    """
    leaves: bytes = b""
    if seen is None:
        leaves = await connection.fetchval(_TAKE_IN.format(due=_LEFT_OVER), size, epoch) or b""
        seen = "1:1:"
    size += len(leaves) // 32
    return leaves + (
        await connection.fetchval(_TAKE_IN.format(due=_UNSEEN), size, epoch, seen) or b""
    )


async def add_entries(connection: asyncpg.Connection, first: int, entries: Sequence[bytes]) -> None:
    await connection.copy_records_to_table(
        "log_entry", columns=("idx", "entry"), records=enumerate(entries, first)
    )


async def move_cursor(connection: asyncpg.Connection, epoch: int) -> None:
    """To the snapshot of this transaction."""
    await connection.execute(
        "INSERT INTO log_cursor (epoch, seen, cluster)"
        " SELECT $1, pg_current_snapshot()::text, system_identifier FROM pg_control_system()"
        " ON CONFLICT (only_one) DO UPDATE SET epoch = excluded.epoch, seen = excluded.seen,"
        " cluster = excluded.cluster",
        epoch,
    )


async def entries(connection: asyncpg.Connection, first: int, until: int) -> bytes:
    found: bytes | None = await connection.fetchval(
        "SELECT string_agg(entry, ''::bytea ORDER BY idx) FROM log_entry"
        " WHERE idx >= $1 AND idx < $2",
        first,
        until,
    )
    return found or b""


async def put_tiles(connection: asyncpg.Connection, changed: Sequence[Tile]) -> None:
    await connection.execute(
        "INSERT INTO log_tile (level, idx, hashes)"
        " SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])"
        " ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes",
        [tile.level for tile in changed],
        [tile.number for tile in changed],
        [tile.hashes for tile in changed],
    )


async def add_root(connection: asyncpg.Connection, size: int, root: bytes) -> None:
    await connection.execute("INSERT INTO log_root (size, root) VALUES ($1, $2)", size, root)


async def head_map_is_due(connection: asyncpg.Connection, every: timedelta) -> bool:
    """The first one as soon as anybody has an event."""
    return bool(
        await connection.fetchval(
            "SELECT CASE WHEN m.at IS NULL"
            "  THEN EXISTS (SELECT FROM access_log_head WHERE last_pseq > 0)"
            "  ELSE m.at < clock_timestamp() - $1::interval END"
            " FROM (SELECT max(at) AS at FROM head_map) m",
            every,
        )
    )


async def heads(connection: asyncpg.Connection) -> tuple[int, bytes]:
    """Of who has events, by position: when in microseconds, and for each u64 position, participant,
    u64 events, last commit."""
    row = await connection.fetchrow(
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, coalesce(string_agg("
        " int8send(position) || uuid_send(participant_id) || int8send(last_pseq) || last_commit,"
        " ''::bytea ORDER BY position), ''::bytea) FROM access_log_head WHERE last_pseq > 0"
    )
    return row[0], row[1]


async def add_head_map(
    connection: asyncpg.Connection, at: int, root: bytes, participants: int, value: bytes
) -> int:
    """Its number."""
    return int(
        await connection.fetchval(
            "INSERT INTO head_map (number, at, root, participants, value, epoch)"
            " SELECT coalesce((SELECT max(number) FROM head_map), 0) + 1,"
            " timestamptz 'epoch' + $1 * interval '1 microsecond', $2, $3, $4, s.epoch"
            " FROM log_state s RETURNING number",
            at,
            root,
            participants,
            value,
        )
    )


async def put_head_map_tiles(
    connection: asyncpg.Connection, number: int, tiles: Sequence[MapTile]
) -> None:
    await connection.copy_records_to_table(
        "head_map_tile",
        columns=("map", "level", "idx", "hashes", "numbers"),
        records=[(number, *tile) for tile in tiles],
    )


async def forget_head_map_tiles(connection: asyncpg.Connection, number: int) -> None:
    """Of this map and those before."""
    await connection.execute("DELETE FROM head_map_tile WHERE map <= $1", number)


async def newest_note(connection: asyncpg.Connection) -> str | None:
    note: str | None = await connection.fetchval(
        "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1"
    )
    return note


async def last_fsck_at(connection: asyncpg.Connection) -> datetime | None:
    """When it began."""
    found: datetime | None = await connection.fetchval(
        "SELECT max(started_at) FROM fsck_run WHERE kind = 'fsck'"
    )
    return found


async def tenant_key(connection: asyncpg.Connection) -> bytes:
    wrapped: bytes = await connection.fetchval("SELECT wrapped FROM keystore.tenant_key")
    return wrapped


async def others_are_connected(connection: asyncpg.Connection) -> bool:
    return bool(
        await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename IN ('tsunagu_app', 'tsunagu_sealer') AND pid <> pg_backend_pid()"
        )
    )


async def erase_again(connection: asyncpg.Connection) -> tuple[int, int]:
    """Keys and bodies that a certificate says are gone, and a restore brought back."""
    row = await connection.fetchrow("SELECT keys, bodies FROM access_log_erase_again()")
    return row["keys"], row["bodies"]


async def begin_epoch(connection: asyncpg.Connection) -> None:
    """Another life of the database: signing may go on, and transaction ids count from here."""
    await connection.execute(
        "UPDATE log_state SET epoch = epoch + 1, halted_reason = NULL, halted_at = NULL"
    )


async def add_gaps(connection: asyncpg.Connection, gaps: Sequence[tuple[int, int]]) -> None:
    await connection.executemany("INSERT INTO log_gap (first, last) VALUES ($1, $2)", gaps)


async def signed_size(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT coalesce(max(size), 0) FROM log_checkpoint"))


async def notes_to_keep(connection: asyncpg.Connection) -> list[str]:
    """The newest checkpoint, and the newest that a witness cosigned."""
    rows = await connection.fetch(
        "SELECT note FROM log_checkpoint WHERE size IN ((SELECT max(size) FROM log_checkpoint),"
        " (SELECT max(size) FROM log_cosignature))"
    )
    return [row["note"] for row in rows]


async def add_checkpoint(connection: asyncpg.Connection, size: int, root: bytes, note: str) -> None:
    """Raises `asyncpg.UniqueViolationError` when the size is signed already."""
    await connection.execute(
        "INSERT INTO log_checkpoint (size, root, note) VALUES ($1, $2, $3)", size, root, note
    )


async def key_change_notes(connection: asyncpg.Connection) -> list[str]:
    """Oldest first."""
    rows = await connection.fetch("SELECT note FROM key_change ORDER BY number")
    return [row["note"] for row in rows]


async def lock_key_changes(connection: asyncpg.Connection) -> None:
    """Until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _ROTATING)


async def add_key_change(connection: asyncpg.Connection, note: str, value: bytes) -> None:
    await connection.execute(
        "INSERT INTO key_change (number, note, value, epoch)"
        " SELECT coalesce((SELECT max(number) FROM key_change), 0) + 1, $1, $2, s.epoch"
        " FROM log_state s",
        note,
        value,
    )
