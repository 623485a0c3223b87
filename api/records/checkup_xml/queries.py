"""Whose checkup it is, and what a participant brought themselves."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.identity.enrolling.insurance import Insurance
from api.records.incoming.queries import Row


async def people_of_insurance(tx: Transaction, insurance: Insurance, birth_on: date) -> list[UUID]:
    """Several where a certificate without branches is shared by people born that day."""
    rows = await tx.fetch(
        "SELECT * FROM records_participants_of_insurance($1, $2, $3, $4, $5) AS of (person)",
        insurance.insurer,
        insurance.symbol,
        insurance.number,
        insurance.branch,
        birth_on,
    )
    return [row["person"] for row in rows]


_MINE = "participant_id = (SELECT app.subject()) AND source_facility_id = app.self_source()"


async def brought(
    tx: Transaction, system: str, most_shown: int, count: int
) -> list[asyncpg.Record]:
    """The files a participant brought, up to this sensitivity, the newest first, with the number of
    findings in each."""
    return await tx.fetch(
        "SELECT d.record_id, d.category, d.effective_on, d.recorded_at, d.body, (SELECT count(*)"  # noqa: S608
        f"   FROM record o WHERE {_MINE} AND o.is_current AND o.identifier_system = $1"
        "   AND starts_with(o.identifier_value, d.identifier_value || ':'))::integer AS findings"
        f" FROM record d WHERE {_MINE} AND d.is_current AND d.sensitivity <= $3"
        " AND d.resource_type = 'DocumentReference' AND d.identifier_system = $1"
        " ORDER BY d.effective_on DESC, d.record_id DESC LIMIT $2",
        system,
        count,
        most_shown,
    )


async def held(tx: Transaction, system: str, values: Sequence[str]) -> list[asyncpg.Record]:
    """Current records the participant brought under these identifiers."""
    return await tx.fetch(
        "SELECT record_id, version, identifier_value, sensitivity, body FROM record"  # noqa: S608
        f" WHERE {_MINE} AND is_current AND identifier_system = $1"
        " AND identifier_value = ANY ($2)",
        system,
        list(values),
    )


async def supersede(tx: Transaction, record_ids: Sequence[UUID]) -> None:
    await tx.execute(
        f"UPDATE record SET is_current = false WHERE {_MINE} AND is_current"  # noqa: S608
        " AND record_id = ANY ($1)",
        list(record_ids),
    )


async def add(tx: Transaction, rows: Iterable[Row]) -> None:
    await tx.connection.executemany(
        "INSERT INTO record (participant_id, source_facility_id, record_id, version, is_current,"
        " resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,"
        " identifier_system, identifier_value, title, body)"
        " VALUES (app.subject(), app.self_source(),"
        " $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        [row[:-1] for row in rows],  # of no document
    )


async def remove(tx: Transaction, system: str, document: UUID) -> list[asyncpg.Record]:
    """A file and all that came of it, every version; what was current of it, by kind."""
    return await tx.fetch(
        "WITH of AS (SELECT identifier_value AS key FROM record"  # noqa: S608
        f"  WHERE {_MINE} AND record_id = $2 AND is_current AND identifier_system = $1"
        "   AND resource_type = 'DocumentReference'),"
        " gone AS (DELETE FROM record USING of"
        f"  WHERE {_MINE} AND identifier_system = $1"
        "   AND (identifier_value = key OR starts_with(identifier_value, key || ':'))"
        "  RETURNING record_id, resource_type, category, is_current)"
        " SELECT record_id, resource_type, category FROM gone WHERE is_current",
        system,
        document,
    )
