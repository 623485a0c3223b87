"""What the acting facility wrote on the network's pages, and about whom it may write."""

from datetime import datetime
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
    tx: Transaction, system: str, entry: str | None, *, all_versions: bool, most: int
) -> list[asyncpg.Record]:
    """Newest day first; of one entry where it is named."""
    return await tx.fetch(
        "SELECT record_id, version, is_current, is_told, resource_type, category, title,"
        " effective_on, effective_at, recorded_at, identifier_value, body FROM record"
        " WHERE participant_id = (SELECT app.subject())"
        " AND source_facility_id = (SELECT app.facility()) AND identifier_system = $1"
        " AND ($2::text IS NULL OR split_part(identifier_value, ':', 1) = $2)"
        " AND (is_current OR $3)"
        " ORDER BY effective_on DESC, split_part(identifier_value, ':', 1) DESC, version DESC,"
        " identifier_value LIMIT $4",
        system,
        entry,
        all_versions,
        most,
    )
