"""Appending through the guarded functions, keys, and reading one's own rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from api.core.database import Transaction

Connection: TypeAlias = Any  # asyncpg's own, or what its pool lends
Record: TypeAlias = asyncpg.Record


class OwedEvent(NamedTuple):
    """`commit` is what it must come to, None where nobody needs to know."""

    participant_id: UUID
    outcome: str
    eid: UUID
    inner: bytes
    sealed: bytes
    key_version: int
    commit: bytes | None


async def append(
    tx: Transaction,
    event: str,
    outcome: str,
    eid: UUID,
    inner: bytes,
    sealed: bytes,
    key_version: int,
) -> Record:
    """`pseq` is None where the key is no longer in force; nothing was appended then."""
    return _one(
        await tx.fetchrow(
            "SELECT pseq, at, commit FROM access_log_append($1, $2, $3, $4, $5, $6)",
            event,
            outcome,
            eid,
            inner,
            sealed,
            key_version,
        )
    )


async def append_owed(connection: Connection, events: Sequence[OwedEvent]) -> None:
    """Names each participant once. Raises what `is_not_owed` knows."""
    await connection.execute(
        "SELECT access_log_append_owed($1, $2, $3, $4, $5, $6, $7)", *zip(*events, strict=True)
    )


def append_owed_text(events: Sequence[OwedEvent]) -> str:
    """The same with its values in it. They are ids, codes and bytes: none can end a literal."""
    columns = zip(*events, strict=True)
    return f"SELECT access_log_append_owed({', '.join(map(_array, columns))})"


def first_access_text(pairs: Sequence[tuple[UUID, UUID]]) -> str:
    """Notes which facilities saw records of whom, of reads this transaction has appended."""
    participants, facilities = zip(*pairs, strict=True)
    return f"SELECT access_log_first_access({_array(participants)}, {_array(facilities)})"


def is_not_owed(error: BaseException) -> bool:
    """A key is no longer in force, or something else stands in an event's place."""
    return getattr(error, "sqlstate", None) == "TL001"


def _array(values: Sequence[object]) -> str:
    return "'{" + ",".join(map(_literal, values)) + "}'"


def _literal(value: object) -> str:
    match value:
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case UUID() | int():
            return str(value)
        case "permitted" | "denied":
            return str(value)
        case None:
            return "NULL"
        case _:
            raise TypeError(type(value).__name__)


async def append_system(
    tx: Transaction, event: str, outcome: str, eid: UUID, inner: bytes, sealed: bytes
) -> Record:
    return _one(
        await tx.fetchrow(
            "SELECT at, commit FROM access_log_append_system($1, $2, $3, $4, $5)",
            event,
            outcome,
            eid,
            inner,
            sealed,
        )
    )


async def make_months(tx: Transaction, ahead: int) -> None:
    await tx.execute("SELECT access_log_make_months($1)", ahead)


async def origin(tx: Transaction) -> str | None:
    found: str | None = await tx.fetchval("SELECT origin FROM log_state")
    return found


async def tenant_key(connection: Connection) -> bytes:
    wrapped: bytes = await connection.fetchval("SELECT wrapped FROM keystore.tenant_key")
    return wrapped


async def take_keys(
    connection: Connection, participants: Sequence[UUID], fresh: Sequence[bytes]
) -> list[Record]:
    rows: list[Record] = await connection.fetch(
        "SELECT participant_id, version, wrapped, is_settled FROM keystore_take_keys($1, $2)",
        participants,
        fresh,
    )
    return rows


async def phr_keys(
    connection: Connection, participants: Sequence[UUID], fresh: Sequence[bytes]
) -> list[Record]:
    rows: list[Record] = await connection.fetch(
        "SELECT participant_id, wrapped, is_settled FROM keystore_phr_keys($1, $2)",
        participants,
        fresh,
    )
    return rows


async def keys_of_subject(connection: Connection) -> list[Record]:
    rows: list[Record] = await connection.fetch(
        "SELECT participant_id, version, wrapped FROM keystore.participant_key"
        " WHERE participant_id = (SELECT app.subject()) AND purpose = 'log'"
    )
    return rows


async def erase(tx: Transaction, reason: str) -> Record:
    return _one(
        await tx.fetchrow("SELECT events, at, last_commit, value FROM access_log_erase($1)", reason)
    )


async def newest_at(tx: Transaction) -> datetime | None:
    found: datetime | None = await tx.fetchval(
        "SELECT max(at) FROM access_event WHERE participant_id = (SELECT app.subject())"
    )
    return found


async def erased_upto(tx: Transaction) -> int:
    """The number of the last event whose body was made unreadable; 0 for none."""
    return int(
        await tx.fetchval(
            "SELECT coalesce(max(events), 0) FROM erasure_certificate"
            " WHERE participant_id = (SELECT app.subject())"
        )
    )


_COLUMNS = (
    "participant_id, pseq, eid, at, event, outcome, actor_kind, actor_id, facility_id,"
    " purpose_of_use, sealed, key_version, commit"
)
# Over the readable columns alone; $1 to $13 are what `filters.bounds` gives. The columns of an
# event under an embargo say nothing, also after its day: those that match are named one by one.
_WANTED = (
    " FROM access_event WHERE participant_id = (SELECT app.subject())"
    " AND ($13::bigint[] IS NULL OR pseq = ANY ($13)"
    "   OR (event <> 'access_log:event:withheld'"
    "     AND ($1::text[] IS NULL OR event = ANY ($1) OR actor_kind = ANY ($2)"
    "       OR purpose_of_use = ANY ($3))"
    "     AND ($4::uuid IS NULL OR facility_id = $4) AND ($5::uuid IS NULL OR actor_id = $5)"
    "     AND ($6::text IS NULL OR purpose_of_use = $6) AND ($7::text IS NULL OR outcome = $7)"
    "     AND ($11::text[] IS NULL OR event = ANY ($11) OR purpose_of_use = ANY ($12))))"
    " AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)"
    " AND ($10::bigint IS NULL OR pseq <= $10)"
)


async def page(
    tx: Transaction, bounds: Sequence[object], before: int | None, skip: int, count: int
) -> list[Record]:
    return await tx.fetch(
        f"SELECT {_COLUMNS}{_WANTED} AND ($14::bigint IS NULL OR pseq < $14)"
        " ORDER BY pseq DESC OFFSET $15 LIMIT $16",
        *bounds,
        before,
        skip,
        count,
    )


async def held_until(tx: Transaction) -> datetime | None:
    """Until when what is told of the subject's emergencies is held back, for whoever may know that;
    None where nothing is now, and for everybody else."""
    found: datetime | None = await tx.fetchval("SELECT app.emergency_held_until(app.subject())")
    return found


async def kept_back_since(tx: Transaction) -> datetime | None:
    """Since when, without a break, what is told of the subject's emergencies is held back; None
    where nothing is now."""
    found: datetime | None = await tx.fetchval("SELECT emergency_kept_back_since()")
    return found


async def withheld(tx: Transaction) -> list[Record]:
    """Those whose columns do not say what they are."""
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM access_event"  # noqa: S608 - constants
        " WHERE participant_id = (SELECT app.subject()) AND event = 'access_log:event:withheld'"
    )


async def matches(tx: Transaction, bounds: Sequence[object]) -> int:
    return int(await tx.fetchval(f"SELECT count(*){_WANTED}", *bounds))


async def named(tx: Transaction) -> list[Record]:
    """Each pair of facility and purpose in the subject's log, with how many events have it."""
    return await tx.fetch(
        "SELECT facility_id, purpose_of_use, count(*)::integer AS events FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) GROUP BY 1, 2"
    )


async def event(tx: Transaction, number: int) -> Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM access_event"  # noqa: S608 - constants
        " WHERE participant_id = (SELECT app.subject()) AND pseq = $1",
        number,
    )


async def event_of_id(tx: Transaction, event_id: UUID) -> Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM access_event"  # noqa: S608 - constants
        " WHERE participant_id = (SELECT app.subject()) AND eid = $1",
        event_id,
    )


async def audited(
    tx: Transaction,
    since: datetime,
    until: datetime,
    before: tuple[datetime, UUID] | None,
    count: int,
) -> list[Record]:
    return await tx.fetch(
        "SELECT * FROM access_log_audit($1, $2, $3, $4, $5)",
        since,
        until,
        *(before or (None, None)),
        count,
    )


async def log_began_at(tx: Transaction) -> datetime | None:
    found: datetime | None = await tx.fetchval("SELECT access_log_began_at()")
    return found


async def log_state(tx: Transaction) -> Record:
    return _one(await tx.fetchrow("SELECT origin, epoch, halted_reason, halted_at FROM log_state"))


async def checkpoints(tx: Transaction, points: int) -> list[Record]:
    """At most so many, spread over all sizes; the first and the newest among them."""
    return await tx.fetch(
        "WITH ends AS (SELECT min(size) AS first, max(size) AS last FROM log_checkpoint),"
        " picked AS (SELECT DISTINCT (SELECT min(c.size) FROM log_checkpoint c"
        "     WHERE c.size >= first + ((last - first) * n) / ($1 - 1)) AS size"
        "   FROM ends, generate_series(0, $1 - 1) AS n WHERE first IS NOT NULL)"
        " SELECT c.size, c.at,"
        "   (SELECT count(*) FROM log_cosignature s WHERE s.size = c.size)::integer AS cosignatures"
        " FROM picked JOIN log_checkpoint c USING (size) ORDER BY c.size",
        points,
    )


async def witnesses(tx: Transaction) -> list[Record]:
    return await tx.fetch(
        "SELECT witness, url, is_mirror, size, mirrored, cosigned_at, tried_at, fault,"
        " faulty_since, evidence IS NOT NULL FROM witness_state ORDER BY witness"
    )


async def runs(tx: Transaction, most: int) -> list[Record]:
    return await tx.fetch(
        "SELECT kind, started_at, finished_at, size, counts::text AS counts FROM fsck_run"
        " ORDER BY run DESC LIMIT $1",
        most,
    )


async def gaps(tx: Transaction) -> list[Record]:
    return await tx.fetch("SELECT first, last, at FROM log_gap ORDER BY first DESC")


async def began_at(tx: Transaction) -> datetime | None:
    found: datetime | None = await tx.fetchval(
        "SELECT at FROM access_event WHERE participant_id = (SELECT app.subject()) AND pseq = 1"
    )
    return found


async def last_look(tx: Transaction, before: datetime) -> datetime | None:
    found: datetime | None = await tx.fetchval("SELECT access_log_last_look($1)", before)
    return found


async def length(tx: Transaction) -> int:
    value = await tx.fetchval(
        "SELECT last_pseq FROM access_log_head WHERE participant_id = (SELECT app.subject())"
    )
    return int(value or 0)


async def readers(tx: Transaction, before: datetime | None) -> list[Record]:
    return await tx.fetch(
        "SELECT DISTINCT facility_id FROM access_event"
        " WHERE participant_id = (SELECT app.subject()) AND event = 'records:record:read'"
        " AND outcome = 'permitted' AND facility_id IS NOT NULL"
        " AND ($1::timestamptz IS NULL OR at < $1)",
        before,
    )


def _one(row: Record | None) -> Record:
    if row is None:
        raise LookupError("a function of one row answered none")
    return row
