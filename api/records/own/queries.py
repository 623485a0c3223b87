"""A participant's own records as they may know of them; every query here asks for told ones."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.phr.entries.kinds import IDENTIFIER, PROVENANCE

# `$1` is the highest sensitivity that is shown.
_TOLD = "participant_id = (SELECT app.subject()) AND is_current AND is_told AND sensitivity <= $1"
# Neither a book that is put aside nor an entry in it: `{aside}` are the books' ids.
_NOT_ASIDE = (
    "(source_facility_id <> app.self_source() OR identifier_system IS DISTINCT FROM '{own}'"
    " OR (split_part(identifier_value, ':', 2) <> ALL ({aside}::text[])"
    "  AND record_id::text <> ALL ({aside}::text[])))"
)
# What a record of one's own says of who wrote it down (api/records/provenance.py).
_BY = f'$.meta.tag[*] ? (@.system == "{PROVENANCE}").code'
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))


class Wanted(NamedTuple):
    """None and "" leave a filter out; `since` to `until` are days of care;
    `aside` are books of one's own that are left out."""

    category: str | None
    facility_id: UUID | None
    since: date | None
    until: date | None
    words: str
    aside: Sequence[str] = ()


class Place(NamedTuple):
    """Where a record stands in the order of the list, which nothing but its own change moves."""

    on: date
    facility_id: UUID
    record_id: UUID


async def page(
    tx: Transaction, most: int, wanted: Wanted, after: Place | None, count: int
) -> list[asyncpg.Record]:
    """Newest day first, one facility's together; each row says how many match in all (`total`).

    One row without `record_id` when none is left. Width, case and kana of the words do not matter.
    """
    return await tx.fetch(
        "WITH mine AS MATERIALIZED ("  # noqa: S608 - constants only
        "  SELECT record_id, category, title, sensitivity, effective_on, source_facility_id"
        f"  FROM record WHERE {_TOLD} AND ($2::text IS NULL OR category = $2)"
        "   AND ($3::uuid IS NULL OR source_facility_id = $3)"
        "   AND ($4::date IS NULL OR effective_on >= $4)"
        "   AND ($5::date IS NULL OR effective_on <= $5)"
        "   AND ($6 = '' OR strpos(translate(lower(normalize(title, NFKC)), $11, $12),"
        "     translate(lower(normalize($6, NFKC)), $11, $12)) > 0)"
        f"   AND {_NOT_ASIDE.format(own=IDENTIFIER, aside='$13')}"
        "), shown AS ("
        "  SELECT *, CASE WHEN source_facility_id = app.self_source() THEN ("
        "   SELECT jsonb_path_query_first(b.body::jsonb, $14) #>> '{}' FROM record b"
        "   WHERE b.participant_id = (SELECT app.subject()) AND b.record_id = mine.record_id"
        "    AND b.is_current) END AS by FROM mine WHERE $7::date IS NULL"
        "   OR (effective_on, source_facility_id, record_id) < ($7, $8::uuid, $9::uuid)"
        "  ORDER BY effective_on DESC, source_facility_id DESC, record_id DESC LIMIT $10"
        ") SELECT (SELECT count(*) FROM mine)::integer AS total, shown.*"
        " FROM (VALUES (1)) AS one LEFT JOIN shown ON true"
        " ORDER BY effective_on DESC, source_facility_id DESC, record_id DESC",
        most,
        wanted.category,
        wanted.facility_id,
        wanted.since,
        wanted.until,
        wanted.words.strip(),
        *(after or (None, None, None)),
        count,
        _HIRAGANA,
        _KATAKANA,
        list(wanted.aside),
        _BY,
    )


async def counts(tx: Transaction, most: int, aside: Sequence[str]) -> list[asyncpg.Record]:
    """How many there are of each category, facility and year."""
    return await tx.fetch(
        "SELECT category, source_facility_id AS facility_id,"  # noqa: S608 - constants only
        " extract(year FROM effective_on)::integer AS year, count(*)::integer AS records"
        f" FROM record WHERE {_TOLD}"
        f" AND {_NOT_ASIDE.format(own=IDENTIFIER, aside='$2')} GROUP BY 1, 2, 3",
        most,
        list(aside),
    )


async def one(tx: Transaction, most: int, record_id: UUID) -> asyncpg.Record | None:
    """`visit` counts the told records of the same facility and day, this one included."""
    return await tx.fetchrow(
        "SELECT r.record_id, r.category, r.title, r.sensitivity, r.effective_on,"  # noqa: S608
        " r.source_facility_id, r.body,"
        f" (SELECT count(*) FROM record v WHERE {_TOLD} AND v.effective_on = r.effective_on"
        "   AND v.source_facility_id = r.source_facility_id)::integer AS visit"
        f" FROM record r WHERE {_TOLD} AND record_id = $2",
        most,
        record_id,
    )


async def of_type(
    tx: Transaction,
    most: int,
    resource_type: str,
    record_id: UUID | None,
    before: UUID | None,
    count: int | None,
) -> list[asyncpg.Record]:
    """Newest first, all of them without a `count`; each row says how many there are in all
    (`total`), one row without `record_id` when none is left."""
    return await tx.fetch(
        "WITH mine AS MATERIALIZED ("  # noqa: S608 - constants only
        f"  SELECT record_id, category, body FROM record WHERE {_TOLD} AND resource_type = $2"
        "   AND ($3::uuid IS NULL OR record_id = $3)"
        "), shown AS ("
        "  SELECT * FROM mine WHERE $4::uuid IS NULL OR record_id < $4"
        "  ORDER BY record_id DESC LIMIT $5"
        ") SELECT (SELECT count(*) FROM mine)::integer AS total, shown.*"
        " FROM (VALUES (1)) AS one LEFT JOIN shown ON true ORDER BY record_id DESC",
        most,
        resource_type,
        record_id,
        before,
        count,
    )


async def sources(tx: Transaction, most: int) -> list[UUID]:
    rows = await tx.fetch(
        f"SELECT DISTINCT source_facility_id FROM record WHERE {_TOLD}",  # noqa: S608
        most,
    )
    return [row["source_facility_id"] for row in rows]
