"""Rows of the directory."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add_facility(tx: Transaction, *values: str | UUID) -> None:
    await tx.execute(
        "INSERT INTO facility (facility_id, id_system, code, name, name_kana, name_en,"
        " facility_type, region) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *values,
    )


async def tell_of_facility(
    tx: Transaction, facility_id: UUID, regions: Sequence[str], default: str
) -> int:
    """How many participants were told; `default` decides where none of their settings does."""
    return int(
        await tx.fetchval(
            "SELECT consent_tell_of_facility($1, $2, $3)", facility_id, list(regions), default
        )
    )


async def add_professional(tx: Transaction, *values: str | UUID | date | None) -> None:
    await tx.execute(
        "INSERT INTO professional (professional_id, facility_id, name, name_kana, profession,"
        " trained_on) VALUES ($1, $2, $3, $4, $5, $6)",
        *values,
    )


async def add_officer(tx: Transaction, *values: str | UUID | date | None) -> None:
    await tx.execute(
        "INSERT INTO officer (officer_id, name, name_kana, trained_on) VALUES ($1, $2, $3, $4)",
        *values,
    )


async def end_officer(tx: Transaction, officer_id: UUID) -> bool:
    """False where they are not at work."""
    return bool(
        await tx.fetchval(
            "UPDATE officer SET is_active = false WHERE officer_id = $1 AND is_active"
            " RETURNING true",
            officer_id,
        )
    )


async def officers(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT officer_id, name, trained_on, is_active FROM officer"
        " ORDER BY is_active DESC, officer_id"
    )


async def add_administrator(tx: Transaction, *values: str | UUID) -> None:
    await tx.execute(
        "INSERT INTO facility_administrator (administrator_id, facility_id, name, name_kana)"
        " VALUES ($1, $2, $3, $4)",
        *values,
    )


async def end_administrator(tx: Transaction, administrator_id: UUID) -> UUID | None:
    """Their facility, where they were at work."""
    found: UUID | None = await tx.fetchval(
        "UPDATE facility_administrator SET is_active = false"
        " WHERE administrator_id = $1 AND is_active RETURNING facility_id",
        administrator_id,
    )
    return found


async def administrators(tx: Transaction, facility_id: UUID) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT administrator_id, name, is_active FROM facility_administrator"
        " WHERE facility_id = $1 ORDER BY is_active DESC, appointed_at",
        facility_id,
    )


async def set_trained(tx: Transaction, person_id: UUID, trained_on: date) -> bool:
    """False where it is nobody's id, or the actor may not write here."""
    done = False
    for statement in (
        "UPDATE professional SET trained_on = $2 WHERE professional_id = $1 RETURNING true",
        "UPDATE officer SET trained_on = $2 WHERE officer_id = $1 RETURNING true",
    ):
        done = bool(await tx.fetchval(statement, person_id, trained_on)) or done
    return done
