"""Accounts, sessions, enrolment and facility systems in SQL."""

from datetime import datetime
from typing import Any

from api.core.database import Transaction
from api.identity.tables import SystemClient


async def system_client(client_id: str) -> dict[str, Any] | None:
    return await SystemClient.select().where(SystemClient.client_id == client_id).first()


async def use_jti(tx: Transaction, client_id: str, jti: str, expires_at: datetime) -> bool:
    """False when it was used before; rows past their end are swept as we go."""
    await tx.execute("DELETE FROM assertion_jti WHERE expires_at < now() - interval '5 minutes'")
    inserted = await tx.fetchval(
        "INSERT INTO assertion_jti (client_id, jti, expires_at) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING true",
        client_id,
        jti,
        expires_at,
    )
    return bool(inserted)
