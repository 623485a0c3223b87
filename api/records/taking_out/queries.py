"""What is taken out, and the jobs that do it, in SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.core.database import Transaction
from api.records.taking_out.resources import OWN
from api.records.taking_out.rules import File

# `$1` is the highest sensitivity that is shown: what was not told never leaves.
_TOLD = "participant_id = (SELECT app.subject()) AND is_current AND is_told AND sensitivity <= $1"
_COLUMNS = (
    "export_id, state, requested_at, stage, done, total, files::text AS files, finished_at,"
    " expires_at, forms, locale"
)
_MINE = "participant_id = (SELECT app.subject()) AND account_id = (SELECT app.account())"


class Place(NamedTuple):
    """Where a record stands in its category, which nothing but its own change moves."""

    on: date
    record_id: UUID


START = Place(date.min, UUID(int=0))


async def counts(tx: Transaction, most: int) -> list[asyncpg.Record]:
    """How many of each type and category."""
    return await tx.fetch(
        "SELECT category, resource_type, count(*)::integer AS records"  # noqa: S608
        f" FROM record WHERE {_TOLD} GROUP BY 1, 2 ORDER BY 1, 2",
        most,
    )


async def piece(
    tx: Transaction, most: int, category: str, after: Place, count: int
) -> list[asyncpg.Record]:
    """The next records of a category, the oldest day first."""
    return await tx.fetch(
        "SELECT record_id, resource_type, category, effective_on, effective_at, sensitivity,"  # noqa: S608
        " title, source_facility_id, source_facility_id = app.self_source() AS is_own, body"
        f" FROM record WHERE {_TOLD} AND category = $2"
        " AND (effective_on, record_id) > ($3::date, $4::uuid)"
        " ORDER BY effective_on, record_id LIMIT $5",
        most,
        category,
        after.on,
        after.record_id,
        count,
    )


async def books(tx: Transaction, most: int) -> list[asyncpg.Record]:
    """The entries that others hang on."""
    return await tx.fetch(
        f"WITH named AS (SELECT DISTINCT split_part(identifier_value, ':', 2) AS book FROM record"  # noqa: S608
        f"  WHERE {_TOLD} AND source_facility_id = app.self_source() AND identifier_system = $2)"
        " SELECT record_id, resource_type, category, effective_on, effective_at, sensitivity,"
        " title, source_facility_id, true AS is_own, body FROM record, named"
        f" WHERE {_TOLD} AND record_id::text = book",
        most,
        OWN,
    )


async def names(tx: Transaction) -> list[asyncpg.Record]:
    """What the participant's own records are known by."""
    return await tx.fetch(
        "SELECT resource_type, identifier_system, identifier_value FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND is_current"
        " AND source_facility_id = app.self_source() AND identifier_value IS NOT NULL"
    )


async def add(
    tx: Transaction,
    *,
    by_name: str,
    powers: Sequence[str] | None,
    is_shown_restricted: bool,
    is_safe: bool,
    locale: str,
    forms: Sequence[str],
    file_key: bytes,
) -> UUID:
    """Raises asyncpg's UniqueViolationError while another one of the same account is open."""
    found: UUID = await tx.fetchval(
        "INSERT INTO own_export (participant_id, by_name, powers, is_shown_restricted, is_safe,"
        " locale, forms, file_key) VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7)"
        " RETURNING export_id",
        by_name,
        powers,
        is_shown_restricted,
        is_safe,
        locale,
        list(forms),
        file_key,
    )
    return found


async def recent(tx: Transaction, since: datetime) -> int:
    found: int = await tx.fetchval(
        f"SELECT count(*) FROM own_export WHERE {_MINE} AND requested_at > $1",  # noqa: S608
        since,
    )
    return found


async def one(tx: Transaction, export_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM own_export WHERE {_MINE} AND export_id = $1",  # noqa: S608
        export_id,
    )


async def listed(
    tx: Transaction,
    count: int,
    before: datetime | None,
    export_id: UUID | None,
    *,
    ready_at: datetime | None = None,
) -> list[asyncpg.Record]:
    """The newest first, asked for before that moment and id; those to be fetched at `ready_at`."""
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM own_export WHERE {_MINE}"  # noqa: S608
        " AND ($2::timestamptz IS NULL OR (requested_at, export_id) < ($2, $3))"
        " AND ($4::timestamptz IS NULL OR (state = 'done' AND expires_at > $4))"
        " ORDER BY requested_at DESC, export_id DESC LIMIT $1",
        count,
        before,
        export_id,
        ready_at,
    )


async def file_key(tx: Transaction, export_id: UUID) -> bytes | None:
    found: bytes | None = await tx.fetchval(
        f"SELECT file_key FROM own_export WHERE {_MINE} AND export_id = $1",  # noqa: S608
        export_id,
    )
    return found


async def take(tx: Transaction, worker: UUID, seconds: int) -> asyncpg.Record | None:
    """The next one that nobody holds, held by `worker` for so many seconds; None for none."""
    return await tx.fetchrow("SELECT * FROM own_export_take($1, $2)", worker, seconds)


async def sweep(tx: Transaction) -> set[UUID]:
    """Ends what is over; whose files are still wanted, of taking out and bringing in."""
    rows = await tx.fetch("SELECT own_files_sweep() AS job_id")
    return {row["job_id"] for row in rows}


async def save(
    tx: Transaction, export_id: UUID, worker: UUID, stage: str, done: int, total: int, seconds: int
) -> bool:
    """Whether it is still this worker's: otherwise nothing is saved, and it is to stop."""
    saved = await tx.fetchval(
        "UPDATE own_export SET stage = $3, done = $4, total = $5,"  # noqa: S608
        " leased_until = clock_timestamp() + make_interval(secs => $6)"
        f" WHERE {_MINE} AND export_id = $1 AND worker = $2 AND state = 'running' RETURNING true",
        export_id,
        worker,
        stage,
        done,
        total,
        seconds,
    )
    return bool(saved)


async def finish(
    tx: Transaction, export_id: UUID, worker: UUID, files: Sequence[File], expires_at: datetime
) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE own_export SET state = 'done', stage = '', done = total, files = $3::jsonb,"  # noqa: S608
            " finished_at = clock_timestamp(), expires_at = $4"
            f" WHERE {_MINE} AND export_id = $1 AND worker = $2 AND state = 'running'"
            " RETURNING true",
            export_id,
            worker,
            msgspec.json.encode(files).decode(),
            expires_at,
        )
    )


async def end(tx: Transaction, export_id: UUID, state: str) -> bool:
    """What is open or ready is over, and its files open to nobody any more."""
    return bool(
        await tx.fetchval(
            "UPDATE own_export SET state = $2, files = '[]', file_key = NULL,"  # noqa: S608
            " finished_at = coalesce(finished_at, clock_timestamp())"
            f" WHERE {_MINE} AND export_id = $1 AND state IN ('waiting', 'running', 'done')"
            " RETURNING true",
            export_id,
            state,
        )
    )
