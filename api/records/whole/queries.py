"""All that the filter lets through of one participant: the newest, or in pieces."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from api.core.database import Transaction
from api.records.filtering import Filter

_PERMITTED = (
    "app.permitted_records((SELECT app.subject()), $1, $2, NULL, $3, $4, $5, $6, $7, $8,"
    " CASE WHEN $9 <> '' THEN jsonb_populate_record(NULL::app.exceptions, $9::jsonb) END) r"
)
_COLUMNS = (
    "r.record_id, r.resource_type, r.category, r.source_facility_id, r.is_told, r.effective_on,"
    " r.body"
)


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


class Piece(NamedTuple):
    """`has_more`: there are more after the last."""

    records: list[Permitted]
    has_more: bool


async def newest(
    tx: Transaction, facility_id: UUID | None, types: tuple[str, ...], by: Filter, count: int
) -> list[Permitted]:
    """By day of care, the newest first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM {_PERMITTED}"  # noqa: S608 - constants only
        " ORDER BY r.effective_on DESC, r.record_id DESC LIMIT $10",
        *_arguments(facility_id, types, by),
        count,
    )
    return [Permitted(*row.values()) for row in rows]


async def piece(
    tx: Transaction,
    facility_id: UUID | None,
    types: tuple[str, ...],
    by: Filter,
    *,
    since: datetime | None,
    after: UUID | None,
    count: int,
    size: int,
) -> Piece:
    """By id, those after `after`: at most `count`, and no further one once `size` characters are
    reached. `since` leaves out what was there before."""
    rows = await tx.fetch(
        "SELECT record_id, resource_type, category, source_facility_id, is_told,"  # noqa: S608
        "  effective_on, body, found FROM ("
        "  SELECT *, count(*) OVER () AS found, row_number() OVER (ORDER BY record_id) AS n,"
        "   sum(length(body)) OVER (ORDER BY record_id) - length(body) AS before_it FROM ("
        f"   SELECT {_COLUMNS} FROM {_PERMITTED}"
        "    WHERE ($10::timestamptz IS NULL OR r.recorded_at > $10)"
        "     AND ($11::uuid IS NULL OR r.record_id > $11) ORDER BY r.record_id LIMIT $12 + 1"
        "  ) r ) r WHERE n <= $12 AND before_it < $13 ORDER BY record_id",
        *_arguments(facility_id, types, by),
        since,
        after,
        count,
        size,
    )
    found = rows[0]["found"] if rows else 0
    return Piece([Permitted(*tuple(row.values())[:-1]) for row in rows], found > len(rows))


def _arguments(facility_id: UUID | None, types: tuple[str, ...], by: Filter) -> tuple[object, ...]:
    return (
        facility_id,
        list(types),
        list(by.categories),
        list(by.source_permitted),
        list(by.source_denied),
        by.level,
        by.data_from,
        by.sees_own,
        by.exceptions,
    )
