"""Token pairs and the proofs that came with them, in SQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def holder(tx: Transaction, token_hash: bytes, kind: str) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_token($1, $2)", token_hash, kind)


async def see_proof(tx: Transaction, proof_hash: bytes, expires_at: datetime) -> bool:
    """False when it came before; every 256th sweeps those past their window."""
    if proof_hash[0] == 0:
        await tx.execute("DELETE FROM dpop_proof WHERE expires_at < now()")
    return bool(
        await tx.fetchval(
            "INSERT INTO dpop_proof (proof_hash, expires_at) VALUES ($1, $2)"
            " ON CONFLICT DO NOTHING RETURNING true",
            proof_hash,
            expires_at,
        )
    )


async def lock_session(tx: Transaction, session_id: UUID) -> datetime | None:
    """The end of a session that goes on; whoever renews or ends it waits."""
    ends_at: datetime | None = await tx.fetchval(
        "SELECT expires_at FROM session WHERE account_id = (SELECT app.account())"
        " AND session_id = $1 AND ended_at IS NULL AND expires_at > now() FOR UPDATE",
        session_id,
    )
    return ends_at


async def use(tx: Transaction, token_hash: bytes) -> bool:
    """False for a token that was used before."""
    return bool(
        await tx.fetchval(
            "UPDATE session_token SET used_at = now() WHERE account_id = (SELECT app.account())"
            " AND token_hash = $1 AND used_at IS NULL RETURNING true",
            token_hash,
        )
    )


async def retire(tx: Transaction, session_id: UUID) -> None:
    """Refresh tokens stay, as used ones: one that comes again tells of a theft."""
    await tx.execute(
        "DELETE FROM session_token WHERE account_id = (SELECT app.account())"
        " AND session_id = $1 AND (kind = 'access' OR expires_at < now())",
        session_id,
    )
    await tx.execute(
        "UPDATE session_token SET used_at = now() WHERE account_id = (SELECT app.account())"
        " AND session_id = $1 AND used_at IS NULL",
        session_id,
    )


async def add(
    tx: Transaction, token_hash: bytes, session_id: UUID, kind: str, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO session_token (account_id, token_hash, session_id, kind, expires_at)"
        " VALUES (app.account(), $1, $2, $3, $4)",
        token_hash,
        session_id,
        kind,
        expires_at,
    )
