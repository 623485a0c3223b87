"""Logins under way, and who is known by which issuer, in SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add_login(
    tx: Transaction,
    login_hash: bytes,
    purpose: str,
    door: str,
    session_id: UUID | None,
    expires_at: datetime,
) -> None:
    await tx.execute("DELETE FROM national_login WHERE expires_at < now()")
    await tx.execute(
        "INSERT INTO national_login (login_hash, purpose, door, session_id, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        login_hash,
        purpose,
        door,
        session_id,
        expires_at,
    )


async def take_login(tx: Transaction, login_hash: bytes) -> asyncpg.Record | None:
    """It serves once: whoever takes it has it alone."""
    return await tx.fetchrow(
        "DELETE FROM national_login WHERE login_hash = $1"
        " RETURNING purpose, door, session_id, started_at, expires_at > now() AS is_fresh",
        login_hash,
    )


async def holder_of_identity(tx: Transaction, iss: str, sub: str) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_national($1, $2)", iss, sub)


async def participants_named(
    tx: Transaction, name: str, birth_on: date, sex: str
) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT participant_id, is_enrolled FROM identity_participants_named($1, $2, $3)",
        name,
        birth_on,
        sex,
    )


async def add_candidates(
    tx: Transaction,
    proof_hash: bytes,
    iss: str,
    sub: str,
    candidates: Sequence[UUID],
    expires_at: datetime,
) -> None:
    await tx.execute("DELETE FROM national_candidate WHERE expires_at < now()")
    await tx.execute(
        "INSERT INTO national_candidate (proof_hash, iss, sub, candidates, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        proof_hash,
        iss,
        sub,
        list(candidates),
        expires_at,
    )


async def candidates(tx: Transaction, proof_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT iss, sub, candidates FROM national_candidate"
        " WHERE proof_hash = $1 AND expires_at > now()",
        proof_hash,
    )


async def end_candidates(tx: Transaction, proof_hash: bytes) -> bool:
    ended = await tx.fetchval(
        "DELETE FROM national_candidate WHERE proof_hash = $1 RETURNING true", proof_hash
    )
    return bool(ended)


async def add_ticket(
    tx: Transaction, ticket_hash: bytes, iss: str, sub: str, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO enrolment_ticket (participant_id, ticket_hash, iss, sub, expires_at)"
        " VALUES (app.subject(), $1, $2, $3, $4)",
        ticket_hash,
        iss,
        sub,
        expires_at,
    )


async def add_identity(tx: Transaction, iss: str, sub: str) -> None:
    await tx.execute(
        "INSERT INTO national_identity (account_id, iss, sub, last_used_at)"
        " VALUES (app.account(), $1, $2, now())",
        iss,
        sub,
    )


async def identity_was_used(tx: Transaction, iss: str, sub: str) -> bool:
    """Whether it is the account's own; one that is being taken away is waited for."""
    return bool(
        await tx.fetchval(
            "UPDATE national_identity SET last_used_at = now()"
            " WHERE account_id = (SELECT app.account()) AND iss = $1 AND sub = $2 RETURNING true",
            iss,
            sub,
        )
    )


async def own_identity(tx: Transaction, iss: str) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT added_at, last_used_at FROM national_identity"
        " WHERE account_id = (SELECT app.account()) AND iss = $1",
        iss,
    )


async def remove_identity(tx: Transaction, iss: str) -> None:
    await tx.execute(
        "DELETE FROM national_identity WHERE account_id = (SELECT app.account()) AND iss = $1", iss
    )


async def use_every_code(tx: Transaction) -> None:
    """The papers of somebody who joined without one open nothing any more."""
    await tx.execute(
        "UPDATE activation_code SET used_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND used_at IS NULL"
    )
