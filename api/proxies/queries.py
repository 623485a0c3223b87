"""Proxies in SQL; each side sees its own, and names only through one guarded function."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def lock(tx: Transaction) -> None:
    """Waits for whatever is being done for the subject, and holds it off until the commit."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('proxies|' || app.subject(), 0))"
    )


async def of_subject(tx: Transaction) -> list[asyncpg.Record]:
    """Both sides: who may act for the subject, and for whom the subject may act."""
    return await tx.fetch("SELECT * FROM proxies_of_subject()")


async def waiting(tx: Transaction) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT * FROM proxies_waiting()")


async def add(
    tx: Transaction,
    representative_id: UUID | None,
    typed_name: str,
    kind: str,
    origin: str,
    opens_on: date,
) -> UUID:
    proxy_id: UUID = await tx.fetchval(
        "INSERT INTO proxy (participant_id, representative_id, typed_name, kind, origin, opens_on)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5) RETURNING proxy_id",
        representative_id,
        typed_name,
        kind,
        origin,
        opens_on,
    )
    return proxy_id


async def add_step(
    tx: Transaction,
    proxy_id: UUID,
    step: int,
    said: tuple[str, str, str | None],
    powers: Collection[str],
    ends_on: date,
    *,
    by_name: str,
    works_at: Collection[UUID] = (),
    reason: str = "",
    evidence: str = "",
) -> None:
    """`said`: the act, the state it leads to, the state it follows."""
    await tx.execute(
        "INSERT INTO proxy_step (participant_id, proxy_id, step, act, state, after, powers,"
        " ends_on, works_at, reason, evidence, by_name)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        proxy_id,
        step,
        *said,
        sorted(powers),
        ends_on,
        list(works_at),
        reason,
        evidence,
        by_name,
    )


async def asked_since_yesterday(tx: Transaction) -> int:
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM proxy WHERE participant_id = (SELECT app.subject())"
            " AND origin = 'participant' AND made_at > now() - interval '1 day'"
        )
    )


async def newest_safe_mode(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT step, is_on FROM safe_mode WHERE participant_id = (SELECT app.subject())"
        " ORDER BY step DESC LIMIT 1"
    )


async def add_safe_mode(tx: Transaction, step: int, is_on: bool, evidence: str) -> None:
    await tx.execute(
        "INSERT INTO safe_mode (participant_id, step, is_on, evidence)"
        " VALUES (app.subject(), $1, $2, $3)",
        step,
        is_on,
        evidence,
    )


async def note_use(tx: Transaction, used_on: date, power: str) -> bool:
    """True for the first use of this power on this day."""
    first = await tx.fetchval(
        "INSERT INTO proxy_use (participant_id, used_on, power) VALUES (app.subject(), $1, $2)"
        " ON CONFLICT DO NOTHING RETURNING true",
        used_on,
        power,
    )
    return bool(first)
