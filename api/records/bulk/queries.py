"""Exports in SQL: their jobs, whose turn it is, and whom a facility knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.core.database import Transaction
from api.records.bulk.rules import File, counts_of

_COLUMNS = (
    "export_id, client_id, started_by, by_name, profession, types, since, request_url,"
    " requested_at, state, started_at, patients, done, files::text AS files,"
    " counts::text AS counts, finished_at, expires_at, outdated_at"
)


class Taken(NamedTuple):
    """A job, and the worker it belongs to until its lease ends."""

    facility_id: UUID
    export_id: UUID
    worker: UUID


class Position(NamedTuple):
    """How far a job is: everybody up to `patient`, of the next one up to `record`."""

    patient: UUID | None
    record: UUID | None
    done: int
    patients: int


async def add(
    tx: Transaction,
    facility_id: UUID,
    client_id: str,
    started_by: str,
    by_name: str,
    professional_id: UUID | None,
    profession: str,
    purpose: str,
    types: Sequence[str],
    since: datetime | None,
    request_url: str,
) -> UUID:
    """Raises asyncpg's UniqueViolationError while another one is running."""
    found: UUID = await tx.fetchval(
        "INSERT INTO bulk_export (facility_id, client_id, started_by, by_name, professional_id,"
        " profession, purpose, types, since, request_url)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING export_id",
        facility_id,
        client_id,
        started_by,
        by_name,
        professional_id,
        profession,
        purpose,
        list(types),
        since,
        request_url,
    )
    return found


async def recent(tx: Transaction, since: datetime) -> int:
    """How many of the facility were started since."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM bulk_export WHERE facility_id = (SELECT app.facility())"
        " AND requested_at > $1",
        since,
    )
    return found


async def one(tx: Transaction, export_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM bulk_export"  # noqa: S608 - constants only
        " WHERE facility_id = (SELECT app.facility()) AND export_id = $1",
        export_id,
    )


async def page(tx: Transaction, count: int, skip: int) -> list[asyncpg.Record]:
    """The facility's own, the newest first; each row says how many there are (`total`)."""
    return await tx.fetch(
        f"SELECT {_COLUMNS}, count(*) OVER () AS total FROM bulk_export"  # noqa: S608
        " WHERE facility_id = (SELECT app.facility())"
        " ORDER BY requested_at DESC, export_id LIMIT $1 OFFSET $2",
        count,
        skip,
    )


async def everywhere(tx: Transaction, count: int, skip: int) -> list[asyncpg.Record]:
    """Of all facilities, for officers."""
    return await tx.fetch(
        f"SELECT facility_id, {_COLUMNS}, count(*) OVER () AS total"  # noqa: S608
        " FROM bulk_export ORDER BY requested_at DESC, export_id LIMIT $1 OFFSET $2",
        count,
        skip,
    )


async def take(tx: Transaction, worker: UUID, seconds: int) -> Taken | None:
    """The next export that nobody holds, held by `worker` for so many seconds; None for none."""
    row = await tx.fetchrow("SELECT * FROM bulk_export_take($1, $2)", worker, seconds)
    return None if row is None else Taken(row["facility_id"], row["export_id"], worker)


async def sweep(tx: Transaction) -> set[UUID]:
    """Ends what is over; the ids of exports whose files are still wanted."""
    rows = await tx.fetch("SELECT bulk_export_sweep() AS export_id")
    return {row["export_id"] for row in rows}


async def held(tx: Transaction, job: Taken) -> asyncpg.Record | None:
    """What the worker that holds it needs to go on."""
    return await tx.fetchrow(
        "SELECT client_id, by_name, professional_id, profession, purpose, types, since,"
        " request_url, attempts, at_patient, at_record, done, patients, files::text AS files"
        " FROM bulk_export WHERE facility_id = $1 AND export_id = $2 AND worker = $3"
        " AND state = 'running'",
        job.facility_id,
        job.export_id,
        job.worker,
    )


async def patients(
    tx: Transaction, export_id: UUID, after: UUID | None, count: int
) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT participant_id, patients FROM records_patients_to_export($1, $2, $3)"
        " ORDER BY participant_id",
        export_id,
        after,
        count,
    )


async def save(
    tx: Transaction, job: Taken, at: Position, files: Sequence[File], seconds: int
) -> bool:
    """Whether the job is still this worker's: otherwise nothing is saved, and it is to stop."""
    saved = await tx.fetchval(
        "UPDATE bulk_export SET at_patient = $4, at_record = $5, done = $6, patients = $7,"
        " files = $8::jsonb, counts = $9::jsonb, attempts = 0,"
        " leased_until = clock_timestamp() + make_interval(secs => $10)"
        " WHERE facility_id = $1 AND export_id = $2 AND worker = $3 AND state = 'running'"
        " RETURNING true",
        job.facility_id,
        job.export_id,
        job.worker,
        *at,
        msgspec.json.encode(files).decode(),
        msgspec.json.encode(counts_of(files)).decode(),
        seconds,
    )
    return bool(saved)


async def finish(
    tx: Transaction,
    export_id: UUID,
    state: str,
    *,
    worker: UUID | None,
    expires_at: datetime | None = None,
) -> asyncpg.Record | None:
    """Of what is not finished yet; of a `worker`'s own alone where one is given."""
    return await tx.fetchrow(
        f"UPDATE bulk_export SET state = $2, finished_at = clock_timestamp(),"  # noqa: S608
        " expires_at = $4 WHERE facility_id = (SELECT app.facility()) AND export_id = $1"
        " AND state IN ('waiting', 'running') AND ($3::uuid IS NULL OR worker = $3)"
        f" RETURNING {_COLUMNS}",
        export_id,
        state,
        worker,
        expires_at,
    )


async def asking(tx: Transaction, export_id: UUID) -> asyncpg.Record | None:
    """In whose name its records were decided."""
    return await tx.fetchrow(
        "SELECT client_id, by_name, professional_id, profession, purpose, types FROM bulk_export"
        " WHERE facility_id = (SELECT app.facility()) AND export_id = $1",
        export_id,
    )


async def hold(
    tx: Transaction,
    export_id: UUID,
    seen_under: bytes,
    policy_version: int,
    holds_until: datetime | None,
) -> None:
    """That the subject is in it; of several pieces the first says under which filter."""
    await tx.execute(
        "INSERT INTO bulk_export_person (participant_id, facility_id, export_id, seen_under,"
        " policy_version, holds_until) VALUES (app.subject(), app.facility(), $1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        export_id,
        seen_under,
        policy_version,
        holds_until,
    )


async def to_decide(tx: Transaction, export_id: UUID) -> list[asyncpg.Record]:
    """Whom it holds that may be seen otherwise by now."""
    return await tx.fetch(
        "SELECT participant_id, is_known FROM bulk_export_to_decide($1)", export_id
    )


async def decided(
    tx: Transaction,
    export_id: UUID,
    seen_under: bytes,
    policy_version: int,
    holds_until: datetime | None,
) -> bool:
    """Whether the subject is still seen as they were."""
    return bool(
        await tx.fetchval(
            "UPDATE bulk_export_person SET policy_version = $3, holds_until = $4"
            " WHERE participant_id = (SELECT app.subject()) AND facility_id = app.facility()"
            " AND export_id = $1 AND seen_under = $2 RETURNING true",
            export_id,
            seen_under,
            policy_version,
            holds_until,
        )
    )


async def outdate(tx: Transaction, export_id: UUID) -> bool:
    """Over before its time; False where it was already."""
    return bool(
        await tx.fetchval(
            "UPDATE bulk_export SET state = 'expired', files = '[]',"
            " outdated_at = clock_timestamp() WHERE facility_id = (SELECT app.facility())"
            " AND export_id = $1 AND state = 'done' RETURNING true",
            export_id,
        )
    )


async def forget(tx: Transaction, export_id: UUID) -> bool:
    """A finished one is over at once."""
    return bool(
        await tx.fetchval(
            "UPDATE bulk_export SET state = 'expired', files = '[]'"
            " WHERE facility_id = (SELECT app.facility()) AND export_id = $1 AND state = 'done'"
            " RETURNING true",
            export_id,
        )
    )
