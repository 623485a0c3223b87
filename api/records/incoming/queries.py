"""Writing records, submissions and their quarantine."""

from collections.abc import Sequence
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
    document_id: UUID | None


_MARKS = Row._fields.index("marks")


async def held(tx: Transaction, keys: Sequence[Key]) -> list[asyncpg.Record]:
    """Current records of the acting facility under these keys."""
    return await tx.fetch(
        "SELECT r.record_id, r.version, r.recorded_at, r.resource_type, r.identifier_system,"
        " r.identifier_value, r.body, r.sensitivity, r.document_id, r.marks"
        " FROM unnest($1::text[], $2::text[], $3::text[]) AS k(type, system, value)"
        " JOIN record r ON r.resource_type = k.type AND r.identifier_system = k.system"
        " AND r.identifier_value = k.value AND r.participant_id = (SELECT app.subject())"
        " AND r.source_facility_id = (SELECT app.facility()) AND r.is_current",
        *(list(column) for column in zip(*set(keys), strict=True)),
    )


async def held_by_id(tx: Transaction, record_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Current records of the acting facility with these ids."""
    return await tx.fetch(
        "SELECT r.record_id, r.version, r.recorded_at, r.resource_type, r.identifier_system,"
        " r.identifier_value, r.body, r.sensitivity, r.document_id, r.marks"
        " FROM record r WHERE r.participant_id = (SELECT app.subject())"
        " AND r.source_facility_id = (SELECT app.facility()) AND r.is_current"
        " AND r.record_id = ANY ($1)",
        list(record_ids),
    )


async def held_nameless(
    tx: Transaction, resource_type: str, systems: Sequence[str], system: str, value: str
) -> list[asyncpg.Record]:
    """Current records of the acting facility that bear this identifier among others, and are known
    by none of them: `systems` are the names they are known by instead."""
    return await tx.fetch(
        "SELECT r.record_id, r.version, r.recorded_at, r.resource_type, r.identifier_system,"
        " r.identifier_value, r.body, r.sensitivity, r.document_id, r.marks"
        " FROM record r WHERE r.participant_id = (SELECT app.subject())"
        " AND r.source_facility_id = (SELECT app.facility()) AND r.is_current"
        " AND r.resource_type = $1 AND r.identifier_system = ANY ($2)"
        " AND jsonb_path_exists(r.body::jsonb, '$.identifier ? (@.system == $s && @.value == $v)',"
        " jsonb_build_object('s', $3::text, 'v', $4::text)) LIMIT 2",
        resource_type,
        list(systems),
        system,
        value,
    )


async def earlier_bodies(tx: Transaction, record_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT record_id, body FROM record WHERE participant_id = (SELECT app.subject())"
        " AND record_id = ANY ($1) AND NOT is_current",
        list(record_ids),
    )


async def add(tx: Transaction, rows: Sequence[Row], submission_id: UUID, name: str) -> None:
    """These versions, and that they came in one sending."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[_MARKS] = [",".join(marks) for marks in columns[_MARKS]]
    await tx.execute(
        "WITH sent AS (INSERT INTO submission (facility_id, submission_id, name, stored,"
        "  quarantined) VALUES (app.facility(), $16, $17, cardinality($1::uuid[]), 0))"
        " INSERT INTO record (participant_id, source_facility_id, record_id, version, is_current,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,"
        " identifier_system, identifier_value, title, body, document_id)"
        " SELECT (SELECT app.subject()), (SELECT app.facility()), n.record_id, n.version,"
        " n.is_current, n.resource_type, n.category, n.sensitivity, n.effective_on, n.effective_at,"
        " n.recorded_at, string_to_array(n.marks, ','), n.identifier_system, n.identifier_value,"
        " n.title, n.body, n.document_id"
        " FROM unnest($1::uuid[], $2::integer[], $3::boolean[], $4::text[], $5::text[],"
        " $6::smallint[], $7::date[], $8::timestamptz[], $9::timestamptz[], $10::text[],"
        " $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[]) AS n(record_id, version,"
        " is_current, resource_type, category, sensitivity, effective_on, effective_at,"
        " recorded_at, marks, identifier_system, identifier_value, title, body, document_id)",
        *columns,
        submission_id,
        name,
    )


async def add_parts(tx: Transaction, document_id: UUID, record_ids: Sequence[UUID]) -> None:
    """What the newest version of a document holds."""
    await tx.execute(
        "INSERT INTO document_part (participant_id, document_id, record_id)"
        " SELECT (SELECT app.subject()), $1, p FROM unnest($2::uuid[]) p"
        " ON CONFLICT (participant_id, document_id, record_id) DO UPDATE SET is_named = true",
        document_id,
        list(record_ids),
    )


async def drop_parts(
    tx: Transaction, document_id: UUID, kept: Sequence[UUID]
) -> list[asyncpg.Record]:
    """All parts but these are no longer in the document; gives those that nothing else says."""
    return await tx.fetch(
        "WITH dropped AS (UPDATE document_part SET is_named = false"
        "  WHERE participant_id = (SELECT app.subject()) AND document_id = $1 AND is_named"
        "  AND record_id <> ALL ($2) RETURNING record_id)"
        " SELECT r.record_id, r.version, r.resource_type, r.category, r.sensitivity,"
        " r.effective_on, r.effective_at, r.marks, r.identifier_system, r.identifier_value,"
        " r.title, r.body, r.document_id FROM dropped JOIN record r USING (record_id)"
        " WHERE r.participant_id = (SELECT app.subject()) AND r.is_current"
        " AND r.source_facility_id = (SELECT app.facility()) AND r.document_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM document_part o WHERE o.participant_id = r.participant_id"
        "  AND o.record_id = r.record_id AND o.document_id <> $1 AND o.is_named)",
        document_id,
        list(kept),
    )


async def is_in_quarantine(tx: Transaction, name: str, asked: str, body: bytes) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM quarantine WHERE facility_id = (SELECT app.facility())"
            " AND name = $1 AND octet_length(body) = octet_length($2::bytea) AND body = $2"
            " AND (asked IS NULL OR asked = $3::jsonb))",
            name,
            body,
            asked,
        )
    )


async def quarantine(
    tx: Transaction,
    submission_id: UUID,
    name: str,
    reason: str,
    detail: str,
    body: bytes,
    asked: str,
) -> None:
    await tx.execute(
        "INSERT INTO quarantine (facility_id, submission_id, name, reason, detail, body, asked)"
        " VALUES (app.facility(), $1, $2, $3, $4::jsonb, $5, $6::jsonb)",
        submission_id,
        name,
        reason,
        detail,
        body,
        asked,
    )


async def link_local_id(tx: Transaction, local_id: str) -> None:
    await tx.execute(
        "INSERT INTO facility_patient (participant_id, facility_id, local_id)"
        " VALUES (app.subject(), app.facility(), $1)"
        " ON CONFLICT (participant_id, facility_id, local_id) DO NOTHING",
        local_id,
    )


async def answered(tx: Transaction, key_hash: bytes) -> asyncpg.Record | None:
    """What the facility was answered under this key within a day."""
    return await tx.fetchrow(
        "SELECT request_hash, answer::text AS answer FROM answered_sending"
        " WHERE facility_id = (SELECT app.facility()) AND key_hash = $1"
        " AND answered_at > now() - interval '1 day'",
        key_hash,
    )


async def keep_answer(tx: Transaction, key_hash: bytes, request_hash: bytes, answer: str) -> None:
    await tx.execute(
        "INSERT INTO answered_sending (facility_id, key_hash, request_hash, answer)"
        " VALUES (app.facility(), $1, $2, $3::jsonb)",
        key_hash,
        request_hash,
        answer,
    )


async def forget_answers(tx: Transaction) -> None:
    """Those older than a day."""
    await tx.execute(
        "DELETE FROM answered_sending WHERE facility_id = (SELECT app.facility())"
        " AND answered_at <= now() - interval '1 day'"
    )


async def body_of(tx: Transaction, record_id: UUID, version: int) -> str | None:
    """A version the acting facility wrote itself."""
    found: str | None = await tx.fetchval(
        "SELECT body FROM record WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND record_id = $1 AND version = $2",
        record_id,
        version,
    )
    return found
