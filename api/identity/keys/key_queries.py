"""An account's passkeys, sessions and challenges in SQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def lock_account(tx: Transaction) -> None:
    """Whoever changes the ways into an account waits for whoever else does."""
    await tx.execute(
        "SELECT FROM account WHERE account_id = (SELECT app.account()) FOR UPDATE",
    )


async def add_challenge(
    tx: Transaction, challenge: bytes, purpose: str, expires_at: datetime
) -> None:
    await tx.execute(
        "DELETE FROM key_challenge WHERE account_id = (SELECT app.account()) AND expires_at < now()"
    )
    await tx.execute(
        "INSERT INTO key_challenge (account_id, challenge, purpose, expires_at)"
        " VALUES (app.account(), $1, $2, $3)",
        challenge,
        purpose,
        expires_at,
    )


async def use_challenge(tx: Transaction, challenge: bytes, purpose: str) -> bool:
    used = await tx.fetchval(
        "DELETE FROM key_challenge WHERE account_id = (SELECT app.account())"
        " AND challenge = $1 AND purpose = $2 RETURNING expires_at > now()",
        challenge,
        purpose,
    )
    return bool(used)


# Passkeys


async def passkeys(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT passkey_id, credential_id, name, created_at, last_used_at, is_backed_up"
        " FROM passkey WHERE account_id = (SELECT app.account()) AND revoked_at IS NULL"
        " ORDER BY created_at, passkey_id"
    )


async def rename_passkey(tx: Transaction, passkey_id: UUID, name: str) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE passkey SET name = $2 WHERE account_id = (SELECT app.account())"
            " AND passkey_id = $1 AND revoked_at IS NULL RETURNING true",
            passkey_id,
            name,
        )
    )


async def revoke_passkey(tx: Transaction, passkey_id: UUID) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE passkey SET revoked_at = now() WHERE account_id = (SELECT app.account())"
            " AND passkey_id = $1 AND revoked_at IS NULL RETURNING true",
            passkey_id,
        )
    )


async def person_of_account(tx: Transaction) -> asyncpg.Record | None:
    """Whose account this is, as a new passkey is named for them."""
    return await tx.fetchrow(
        "SELECT h.kind, h.participant_id, h.name, (SELECT c.number FROM card c"
        "   WHERE c.participant_id = h.participant_id AND c.is_active"
        "   ORDER BY c.issued_at DESC LIMIT 1) AS card"
        " FROM app.account_holder h WHERE h.account_id = (SELECT app.account())"
    )


# Sessions


async def sessions(tx: Transaction) -> list[asyncpg.Record]:
    """Those that still open a door, the one in use last first."""
    return await tx.fetch(
        "SELECT session_id, way, device, created_at, seen_at, expires_at FROM session"
        " WHERE account_id = (SELECT app.account()) AND ended_at IS NULL AND expires_at > now()"
        " AND seen_at + make_interval(secs => idle_seconds) > now()"
        " ORDER BY seen_at DESC, session_id"
    )


async def end_session_by_id(tx: Transaction, session_id: UUID) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE session SET ended_at = now() WHERE account_id = (SELECT app.account())"
            " AND session_id = $1 AND ended_at IS NULL RETURNING true",
            session_id,
        )
    )


async def end_sessions_but(tx: Transaction, kept: UUID | None) -> int:
    return int(
        await tx.fetchval(
            "WITH ended AS (UPDATE session SET ended_at = now()"
            "   WHERE account_id = (SELECT app.account()) AND ended_at IS NULL"
            "   AND session_id IS DISTINCT FROM $1 RETURNING expires_at > now() AS was_live)"
            " SELECT count(*) FROM ended WHERE was_live",
            kept,
        )
    )


async def end_sessions_of_passkey(tx: Transaction, passkey_id: UUID) -> None:
    await tx.execute(
        "UPDATE session SET ended_at = now() WHERE account_id = (SELECT app.account())"
        " AND passkey_id = $1 AND ended_at IS NULL",
        passkey_id,
    )


async def end_sessions_of_way(tx: Transaction, way: str, *, but: UUID | None) -> None:
    await tx.execute(
        "UPDATE session SET ended_at = now() WHERE account_id = (SELECT app.account())"
        " AND way = $1 AND ended_at IS NULL AND session_id IS DISTINCT FROM $2",
        way,
        but,
    )


async def standing(tx: Transaction, session_id: UUID | None) -> asyncpg.Record | None:
    """When this session last proved who is there, and until when the account is frozen."""
    return await tx.fetchrow(
        "SELECT s.stepped_up_at, s.way, a.frozen_until FROM account a LEFT JOIN session s"
        "   ON s.account_id = a.account_id AND s.session_id = $1 AND s.ended_at IS NULL"
        " WHERE a.account_id = (SELECT app.account())",
        session_id,
    )


async def step_up(tx: Transaction, session_id: UUID, session_hash: bytes) -> datetime | None:
    """The session goes on under another token; its end, or None where it has ended."""
    ends_at: datetime | None = await tx.fetchval(
        "UPDATE session SET stepped_up_at = now(), session_hash = $2"
        " WHERE account_id = (SELECT app.account()) AND session_id = $1 AND ended_at IS NULL"
        " AND expires_at > now() RETURNING expires_at",
        session_id,
        session_hash,
    )
    return ends_at
