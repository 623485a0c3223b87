"""A facility's own people in SQL."""

from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_LINE = (
    "SELECT p.professional_id, p.name, p.name_kana, p.profession, p.is_active, p.trained_on,"
    " p.vouched_until, f.way, f.made_at AS proved_at FROM professional p"
    " LEFT JOIN profession_proof f ON f.professional_id = p.professional_id"
    "   AND f.ended_at IS NULL AND f.profession = p.profession"
)


async def staff(tx: Transaction, skip: int, count: int) -> list[asyncpg.Record]:
    """Of the administrator's own facility, who is at work first, then in kana order."""
    return await tx.fetch(
        f"{_LINE} WHERE p.facility_id = (SELECT app.facility())"
        " ORDER BY p.is_active DESC, p.name_kana, p.professional_id OFFSET $1 LIMIT $2",
        skip,
        count,
    )


async def size(tx: Transaction) -> int:
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM professional WHERE facility_id = (SELECT app.facility())"
        )
    )


async def one(tx: Transaction, professional_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        f"{_LINE} WHERE p.facility_id = (SELECT app.facility()) AND p.professional_id = $1",
        professional_id,
    )


async def lock(tx: Transaction, professional_id: UUID) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT true FROM professional WHERE facility_id = (SELECT app.facility())"
            " AND professional_id = $1 FOR UPDATE",
            professional_id,
        )
    )


async def train(tx: Transaction, professional_id: UUID, trained_on: date) -> None:
    await tx.execute(
        "UPDATE professional SET trained_on = $2"
        " WHERE facility_id = (SELECT app.facility()) AND professional_id = $1",
        professional_id,
        trained_on,
    )


async def leave(tx: Transaction, professional_id: UUID) -> None:
    await tx.execute(
        "UPDATE professional SET is_active = false, trained_on = NULL"
        " WHERE facility_id = (SELECT app.facility()) AND professional_id = $1",
        professional_id,
    )


async def come_back(tx: Transaction, professional_id: UUID) -> None:
    await tx.execute(
        "UPDATE professional SET is_active = true"
        " WHERE facility_id = (SELECT app.facility()) AND professional_id = $1",
        professional_id,
    )
