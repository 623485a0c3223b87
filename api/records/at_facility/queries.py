"""What the acting facility wrote on the network's pages, and about whom it may write."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def is_known(tx: Transaction) -> bool:
    """Whether the facility has a tie to the subject, or the professional identified them."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM facility_patient"
            "   WHERE participant_id = (SELECT app.subject())"
            "   AND facility_id = (SELECT app.facility()))"
            " OR EXISTS (SELECT FROM record WHERE participant_id = (SELECT app.subject())"
            "   AND source_facility_id = (SELECT app.facility()))"
            " OR EXISTS (SELECT FROM entry_subject"
            "   WHERE participant_id = (SELECT app.subject()) AND until > now())"
        )
    )


async def identify(tx: Transaction, professional_id: UUID, until: datetime) -> None:
    await tx.execute(
        "INSERT INTO entry_subject (participant_id, professional_id, facility_id, until)"
        " VALUES (app.subject(), $1, app.facility(), $2)"
        " ON CONFLICT (participant_id, professional_id)"
        " DO UPDATE SET facility_id = excluded.facility_id, until = excluded.until",
        professional_id,
        until,
    )


async def entries(
    tx: Transaction, system: str, most: int, day: date | None, entry: str | None
) -> list[asyncpg.Record]:
    """The records of so many entries as they stand, newest day first; those that stand after
    `entry` of `day`. What was left out of a correction keeps its day: an entry's is the newest."""
    return await tx.fetch(
        "WITH mine AS (SELECT record_id, version, is_current, is_told, resource_type, category,"
        "   title, effective_on, effective_at, recorded_at, identifier_value, body,"
        "   split_part(identifier_value, ':', 1) AS entry FROM record"
        "   WHERE participant_id = (SELECT app.subject())"
        "   AND source_facility_id = (SELECT app.facility()) AND identifier_system = $1"
        "   AND is_current),"
        " shown AS (SELECT entry, max(effective_on) AS day FROM mine GROUP BY entry"
        "   HAVING $3::date IS NULL OR (max(effective_on), entry) < ($3, $4::text)"
        "   ORDER BY day DESC, entry DESC LIMIT $2)"
        " SELECT mine.*, day FROM shown JOIN mine USING (entry)"
        " ORDER BY day DESC, entry DESC, effective_on DESC, version DESC, identifier_value",
        system,
        most,
        day,
        entry,
    )


async def versions(tx: Transaction, system: str, entry: str, most: int) -> list[asyncpg.Record]:
    """Of one entry, newest day first."""
    return await tx.fetch(
        "SELECT record_id, version, is_current, is_told, resource_type, category, title,"
        " effective_on, effective_at, recorded_at, identifier_value, body FROM record"
        " WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND identifier_system = $1"
        " AND split_part(identifier_value, ':', 1) = $2"
        " ORDER BY effective_on DESC, version DESC, identifier_value LIMIT $3",
        system,
        entry,
        most,
    )
