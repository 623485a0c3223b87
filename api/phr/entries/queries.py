"""What participants wrote themselves: rows of their own source, and of no other."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.phr.entries.kinds import IDENTIFIER
from api.phr.entries.paging import Place

# Row security holds both too (0034).
_MINE: Final = (
    "participant_id = (SELECT app.subject()) AND source_facility_id = app.self_source()"
    f" AND identifier_system = '{IDENTIFIER}'"
)
_OURS: Final = _MINE.replace("participant_id", "r.participant_id", 1)
_COLUMNS: Final = (
    "record_id, version, is_current, effective_on, effective_at, recorded_at, sensitivity,"
    " identifier_value, body"
)


class Row(NamedTuple):
    record_id: UUID
    version: int
    resource_type: str
    category: str
    sensitivity: int
    effective_on: date
    effective_at: datetime | None
    recorded_at: datetime
    identifier_value: str
    title: str
    body: str


async def listed(
    tx: Transaction,
    kinds: Sequence[str],
    book: str | None,
    since: date | None,
    until: date | None,
    most_shown: int,
    count: int | None,
    after: Place | None = None,
) -> list[asyncpg.Record]:
    """As they stand now, newest day first, of one day the latest, without a time last; all of them
    without a `count`."""
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM record WHERE {_MINE} AND is_current"  # noqa: S608 - constants
        " AND split_part(identifier_value, ':', 1) = ANY ($1)"
        " AND ($2::text IS NULL OR split_part(identifier_value, ':', 2) = $2)"
        " AND ($3::date IS NULL OR effective_on >= $3)"
        " AND ($4::date IS NULL OR effective_on <= $4) AND sensitivity <= $5"
        " AND ($7::date IS NULL OR (effective_on, coalesce(effective_at, '-infinity'), record_id)"
        "  < ($7, coalesce($8::timestamptz, '-infinity'), $9::uuid))"
        " ORDER BY effective_on DESC, effective_at DESC NULLS LAST, record_id DESC LIMIT $6",
        list(kinds),
        book,
        since,
        until,
        most_shown,
        count,
        *(after or (None, None, None)),
    )


async def beside(
    tx: Transaction,
    kind: str,
    book: str | None,
    on: date,
    but: UUID | None,
    most_shown: int,
    count: int,
) -> list[asyncpg.Record]:
    """As they stand now, the nearest up to a day and after it, newest day first, but one."""
    those = (
        f"SELECT {_COLUMNS} FROM record WHERE {_MINE} AND is_current"  # noqa: S608 - constants
        " AND split_part(identifier_value, ':', 1) = $1"
        " AND ($2::text IS NULL OR split_part(identifier_value, ':', 2) = $2)"
        " AND ($4::uuid IS NULL OR record_id <> $4) AND sensitivity <= $5"
    )
    return await tx.fetch(
        f"(({those} AND effective_on > $3 ORDER BY effective_on LIMIT $6)"
        f" UNION ALL ({those} AND effective_on <= $3"
        " ORDER BY effective_on DESC, effective_at DESC NULLS LAST, record_id DESC LIMIT $6))"
        " ORDER BY effective_on DESC, effective_at DESC NULLS LAST, record_id DESC",
        kind,
        book,
        on,
        but,
        most_shown,
        count,
    )


async def newest(tx: Transaction, most_shown: int) -> list[asyncpg.Record]:
    """Of each kind what was written last, and how many there are; nothing sealed is read."""
    return await tx.fetch(
        "SELECT DISTINCT ON (kind) split_part(identifier_value, ':', 1) AS kind,"  # noqa: S608
        " record_id, resource_type, category, title, recorded_at,"
        " count(*) OVER (PARTITION BY split_part(identifier_value, ':', 1))::integer AS entries"
        f" FROM record WHERE {_MINE} AND is_current AND sensitivity <= $1"
        " ORDER BY kind, recorded_at DESC, record_id DESC",
        most_shown,
    )


async def current(
    tx: Transaction, record_ids: Sequence[UUID], most_shown: int
) -> list[asyncpg.Record]:
    """As they stand now, each found by its id: of many entries none but these is looked at."""
    return await tx.fetch(
        f"SELECT r.* FROM unnest($1::uuid[]) AS asked (id), LATERAL (SELECT {_COLUMNS}"  # noqa: S608
        f" FROM record WHERE {_MINE} AND is_current AND record_id = asked.id"
        " AND sensitivity <= $2 ORDER BY version DESC LIMIT 1) AS r",
        list(dict.fromkeys(record_ids)),
        most_shown,
    )


async def versions(tx: Transaction, record_id: UUID, most_shown: int) -> list[asyncpg.Record]:
    """The newest first; none where the newest is not to be shown."""
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM record r WHERE {_MINE}"  # noqa: S608 - constants
        " AND record_id = $1 AND (SELECT sensitivity FROM record c"
        "  WHERE c.participant_id = r.participant_id AND c.record_id = r.record_id"
        "  AND c.is_current) <= $2 ORDER BY version DESC",
        record_id,
        most_shown,
    )


async def head(tx: Transaction, kind: str) -> UUID | None:
    """The entry of this kind that is a book of its own, whoever may see it."""
    found: UUID | None = await tx.fetchval(
        f"SELECT record_id FROM record WHERE {_MINE} AND is_current"  # noqa: S608 - constants
        " AND split_part(identifier_value, ':', 1) = $1"
        " AND split_part(identifier_value, ':', 2) = record_id::text LIMIT 1",
        kind,
    )
    return found


async def supersede(tx: Transaction, record_ids: Sequence[UUID]) -> None:
    await tx.execute(
        f"UPDATE record SET is_current = false WHERE {_MINE} AND is_current"  # noqa: S608
        " AND record_id = ANY ($1)",
        list(record_ids),
    )


async def add(tx: Transaction, rows: Sequence[Row], *, is_current: bool = True) -> None:
    """Versions that stand, or else that others have followed."""
    if not rows:
        return
    await tx.execute(
        "INSERT INTO record (participant_id, source_facility_id, record_id, version,"  # noqa: S608
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at,"
        " identifier_system, identifier_value, title, body, is_current)"
        " SELECT (SELECT app.subject()), app.self_source(), n.record_id, n.version,"
        "  n.resource_type,"
        "  n.category, n.sensitivity, n.effective_on, n.effective_at, n.recorded_at,"
        f"  '{IDENTIFIER}', n.identifier_value, n.title, n.body, $12"
        " FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[],"
        "  $6::date[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::text[])"
        "  AS n(record_id, version, resource_type, category, sensitivity, effective_on,"
        "   effective_at, recorded_at, identifier_value, title, body)",
        *(list(column) for column in zip(*rows, strict=True)),
        is_current,
    )


async def remove(
    tx: Transaction, record_ids: Sequence[UUID] | None, book: str | None, most_shown: int
) -> list[asyncpg.Record]:
    """Every version, for good; of what was current, what kind it was."""
    return await tx.fetch(
        f"WITH found AS (SELECT record_id FROM record WHERE {_MINE} AND is_current"  # noqa: S608
        "  AND ($1::uuid[] IS NULL OR record_id = ANY ($1))"
        "  AND ($2::text IS NULL OR split_part(identifier_value, ':', 2) = $2)"
        "  AND sensitivity <= $3),"
        f" gone AS (DELETE FROM record r USING found f WHERE {_OURS}"
        "  AND r.record_id = f.record_id"
        "  RETURNING r.record_id, r.resource_type, r.category, r.is_current)"
        " SELECT record_id, resource_type, category FROM gone WHERE is_current",
        None if record_ids is None else list(record_ids),
        book,
        most_shown,
    )


async def whole_book(tx: Transaction, book: str) -> list[asyncpg.Record]:
    """Every version of every entry, whoever may see it; of one entry the oldest first."""
    return await tx.fetch(
        f"SELECT {_COLUMNS}, resource_type, category, title FROM record WHERE {_MINE}"  # noqa: S608
        " AND split_part(identifier_value, ':', 2) = $1 ORDER BY record_id, version",
        book,
    )


async def remove_whole_book(tx: Transaction, book: str) -> None:
    """Every version of every entry, whoever may see it."""
    await tx.execute(
        f"DELETE FROM record WHERE {_MINE} AND split_part(identifier_value, ':', 2) = $1",  # noqa: S608
        book,
    )
