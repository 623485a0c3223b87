"""What a professional may see of one participant, in the order of its page."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.records.filtering import Filter

# The exceptions are read once, not for each record.
_PERMITTED = (
    " FROM (SELECT jsonb_populate_record(NULL::app.exceptions, nullif($9, '')::jsonb) AS except"
    " OFFSET 0) x CROSS JOIN LATERAL app.permitted_records($1, $2, '{}', NULL, $3, $4, $5, $6, $7,"
    " $8, x.except) r"
)


class Narrowed(NamedTuple):
    """None, () and "" leave a filter out; `since` to `until` are days of care; `vital_tests` are
    the first five characters of JLAC10 codes, by which `of_checkups` parts measurements;
    `only_facilities` leaves out what participants brought themselves."""

    categories: Sequence[str]
    facility_id: UUID | None
    since: date | None
    until: date | None
    record_id: UUID | None
    of_checkups: str
    vital_tests: Sequence[str]
    only_facilities: bool


async def page(
    tx: Transaction,
    subject: UUID,
    facility_id: UUID,
    by: Filter,
    narrowed: Narrowed,
    *,
    most_bytes: int,
    limit: int,
    offset: int,
) -> list[asyncpg.Record]:
    """Newest day of care first; each row says how many match in all (`total`), one row without
    `record_id` when none is left."""
    return await tx.fetch(
        "WITH permitted AS MATERIALIZED ("  # noqa: S608 - constants only
        f"  SELECT r.*{_PERMITTED}"
        "  WHERE ($10::text[] = '{}' OR r.category = ANY ($10))"
        "   AND ($11::uuid IS NULL OR r.source_facility_id = $11)"
        "   AND ($12::date IS NULL OR r.effective_on >= $12)"
        "   AND ($13::date IS NULL OR r.effective_on <= $13)"
        "   AND ($14::uuid IS NULL OR r.record_id = $14)"
        "   AND CASE WHEN $15 = '' OR r.category <> 'checkup' THEN true"
        "    WHEN r.resource_type <> 'Observation' THEN $15 = 'files'"
        "    ELSE $15 = CASE WHEN EXISTS (SELECT FROM"
        "     jsonb_path_query(r.body::jsonb, '$.code.coding[*].code') c"
        "     WHERE left(c #>> '{}', 5) = ANY ($16::text[])) THEN 'vitals' ELSE 'labs' END END"
        "   AND NOT ($17 AND r.source_facility_id = app.self_source())"
        "), shown AS ("
        "  SELECT * FROM permitted"
        "  ORDER BY effective_on DESC, effective_at DESC NULLS LAST, record_id DESC"
        "  LIMIT $19 OFFSET $20"
        ") SELECT (SELECT count(*) FROM permitted)::integer AS total, s.record_id,"
        " s.resource_type, s.category, s.title, s.effective_on, s.effective_at,"
        " s.source_facility_id, s.marks, s.is_told, s.recorded_at,"
        " CASE WHEN octet_length(s.body) <= $18 THEN s.body END AS body"
        " FROM (VALUES (1)) AS one LEFT JOIN shown s ON true"
        " ORDER BY s.effective_on DESC, s.effective_at DESC NULLS LAST, s.record_id DESC",
        subject,
        facility_id,
        *by,
        *narrowed,
        most_bytes,
        limit,
        offset,
    )


async def newest_own(
    tx: Transaction,
    subject: UUID,
    facility_id: UUID,
    by: Filter,
    *,
    most_bytes: int,
    limit: int,
) -> list[asyncpg.Record]:
    """The newest of each kind that participants brought themselves, by the title that stands
    unsealed, and how many there are of it (`alike`); else as `page`."""
    return await tx.fetch(
        "WITH newest AS (SELECT DISTINCT ON (r.category, r.resource_type, r.title) r.*,"  # noqa: S608 - constants only
        "  count(*) OVER (PARTITION BY r.category, r.resource_type, r.title)::integer AS alike"
        f" {_PERMITTED} WHERE r.source_facility_id = app.self_source()"
        "  ORDER BY r.category, r.resource_type, r.title, r.effective_on DESC,"
        "   r.effective_at DESC NULLS LAST, r.record_id DESC"
        "), shown AS (SELECT * FROM newest"
        "  ORDER BY effective_on DESC, effective_at DESC NULLS LAST, record_id DESC LIMIT $11"
        ") SELECT (SELECT count(*) FROM newest)::integer AS total, s.record_id,"
        " s.resource_type, s.category, s.title, s.effective_on, s.effective_at,"
        " s.source_facility_id, s.marks, s.is_told, s.recorded_at, s.alike,"
        " CASE WHEN octet_length(s.body) <= $10 THEN s.body END AS body"
        " FROM (VALUES (1)) AS one LEFT JOIN shown s ON true"
        " ORDER BY s.effective_on DESC, s.effective_at DESC NULLS LAST, s.record_id DESC",
        subject,
        facility_id,
        *by,
        most_bytes,
        limit,
    )


async def kinds(
    tx: Transaction, subject: UUID, facility_id: UUID, by: Filter
) -> list[asyncpg.Record]:
    """How many there are of each category and facility."""
    return await tx.fetch(
        "SELECT r.category, r.source_facility_id AS facility_id,"
        f" count(*)::integer AS records{_PERMITTED} GROUP BY 1, 2",
        subject,
        facility_id,
        *by,
    )
