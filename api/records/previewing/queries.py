"""Told records as somebody else would see them, and what tells one decision from another."""

from uuid import UUID

import asyncpg

from api.consent.settings.comparing import Cuts
from api.core.database import Transaction
from api.records.filtering import Filter

# The exceptions are read once, not for each record.
_SEEN = (
    " FROM (SELECT jsonb_populate_record(NULL::app.exceptions, nullif($9, '')::jsonb) AS except"
    " OFFSET 0) x CROSS JOIN LATERAL app.permitted_records($1, $2, '{}', NULL, $3, $4, $5, $6, $7,"
    " $8, x.except) r WHERE r.is_told"
)


async def seen_by_category(
    tx: Transaction, subject: UUID, facility_id: UUID, by: Filter
) -> dict[str, int]:
    rows = await tx.fetch(
        f"SELECT r.category, count(*) AS size{_SEEN} GROUP BY r.category",
        subject,
        facility_id,
        *by,
    )
    return {row["category"]: row["size"] for row in rows}


async def seen(
    tx: Transaction,
    subject: UUID,
    facility_id: UUID,
    by: Filter,
    *,
    category: str | None,
    limit: int,
    offset: int,
) -> list[asyncpg.Record]:
    """The newest first; of one category, or of all."""
    return await tx.fetch(
        "SELECT r.record_id, r.resource_type, r.category, r.title, r.effective_on,"
        f" r.effective_at, r.source_facility_id{_SEEN} AND ($10::text IS NULL OR r.category = $10)"
        " ORDER BY r.effective_on DESC, r.record_id DESC LIMIT $11 OFFSET $12",
        subject,
        facility_id,
        *by,
        category,
        limit,
        offset,
    )


async def told_groups(tx: Transaction, cuts: Cuts) -> list[asyncpg.Record]:
    """The subject's told records, in groups that get one decision each."""
    return await tx.fetch(
        "SELECT category, CASE WHEN source_facility_id = ANY ($1) THEN source_facility_id END AS"
        " source, sensitivity, CASE WHEN record_id = ANY ($3) THEN record_id END AS named,"
        " min(effective_on) AS day, count(*) AS size FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND is_current AND is_told"
        " GROUP BY category, source, sensitivity, width_bucket(effective_on, $2::date[]), named",
        cuts.sources,
        cuts.days,
        cuts.record_ids,
    )
