"""What is brought in, and the jobs that do it, in SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_MINE = "participant_id = (SELECT app.subject()) AND account_id = (SELECT app.account())"
_COLUMNS = "import_id, state, looked_at, counts::text AS counts, finished_at"


class Row(NamedTuple):
    """A record of the participant's own source, as brought in."""

    record_id: UUID
    resource_type: str
    category: str
    sensitivity: int
    effective_on: date
    effective_at: datetime | None
    recorded_at: datetime
    marks: str
    identifier_system: str
    identifier_value: str
    title: str
    body: str


async def add_records(tx: Transaction, rows: Sequence[Row]) -> None:
    """`marks` are joined by spaces."""
    await tx.execute(
        "INSERT INTO record (participant_id, source_facility_id, version, record_id,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,"
        " identifier_system, identifier_value, title, body)"
        " SELECT (SELECT app.subject()), app.self_source(), 1, n.record_id, n.resource_type,"
        "  n.category,"
        "  n.sensitivity, n.effective_on, n.effective_at, n.recorded_at,"
        "  string_to_array(n.marks, ' '), n.identifier_system, n.identifier_value, n.title, n.body"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::date[],"
        "  $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[],"
        "  $12::text[]) AS n(record_id, resource_type, category, sensitivity, effective_on,"
        "   effective_at, recorded_at, marks, identifier_system, identifier_value, title, body)",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def add(
    tx: Transaction,
    import_id: UUID,
    *,
    by_name: str,
    powers: Sequence[str] | None,
    is_shown_restricted: bool,
    is_safe: bool,
    counts: str,
    file_key: bytes,
) -> None:
    await tx.execute(
        "INSERT INTO own_import (participant_id, import_id, by_name, powers, is_shown_restricted,"
        " is_safe, counts, file_key) VALUES (app.subject(), $1, $2, $3, $4, $5, $6::jsonb, $7)",
        import_id,
        by_name,
        powers,
        is_shown_restricted,
        is_safe,
        counts,
        file_key,
    )


async def one(tx: Transaction, import_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM own_import WHERE {_MINE} AND import_id = $1",  # noqa: S608
        import_id,
    )


async def listed(
    tx: Transaction,
    states: Sequence[str],
    count: int,
    before: datetime | None,
    import_id: UUID | None,
) -> list[asyncpg.Record]:
    """The newest first, looked at before that moment and id."""
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM own_import WHERE {_MINE} AND state = ANY($1)"  # noqa: S608
        " AND ($3::timestamptz IS NULL OR (looked_at, import_id) < ($3, $4))"
        " ORDER BY looked_at DESC, import_id DESC LIMIT $2",
        states,
        count,
        before,
        import_id,
    )


async def file_key(tx: Transaction, import_id: UUID) -> bytes | None:
    found: bytes | None = await tx.fetchval(
        f"SELECT file_key FROM own_import WHERE {_MINE} AND import_id = $1",  # noqa: S608
        import_id,
    )
    return found


async def turn(
    tx: Transaction, import_id: UUID, before: Sequence[str], state: str, counts: str | None = None
) -> bool:
    """Whether it stood in one of these states. What is not open any more has no key."""
    is_open = state in ("looked", "waiting", "running")
    return bool(
        await tx.fetchval(
            "UPDATE own_import SET state = $3, counts = coalesce($4::jsonb, counts),"  # noqa: S608
            " file_key = CASE WHEN $5 THEN file_key END,"
            " finished_at = CASE WHEN NOT $5 THEN clock_timestamp() END"
            f" WHERE {_MINE} AND import_id = $1 AND state = ANY ($2) RETURNING true",
            import_id,
            list(before),
            state,
            counts,
            is_open,
        )
    )


async def take(tx: Transaction, worker: UUID, seconds: int) -> asyncpg.Record | None:
    """The next one that nobody holds, held by `worker` for so many seconds; None for none."""
    return await tx.fetchrow("SELECT * FROM own_import_take($1, $2)", worker, seconds)
