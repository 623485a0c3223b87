"""All that the filter lets through of one participant, in pieces."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from api.core.database import Transaction
from api.records.filtering import Filter


class Permitted(NamedTuple):
    """One current record. `body` is its JSON; one that is not told never reaches the participant's
    side."""

    record_id: UUID
    resource_type: str
    category: str
    facility_id: UUID
    is_told: bool
    on: date
    body: str


async def permitted(
    tx: Transaction,
    facility_id: UUID | None,
    types: tuple[str, ...],
    by: Filter,
    *,
    since: datetime | None,
    after: UUID | None,
    count: int,
) -> list[Permitted]:
    """By id, those after `after`; `since` leaves out what was there before."""
    rows = await tx.fetch(
        "SELECT r.record_id, r.resource_type, r.category, r.source_facility_id, r.is_told,"
        " r.effective_on, r.body"
        " FROM app.permitted_records((SELECT app.subject()), $1, $2, NULL, $3, $4, $5, $6, $7, $8,"
        "  CASE WHEN $9 <> '' THEN jsonb_populate_record(NULL::app.exceptions, $9::jsonb) END) r"
        " WHERE ($10::timestamptz IS NULL OR r.recorded_at > $10)"
        " AND ($11::uuid IS NULL OR r.record_id > $11) ORDER BY r.record_id LIMIT $12",
        facility_id,
        list(types),
        list(by.categories),
        list(by.source_permitted),
        list(by.source_denied),
        by.level,
        by.data_from,
        by.sees_own,
        by.exceptions,
        since,
        after,
        count,
    )
    return [Permitted(*row.values()) for row in rows]
