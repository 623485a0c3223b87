"""Reads and writes of the directory; nothing here belongs to a participant."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction
from api.directory.tables import Facility, NetworkProfileVersion, Professional


async def profile_source(profile_id: str, version: int) -> str | None:
    row = (
        await NetworkProfileVersion.select(NetworkProfileVersion.source)
        .where(
            NetworkProfileVersion.profile_id == profile_id,
            NetworkProfileVersion.version == version,
        )
        .first()
    )
    return row["source"] if row else None


async def add_profile(tx: Transaction, profile_id: str, version: int, source: str) -> None:
    await tx.execute(
        "INSERT INTO network_profile (profile_id, version, source) VALUES ($1, $2, $3)",
        profile_id,
        version,
        source,
    )


async def facilities(tx: Transaction, ids: Sequence[UUID] | None = None) -> list[asyncpg.Record]:
    """In kana order; only active ones unless named by id."""
    return await tx.fetch(
        "SELECT facility_id, code, name, name_kana, name_en, facility_type, region, is_active,"
        " joined_at FROM facility"
        " WHERE ($1::uuid[] IS NULL AND is_active) OR facility_id = ANY ($1)"
        " ORDER BY name_kana, facility_id",
        ids,
    )


async def id_systems(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT facility_id, id_system FROM facility WHERE facility_id = ANY ($1)", ids
    )


async def facility_names(tx: Transaction) -> list[asyncpg.Record]:
    """Every name a facility has or had, in whatever language."""
    return await tx.fetch(
        "SELECT 'ja' AS locale, name FROM facility UNION SELECT 'ja', name_kana FROM facility"
        " UNION SELECT 'en', name_en FROM facility"
        " UNION SELECT 'ja', name FROM facility_history"
        " UNION SELECT 'en', name_en FROM facility_history"
    )


async def search(
    tx: Transaction,
    words: str,
    kana: str,
    limit: int,
    regions: Sequence[str] | None = None,
    facility_type: str | None = None,
    first: tuple[Sequence[UUID], Sequence[int]] = ((), ()),
) -> list[asyncpg.Record]:
    """Active ones whose name holds the words, in kana order; `matches` counts them all.

    `first`: facilities that come before the others, and their places.
    """
    return await tx.fetch(
        "SELECT facility_id, code, name, name_kana, name_en, facility_type, region, is_active,"
        " joined_at, count(*) OVER ()::integer AS matches FROM facility"
        " WHERE is_active AND (strpos(lower(name), $1) > 0 OR strpos(lower(name_en), $1) > 0"
        "   OR strpos(name_kana, $2) > 0)"
        "   AND ($4::text[] IS NULL OR region = ANY ($4))"
        "   AND ($5::text IS NULL OR facility_type = $5)"
        " ORDER BY ($7::integer[])[array_position($6::uuid[], facility_id)] NULLS LAST,"
        " name_kana, facility_id LIMIT $3",
        words,
        kana,
        limit,
        regions,
        facility_type,
        *first,
    )


async def joined_since(tx: Transaction, at: datetime) -> list[asyncpg.Record]:
    """Active ones that joined after `at`, the newest first."""
    return await tx.fetch(
        "SELECT facility_id, code, name, name_kana, name_en, facility_type, region, is_active,"
        " joined_at FROM facility WHERE is_active AND joined_at > $1"
        " ORDER BY joined_at DESC, facility_id",
        at,
    )


_PERSON = (
    "SELECT p.professional_id, p.name, p.name_kana, p.profession,"
    " p.is_active AND f.is_active AS is_active, p.facility_id,"
    " f.name AS facility_name, f.name_en AS facility_name_en, f.facility_type, f.region,"
    " f.joined_at"
)
_OF = " FROM professional p JOIN facility f USING (facility_id)"


async def people(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        f"{_PERSON}{_OF} WHERE p.professional_id = ANY ($1) ORDER BY p.name_kana",
        ids,
    )


# Names hold the words, spaces aside: $1 as typed, $2 in katakana.
_CALLED = (
    "strpos(lower(translate(p.name, ' 　', '')), $1) > 0"
    " OR strpos(translate(p.name_kana, ' 　', ''), $2) > 0"
)


async def search_people(
    tx: Transaction, words: str, kana: str, facility_id: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Active ones at active facilities, in kana order; `matches` counts them all."""
    return await tx.fetch(
        f"{_PERSON}, count(*) OVER ()::integer AS matches{_OF}"
        f" WHERE p.is_active AND f.is_active AND ($3::uuid IS NULL OR p.facility_id = $3)"
        f" AND ({_CALLED}) ORDER BY p.name_kana, p.professional_id LIMIT $4",
        words,
        kana,
        facility_id,
        limit,
    )


async def colleagues(
    tx: Transaction, words: str, kana: str, facility_id: UUID | None, today: date, limit: int
) -> list[asyncpg.Record]:
    """Trained ones at work elsewhere, found by their facility's name too, in kana order."""
    return await tx.fetch(
        f"{_PERSON}{_OF} WHERE p.is_active AND f.is_active AND p.trained_on <= $4"
        " AND (p.vouched_until IS NULL OR p.vouched_until >= $4)"
        f" AND p.facility_id <> $3 AND ({_CALLED}"
        "   OR strpos(lower(translate(f.name, ' 　', '')), $1) > 0"
        "   OR strpos(lower(translate(f.name_en, ' ', '')), $1) > 0"
        "   OR strpos(f.name_kana, $2) > 0)"
        " ORDER BY p.name_kana, p.professional_id LIMIT $5",
        words,
        kana,
        facility_id,
        today,
        limit,
    )


async def facility_of_code(code: str) -> UUID | None:
    row = await Facility.select(Facility.facility_id).where(Facility.code == code).first()
    return row["facility_id"] if row else None


_REQUESTER = (
    "SELECT f.facility_id, p.professional_id, f.facility_type, f.region,"
    " f.is_active AS facility_is_active, f.joined_at AS facility_joined_at, f.name, f.name_en,"
    " p.profession, p.name AS professional_name, p.facility_id AS professional_facility_id,"
    " coalesce(p.is_active, false) AS professional_is_active, p.trained_on,"
    " p.vouched_until,"
    " f.revision || '.' || coalesce(p.revision, 0) AS standing"
)


async def facilities_of_codes(
    tx: Transaction, codes: Sequence[str], only_active: bool
) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT code, facility_id FROM facility WHERE code = ANY ($1) AND (is_active OR NOT $2)",
        codes,
        only_active,
    )


async def workplace(tx: Transaction, professional_id: UUID) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT facility_id FROM professional WHERE professional_id = $1", professional_id
    )
    return found


async def requester(
    tx: Transaction, facility_id: UUID, professional_id: UUID | None
) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"{_REQUESTER} FROM facility f LEFT JOIN professional p ON p.professional_id = $2"
        " WHERE f.facility_id = $1",
        facility_id,
        professional_id,
    )


async def requester_then(
    tx: Transaction,
    facility_id: UUID,
    professional_id: UUID | None,
    revisions: tuple[int, int],
) -> asyncpg.Record | None:
    """As `requester`, at these revisions of facility and person."""
    return await tx.fetchrow(
        f"{_REQUESTER} FROM facility_history f LEFT JOIN professional_history p"
        "   ON p.professional_id = $2 AND p.revision = $4"
        " WHERE f.facility_id = $1 AND f.revision = $3",
        facility_id,
        professional_id,
        *revisions,
    )


async def requesters(
    tx: Transaction, facility_ids: Sequence[UUID], professional_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """These facilities without any professional, and these professionals where they work."""
    return await tx.fetch(
        f"{_REQUESTER} FROM facility f LEFT JOIN professional p ON false"
        " WHERE f.facility_id = ANY ($1)"
        f" UNION ALL {_REQUESTER} FROM professional p JOIN facility f USING (facility_id)"
        " WHERE p.professional_id = ANY ($2)",
        facility_ids,
        professional_ids,
    )


async def professional(professional_id: UUID) -> dict[str, object] | None:
    return (
        await Professional.select().where(Professional.professional_id == professional_id).first()
    )


async def workplaces_of_name(tx: Transaction, name: str) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT DISTINCT facility_id FROM professional WHERE is_active"
        " AND regexp_replace(name, '\\s', '', 'g') = $1",
        name,
    )
    return [row["facility_id"] for row in rows]
