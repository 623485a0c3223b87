"""Proofs of professions in SQL."""

from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def own(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT way, issuer, valid_until, made_at FROM profession_proof"
        " WHERE professional_id = (SELECT app.professional()) AND ended_at IS NULL"
    )


async def end(tx: Transaction, professional_id: UUID) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE profession_proof SET ended_at = now()"
            " WHERE professional_id = $1 AND ended_at IS NULL RETURNING true",
            professional_id,
        )
    )


async def add_certificate(
    tx: Transaction, professional_id: UUID, profession: str, issuer: str, fingerprint: bytes
) -> None:
    await tx.execute(
        "INSERT INTO profession_proof (professional_id, way, profession, issuer, fingerprint)"
        " VALUES ($1, 'hpki', $2, $3, $4)",
        professional_id,
        profession,
        issuer,
        fingerprint,
    )


async def add_word(
    tx: Transaction,
    professional_id: UUID,
    profession: str,
    reason: str,
    by_name: str,
    valid_until: date,
) -> None:
    await tx.execute(
        "INSERT INTO profession_proof (professional_id, way, profession, reason, vouched_by,"
        " vouched_by_name, valid_until) VALUES ($1, 'vouched', $2, $3, app.account(), $4, $5)",
        professional_id,
        profession,
        reason,
        by_name,
        valid_until,
    )


async def set_vouched_until(tx: Transaction, professional_id: UUID, until: date | None) -> None:
    await tx.execute(
        "UPDATE professional SET vouched_until = $2 WHERE professional_id = $1"
        " AND vouched_until IS DISTINCT FROM $2",
        professional_id,
        until,
    )


async def lock(tx: Transaction, professional_id: UUID) -> asyncpg.Record | None:
    """Who is at work, by id."""
    return await tx.fetchrow(
        "SELECT name, profession, vouched_until FROM professional"
        " WHERE professional_id = $1 AND is_active FOR UPDATE",
        professional_id,
    )


async def to_vouch_for(
    tx: Transaction, professions: list[str], by: date, count: int
) -> list[asyncpg.Record]:
    """Of these professions: for whom no word stands past `by`, the soonest to end first."""
    return await tx.fetch(
        "SELECT p.professional_id, p.name, p.profession, f.name, f.name_en, w.reason,"
        " w.vouched_by_name, w.valid_until"
        " FROM professional p JOIN facility f USING (facility_id)"
        " LEFT JOIN profession_proof w ON w.professional_id = p.professional_id"
        "   AND w.ended_at IS NULL"
        " WHERE p.is_active AND f.is_active AND p.profession = ANY ($1)"
        "   AND (w.valid_until <= $2 OR w.proof_id IS NULL"
        "     AND (p.trained_on IS NULL OR p.vouched_until IS NOT NULL))"
        " ORDER BY w.valid_until NULLS FIRST, p.professional_id LIMIT $3",
        professions,
        by,
        count,
    )


async def vouched(tx: Transaction, count: int) -> list[asyncpg.Record]:
    """Whom the network vouches for now, the newest word first."""
    return await tx.fetch(
        "SELECT p.professional_id, p.name, p.profession, f.name, f.name_en, w.reason,"
        " w.vouched_by_name, w.valid_until"
        " FROM profession_proof w JOIN professional p USING (professional_id)"
        " JOIN facility f USING (facility_id)"
        " WHERE w.ended_at IS NULL AND w.way = 'vouched'"
        " ORDER BY w.made_at DESC, w.proof_id LIMIT $1",
        count,
    )
