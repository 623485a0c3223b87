"""A whole book in SQL: every version of every entry, whoever may see it."""

from collections.abc import Sequence

import asyncpg

from api.core.database import Transaction
from api.phr.entries.kinds import IDENTIFIER
from api.phr.entries.queries import Row


async def whole_book(tx: Transaction, book: str) -> list[asyncpg.Record]:
    """Of one entry the oldest version first."""
    return await tx.fetch(
        "SELECT record_id, version, is_current, resource_type, category, sensitivity,"
        " effective_on, effective_at, recorded_at, identifier_value, title, body FROM record"
        " WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = app.self_source() AND identifier_system = $2"
        " AND split_part(identifier_value, ':', 2) = $1 ORDER BY record_id, version",
        book,
        IDENTIFIER,
    )


async def remove_whole_book(tx: Transaction, book: str) -> None:
    await tx.execute(
        "DELETE FROM record WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = app.self_source() AND identifier_system = $2"
        " AND split_part(identifier_value, ':', 2) = $1",
        book,
        IDENTIFIER,
    )


async def add_past(tx: Transaction, rows: Sequence[Row]) -> None:
    """Versions that others have followed."""
    if not rows:
        return
    await tx.execute(
        "INSERT INTO record (participant_id, source_facility_id, record_id, version,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at,"
        " identifier_system, identifier_value, title, body, is_current)"
        " SELECT app.subject(), app.self_source(), n.record_id, n.version, n.resource_type,"
        "  n.category, n.sensitivity, n.effective_on, n.effective_at, n.recorded_at, $12,"
        "  n.identifier_value, n.title, n.body, false"
        " FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[],"
        "  $6::date[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::text[])"
        "  AS n(record_id, version, resource_type, category, sensitivity, effective_on,"
        "   effective_at, recorded_at, identifier_value, title, body)",
        *(list(column) for column in zip(*rows, strict=True)),
        IDENTIFIER,
    )
