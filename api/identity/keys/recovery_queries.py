"""Recovery codes, tickets and counter recoveries in SQL."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def check(tx: Transaction, number: str, code_hmac: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_check_recovery($1, $2)", number, code_hmac)


async def holder_of_ticket(tx: Transaction, ticket_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM identity_account_of_recovery($1)", ticket_hash)


async def code_made_at(tx: Transaction) -> datetime | None:
    """When the code that still opens was made."""
    made_at: datetime | None = await tx.fetchval(
        "SELECT made_at FROM recovery_code WHERE account_id = (SELECT app.account())"
        " AND used_at IS NULL AND replaced_at IS NULL"
    )
    return made_at


async def replace_code(tx: Transaction, code_hmac: bytes) -> None:
    await tx.execute(
        "UPDATE recovery_code SET replaced_at = now() WHERE account_id = (SELECT app.account())"
        " AND used_at IS NULL AND replaced_at IS NULL"
    )
    await tx.execute(
        "INSERT INTO recovery_code (account_id, code_hmac) VALUES (app.account(), $1)", code_hmac
    )


async def use_code(tx: Transaction, code_hmac: bytes) -> bool:
    """The account's own code, or one given at a counter; False where neither is live any more."""
    own = await tx.fetchval(
        "UPDATE recovery_code SET used_at = now() WHERE account_id = (SELECT app.account())"
        " AND code_hmac = $1 AND used_at IS NULL AND replaced_at IS NULL RETURNING true",
        code_hmac,
    )
    given = await tx.fetchval(
        "UPDATE counter_recovery SET used_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND code_hmac = $1"
        " AND used_at IS NULL RETURNING true",
        code_hmac,
    )
    return bool(own or given)


async def add_ticket(
    tx: Transaction, ticket_hash: bytes, code_hmac: bytes, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO recovery_ticket (account_id, ticket_hash, code_hmac, expires_at)"
        " VALUES (app.account(), $1, $2, $3)",
        ticket_hash,
        code_hmac,
        expires_at,
    )


async def lock_ticket(tx: Transaction, ticket_hash: bytes) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT code_hmac, challenge FROM recovery_ticket"
        " WHERE account_id = (SELECT app.account()) AND ticket_hash = $1"
        " AND finished_at IS NULL AND expires_at > now() FOR UPDATE",
        ticket_hash,
    )


async def set_challenge(tx: Transaction, ticket_hash: bytes, challenge: bytes) -> None:
    await tx.execute(
        "UPDATE recovery_ticket SET challenge = $2"
        " WHERE account_id = (SELECT app.account()) AND ticket_hash = $1",
        ticket_hash,
        challenge,
    )


async def finish_ticket(tx: Transaction, ticket_hash: bytes) -> None:
    await tx.execute(
        "UPDATE recovery_ticket SET finished_at = now(), challenge = NULL"
        " WHERE account_id = (SELECT app.account()) AND ticket_hash = $1",
        ticket_hash,
    )


async def freeze(tx: Transaction, period: timedelta) -> datetime:
    """By PostgreSQL's clock, as what was made before or after it is."""
    until: datetime = await tx.fetchval(
        "UPDATE account SET frozen_until = now() + $1"
        " WHERE account_id = (SELECT app.account()) RETURNING frozen_until",
        period,
    )
    return until


# At the counter


async def start(tx: Transaction, card_end: str, evidence: str, started_by_name: str) -> UUID:
    started: UUID = await tx.fetchval(
        "INSERT INTO counter_recovery"
        " (participant_id, card_end, evidence, started_by, started_by_name)"
        " VALUES (app.subject(), $1, $2, app.account(), $3) RETURNING recovery_id",
        card_end,
        evidence,
        started_by_name,
    )
    return started


async def waiting(tx: Transaction, since: datetime) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT participant_id, recovery_id, card_end, evidence, started_by, started_by_name,"
        " started_at FROM counter_recovery WHERE confirmed_at IS NULL AND started_at > $1"
        " ORDER BY started_at LIMIT 100",
        since,
    )


async def lock_waiting(tx: Transaction, recovery_id: UUID, since: datetime) -> UUID | None:
    """Who started it; None where it waits no more."""
    started_by: UUID | None = await tx.fetchval(
        "SELECT started_by FROM counter_recovery WHERE participant_id = (SELECT app.subject())"
        " AND recovery_id = $1 AND confirmed_at IS NULL AND started_at > $2 FOR UPDATE",
        recovery_id,
        since,
    )
    return started_by


async def confirm(
    tx: Transaction, recovery_id: UUID, code_hmac: bytes, expires_at: datetime
) -> None:
    await tx.execute(
        "UPDATE counter_recovery SET confirmed_by = app.account(), confirmed_at = now(),"
        " code_hmac = $2, code_expires_at = $3"
        " WHERE participant_id = (SELECT app.subject()) AND recovery_id = $1",
        recovery_id,
        code_hmac,
        expires_at,
    )
