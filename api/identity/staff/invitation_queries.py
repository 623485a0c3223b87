"""Invitations of staff in SQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add_account(tx: Transaction, account_id: UUID, professional_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO account (account_id, kind, professional_id) VALUES ($1, 'professional', $2)",
        account_id,
        professional_id,
    )


async def add_administrator_account(
    tx: Transaction, account_id: UUID, administrator_id: UUID
) -> None:
    await tx.execute(
        "INSERT INTO account (account_id, kind, administrator_id)"
        " VALUES ($1, 'facility_admin', $2)",
        account_id,
        administrator_id,
    )


async def add_officer_account(
    tx: Transaction, account_id: UUID, kind: str, officer_id: UUID
) -> None:
    await tx.execute(
        "INSERT INTO account (account_id, kind, officer_id) VALUES ($1, $2, $3)",
        account_id,
        kind,
        officer_id,
    )


async def officer_accounts(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT officer_id, account_id, kind FROM account WHERE kind IN ('support', 'auditor')"
    )


async def administrator_accounts(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT administrator_id, account_id FROM account WHERE kind = 'facility_admin'"
    )


async def invite(tx: Transaction, account_id: UUID, code_hmac: bytes, expires_at: datetime) -> bool:
    return bool(
        await tx.fetchval("SELECT identity_invite($1, $2, $3)", account_id, code_hmac, expires_at)
    )


async def shut_out(tx: Transaction, account_id: UUID) -> bool:
    return bool(await tx.fetchval("SELECT identity_shut_out($1)", account_id))


async def staff_accounts(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT * FROM identity_staff_accounts()")


async def holder(
    tx: Transaction, *, code_hmac: bytes | None = None, ticket_hash: bytes | None = None
) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT * FROM identity_account_of_invitation($1, $2)", code_hmac, ticket_hash
    )


async def give_ticket(
    tx: Transaction, code_hmac: bytes, ticket_hash: bytes, expires_at: datetime
) -> bool:
    given = await tx.fetchval(
        "UPDATE invitation SET ticket_hash = $2, ticket_expires_at = $3, challenge = NULL"
        " WHERE account_id = (SELECT app.account()) AND code_hmac = $1"
        " AND used_at IS NULL AND replaced_at IS NULL AND expires_at > now() RETURNING true",
        code_hmac,
        ticket_hash,
        expires_at,
    )
    return bool(given)


async def lock_ticket(tx: Transaction, ticket_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT invitation_id, challenge FROM invitation"
        " WHERE account_id = (SELECT app.account()) AND ticket_hash = $1 AND used_at IS NULL"
        " AND replaced_at IS NULL AND expires_at > now() AND ticket_expires_at > now() FOR UPDATE",
        ticket_hash,
    )


async def set_challenge(tx: Transaction, invitation_id: UUID, challenge: bytes) -> None:
    await tx.execute(
        "UPDATE invitation SET challenge = $2"
        " WHERE account_id = (SELECT app.account()) AND invitation_id = $1",
        invitation_id,
        challenge,
    )


async def use(tx: Transaction, invitation_id: UUID) -> None:
    await tx.execute(
        "UPDATE invitation SET used_at = now()"
        " WHERE account_id = (SELECT app.account()) AND invitation_id = $1",
        invitation_id,
    )
