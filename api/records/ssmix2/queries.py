"""What was read of a storage, what stands of its orders, and the versions written of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.records.ssmix2.path import OrderKey

# Between the names of an order's parts: in none of them.
OVER: Final = "\x1f"


class FileRow(NamedTuple):
    """In the order of the INSERT below."""

    patient: str
    stem: str
    flags: str
    size: int
    modified_ns: int
    digest: bytes
    state: str
    reason: str = ""
    detail: str = ""
    remains: str | None = None
    quarantine_id: UUID | None = None


class OrderRow(NamedTuple):
    """In the order of the INSERT below."""

    patient: str
    on_date: str
    type: str
    order_number: str
    stamp: str
    flag: str
    digest: bytes
    parts: list[str]
    record_ids: list[UUID]


class RecordRow(NamedTuple):
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


async def files(tx: Transaction, patients: Sequence[str]) -> list[asyncpg.Record]:
    """Our books of the files of these patient numbers."""
    return await tx.fetch(
        "SELECT patient, stem, flags, size, modified_ns, digest, state, reason, detail, remains,"
        " quarantine_id FROM ssmix2_file"
        " WHERE facility_id = (SELECT app.facility()) AND patient = ANY ($1)",
        list(patients),
    )


async def waiting_patients(tx: Transaction) -> list[str]:
    """Patient numbers of which something waits in quarantine."""
    rows = await tx.fetch(
        "SELECT DISTINCT patient FROM ssmix2_file"
        " WHERE facility_id = (SELECT app.facility()) AND state = 'waiting' ORDER BY patient"
    )
    return [row["patient"] for row in rows]


async def people(tx: Transaction, patients: Sequence[str]) -> dict[str, UUID]:
    """Whom the acting facility's patient numbers mean, of those that mean somebody."""
    rows = await tx.fetch(
        "SELECT n AS number, records_participant_of_local_id(app.facility(), n) AS person"
        " FROM unnest($1::text[]) n",
        list(patients),
    )
    return {row["number"]: row["person"] for row in rows if row["person"] is not None}


async def put_files(tx: Transaction, rows: Sequence[FileRow]) -> None:
    await tx.execute(
        "INSERT INTO ssmix2_file (facility_id, patient, stem, flags, size, modified_ns,"
        " digest, state, reason, detail, remains, quarantine_id)"
        " SELECT (SELECT app.facility()), r.* FROM unnest($1::text[], $2::text[], $3::text[],"
        " $4::bigint[], $5::bigint[], $6::bytea[], $7::text[], $8::text[], $9::text[],"
        " $10::jsonb[], $11::uuid[]) AS r"
        " ON CONFLICT (facility_id, patient, stem) DO UPDATE SET flags = excluded.flags,"
        " size = excluded.size, modified_ns = excluded.modified_ns, digest = excluded.digest,"
        " state = excluded.state, reason = excluded.reason, detail = excluded.detail,"
        " remains = excluded.remains, quarantine_id = excluded.quarantine_id, read_at = now()",
        *_columns(rows),
    )


async def orders(tx: Transaction, patient: str, keys: Sequence[OrderKey]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT on_date, type, order_number, stamp, flag, digest, parts, record_ids"
        " FROM ssmix2_order WHERE participant_id = (SELECT app.subject())"
        " AND facility_id = (SELECT app.facility()) AND patient = $1"
        " AND (on_date, type, order_number) IN"
        " (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))",
        patient,
        *(list(column) for column in zip(*keys, strict=True)),
    )


async def put_orders(tx: Transaction, rows: Sequence[OrderRow]) -> None:
    names = [[OVER.join(row.parts), ",".join(map(str, row.record_ids))] for row in rows]
    await tx.execute(
        "INSERT INTO ssmix2_order (participant_id, facility_id, patient, on_date, type,"
        " order_number, stamp, flag, digest, parts, record_ids)"
        " SELECT (SELECT app.subject()), (SELECT app.facility()),"
        " r.a, r.b, r.c, r.d, r.e, r.f, r.g,"
        " string_to_array(r.h, $10), string_to_array(r.i, ',')::uuid[]"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::bytea[], $8::text[], $9::text[]) AS r (a, b, c, d, e, f, g, h, i)"
        " ON CONFLICT (participant_id, facility_id, patient, on_date, type, order_number)"
        " DO UPDATE SET stamp = excluded.stamp, flag = excluded.flag, digest = excluded.digest,"
        " parts = excluded.parts, record_ids = excluded.record_ids, changed_at = now()",
        *_columns([(*row[:7], *name) for row, name in zip(rows, names, strict=True)]),
        OVER,
    )


async def newest_versions(tx: Transaction, record_ids: Sequence[UUID]) -> list[RecordRow]:
    """The newest version of each of the acting facility's records, shown or not."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (record_id) record_id, version, is_current, resource_type, category,"
        " sensitivity, effective_on, effective_at, recorded_at, marks, identifier_system,"
        " identifier_value, title, body"
        " FROM record WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND record_id = ANY ($1)"
        " ORDER BY record_id, version DESC",
        list(record_ids),
    )
    return [RecordRow(*row) for row in rows]


async def standing_under(
    tx: Transaction, system: str, orders: Sequence[str]
) -> list[asyncpg.Record]:
    """Current records of these orders by name alone: they came to the subject with a number that
    was somebody else's, or our books of them are gone."""
    return await tx.fetch(
        "SELECT record_id, identifier_value FROM record"
        " WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND is_current"
        " AND identifier_system = $1"
        " AND array_to_string((string_to_array(identifier_value, '/'))[1:4], '/') = ANY ($2)",
        system,
        list(orders),
    )


async def standing_patient(tx: Transaction, system: str) -> UUID | None:
    """The one Patient the acting facility has of the subject, however it came."""
    found: UUID | None = await tx.fetchval(
        "SELECT record_id FROM record WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND resource_type = 'Patient'"
        " AND identifier_system = $1 AND identifier_value = '' AND is_current",
        system,
    )
    return found


async def add_versions(tx: Transaction, rows: Sequence[RecordRow]) -> None:
    await tx.execute(
        "INSERT INTO record (participant_id, source_facility_id, record_id, version, is_current,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,"
        " identifier_system, identifier_value, title, body)"
        " SELECT (SELECT app.subject()), (SELECT app.facility()),"
        " r.a, r.b, r.c, r.d, r.e, r.f, r.g, r.h, r.i, string_to_array(r.j, ','),"
        " r.k, r.l, r.m, r.n"
        " FROM unnest($1::uuid[], $2::int[], $3::bool[], $4::text[], $5::text[], $6::smallint[],"
        " $7::date[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::text[],"
        " $13::text[], $14::text[]) AS r (a, b, c, d, e, f, g, h, i, j, k, l, m, n)",
        *_columns([row._replace(marks=",".join(row.marks)) for row in rows]),
    )


async def set_aside(
    tx: Transaction, submission_id: UUID, rows: Sequence[tuple[UUID, str, str, str, bytes]]
) -> None:
    """Rows of (id, name, reason, detail, body) into the quarantine."""
    await tx.connection.executemany(
        "INSERT INTO quarantine (facility_id, submission_id, quarantine_id, name, reason, detail,"
        " body) VALUES (app.facility(), $1, $2, $3, $4, $5::jsonb, $6)",
        [(submission_id, *row) for row in rows],
    )


async def bodies_aside(tx: Transaction, quarantine_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """By quarantine id."""
    rows = await tx.fetch(
        "SELECT quarantine_id, body FROM quarantine"
        " WHERE facility_id = (SELECT app.facility()) AND quarantine_id = ANY ($1)",
        list(quarantine_ids),
    )
    return {row["quarantine_id"]: row["body"] for row in rows}


async def waiting_of(tx: Transaction, patient: str, reason: str) -> list[asyncpg.Record]:
    """What of this number lies in the quarantine for this reason."""
    return await tx.fetch(
        "SELECT f.patient, f.stem, f.flags, f.size, f.modified_ns, f.digest, f.state, f.reason,"
        " f.detail, f.remains, f.quarantine_id FROM ssmix2_file f"
        " WHERE f.facility_id = (SELECT app.facility()) AND f.patient = $1"
        " AND f.state = 'waiting' AND f.reason = $2 AND f.quarantine_id IS NOT NULL"
        " ORDER BY f.stem",
        patient,
        reason,
    )


async def note_delivered(tx: Transaction, rows: Sequence[tuple[UUID, int]]) -> None:
    """Rows of (what lay in the quarantine, versions of records it became)."""
    await tx.connection.executemany(
        "INSERT INTO quarantine_delivery (facility_id, quarantine_id, records)"
        " VALUES (app.facility(), $1, $2) ON CONFLICT DO NOTHING",
        list(rows),
    )


async def without_waiting(tx: Transaction, patient: str) -> list[UUID]:
    """The sendings of this number that put files aside of which none waits any more."""
    rows = await tx.fetch(
        "SELECT DISTINCT submission_id FROM submission s"
        " JOIN quarantine q USING (facility_id, submission_id)"
        " WHERE facility_id = (SELECT app.facility()) AND s.name = 'ssmix2/' || $1"
        " AND NOT EXISTS (SELECT FROM quarantine o JOIN ssmix2_file f"
        "   USING (facility_id, quarantine_id) WHERE o.facility_id = q.facility_id"
        "   AND o.submission_id = q.submission_id AND f.state = 'waiting')",
        patient,
    )
    return [row["submission_id"] for row in rows]


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Whole columns: one statement writes all rows, its policies asked once."""
    return [list(column) for column in zip(*rows, strict=True)]
