"""Rows a person begins with."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction

_OWNER = {
    "participant": "participant_id",
    "professional": "professional_id",
    "support": "officer_id",
    "auditor": "officer_id",
    "facility_admin": "administrator_id",
}


async def add_participant(
    tx: Transaction, participant_id: UUID, name: str, kana: str, sex: str, birth_on: date
) -> None:
    await tx.execute(
        "INSERT INTO participant (participant_id, name, name_kana, sex, birth_on)"
        " VALUES ($1, $2, $3, $4, $5)",
        participant_id,
        name,
        kana,
        sex,
        birth_on,
    )


async def add_card(tx: Transaction, participant_id: UUID, number: str) -> None:
    await tx.execute(
        "INSERT INTO card (participant_id, number) VALUES ($1, $2)", participant_id, number
    )


async def add_code(
    tx: Transaction, participant_id: UUID, code_hmac: bytes, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO activation_code (participant_id, code_hmac, expires_at) VALUES ($1, $2, $3)",
        participant_id,
        code_hmac,
        expires_at,
    )


async def add_account(tx: Transaction, account_id: UUID, kind: str, person_id: UUID) -> None:
    await tx.execute(
        f"INSERT INTO account (account_id, kind, {_OWNER[kind]}) VALUES ($1, $2, $3)",  # noqa: S608
        account_id,
        kind,
        person_id,
    )


async def add_system(
    tx: Transaction,
    client_id: str,
    facility_id: UUID,
    name: str,
    jwks: str | None,
    jwks_uri: str | None,
) -> None:
    await tx.execute(
        "INSERT INTO system_client (client_id, facility_id, name, jwks, jwks_uri)"
        " VALUES ($1, $2, $3, $4::jsonb, $5)",
        client_id,
        facility_id,
        name,
        jwks,
        jwks_uri,
    )


async def change_system_keys(
    tx: Transaction, client_id: str, jwks: str | None, jwks_uri: str | None
) -> UUID | None:
    """Its facility, where it is one that still gets tokens."""
    found: UUID | None = await tx.fetchval(
        "UPDATE system_client SET jwks = $2::jsonb, jwks_uri = $3"
        " WHERE client_id = $1 AND is_active RETURNING facility_id",
        client_id,
        jwks,
        jwks_uri,
    )
    return found


async def let_system_export(tx: Transaction, client_id: str, may: bool) -> UUID | None:
    """Its facility, where it is one that gets tokens."""
    found: UUID | None = await tx.fetchval(
        "UPDATE system_client SET may_export = $2 WHERE client_id = $1 AND is_active"
        " RETURNING facility_id",
        client_id,
        may,
    )
    return found


async def end_system(tx: Transaction, client_id: str) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "UPDATE system_client SET is_active = false WHERE client_id = $1 AND is_active"
        " RETURNING facility_id",
        client_id,
    )
    return found


async def person_of_card(tx: Transaction, number: str) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT identity_participant_of_card($1)", number)
    return found


async def birth_of_subject(tx: Transaction) -> date | None:
    found: date | None = await tx.fetchval(
        "SELECT birth_on FROM participant WHERE participant_id = (SELECT app.subject())"
    )
    return found


async def subject_as_admitted(tx: Transaction) -> asyncpg.Record | None:
    """None of somebody whose account is closed."""
    return await tx.fetchrow(
        "SELECT participant_id, name, birth_on FROM participant"
        " WHERE participant_id = (SELECT app.subject())"
        " AND NOT (SELECT c.is_closed FROM account_closed() c)"
    )
