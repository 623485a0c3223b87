"""Writing records, submissions and their quarantine."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.records.incoming.versions import Key


class Row(NamedTuple):
    """One version of a record, in the order of the INSERT below."""

    record_id: UUID
    version: int
    is_current: bool
    resource_type: str
    category: str
    sensitivity: int
    effective_on: date
    effective_at: datetime | None
    recorded_at: datetime
    marks: Sequence[str]
    identifier_system: str
    identifier_value: str
    title: str
    body: str


async def held(
    tx: Transaction, keys: Sequence[Key], record_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Current records of the acting facility under these keys, or with these ids."""
    return await tx.fetch(
        "SELECT record_id, version, recorded_at, resource_type, identifier_system,"
        " identifier_value, body, sensitivity FROM record"
        " WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND is_current"
        " AND (record_id = ANY ($1) OR (resource_type, identifier_system, identifier_value) IN"
        " (SELECT * FROM unnest($2::text[], $3::text[], $4::text[])))",
        list(record_ids),
        *(list(column) for column in zip(*keys, strict=True)),
    )


async def earlier_bodies(tx: Transaction, record_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT record_id, body FROM record WHERE participant_id = (SELECT app.subject())"
        " AND record_id = ANY ($1) AND NOT is_current",
        list(record_ids),
    )


async def supersede(tx: Transaction, record_ids: Sequence[UUID]) -> None:
    await tx.execute(
        "UPDATE record SET is_current = false WHERE participant_id = (SELECT app.subject())"
        " AND record_id = ANY ($1) AND is_current",
        list(record_ids),
    )


async def add(tx: Transaction, rows: Iterable[Row]) -> None:
    await tx.connection.executemany(
        "INSERT INTO record (participant_id, source_facility_id, record_id, version, is_current,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,"
        " identifier_system, identifier_value, title, body)"
        " VALUES (app.subject(), app.facility(),"
        " $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        list(rows),
    )


async def add_submission(
    tx: Transaction, submission_id: UUID, name: str, *, stored: int, quarantined: int
) -> None:
    await tx.execute(
        "INSERT INTO submission (facility_id, submission_id, name, stored, quarantined)"
        " VALUES (app.facility(), $1, $2, $3, $4)",
        submission_id,
        name,
        stored,
        quarantined,
    )


async def is_in_quarantine(tx: Transaction, name: str, body: bytes) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM quarantine WHERE facility_id = (SELECT app.facility())"
            " AND name = $1 AND octet_length(body) = octet_length($2::bytea) AND body = $2)",
            name,
            body,
        )
    )


async def quarantine(
    tx: Transaction, submission_id: UUID, name: str, reason: str, detail: str, body: bytes
) -> None:
    await tx.execute(
        "INSERT INTO quarantine (facility_id, submission_id, name, reason, detail, body)"
        " VALUES (app.facility(), $1, $2, $3, $4::jsonb, $5)",
        submission_id,
        name,
        reason,
        detail,
        body,
    )


async def open_case(tx: Transaction, params: str, due_on: date) -> None:
    """For the support centre; it belongs to nobody as long as nobody is known."""
    await tx.execute(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES (NULL, 'quarantine', $1::jsonb, $2)",
        params,
        due_on,
    )


async def link_local_id(tx: Transaction, local_id: str) -> None:
    await tx.execute(
        "INSERT INTO facility_patient (participant_id, facility_id, local_id)"
        " VALUES (app.subject(), app.facility(), $1)"
        " ON CONFLICT (participant_id, facility_id, local_id) DO NOTHING",
        local_id,
    )
