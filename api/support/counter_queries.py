"""Visits at the counter in SQL; an officer sees their own."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def open_visit(tx: Transaction, way: str, officer_name: str) -> UUID:
    visit_id: UUID = await tx.fetchval(
        "INSERT INTO counter_visit (participant_id, way, officer_name)"
        " VALUES (app.subject(), $1, $2) RETURNING visit_id",
        way,
        officer_name,
    )
    return visit_id


async def visit(tx: Transaction, visit_id: UUID, lasts: timedelta) -> asyncpg.Record | None:
    """The acting officer's, of the subject, while it lasts."""
    return await tx.fetchrow(
        "SELECT way, opened_at FROM counter_visit WHERE participant_id = (SELECT app.subject())"
        " AND visit_id = $1 AND officer = (SELECT app.account()) AND ended_at IS NULL"
        " AND opened_at > now() - $2::interval",
        visit_id,
        lasts,
    )


async def end_visit(tx: Transaction, visit_id: UUID) -> bool:
    """False for what is not there, or ended."""
    return bool(
        await tx.fetchval(
            "UPDATE counter_visit SET ended_at = now()"
            " WHERE participant_id = (SELECT app.subject())"
            " AND visit_id = $1 AND officer = (SELECT app.account()) AND ended_at IS NULL"
            " RETURNING true",
            visit_id,
        )
    )


async def identified_by_another(tx: Transaction) -> bool:
    """Whether an officer besides the acting one identified the subject within a day."""
    return bool(await tx.fetchval("SELECT support_identified_by_another()"))


async def person(tx: Transaction) -> asyncpg.Record | None:
    """Name, birth and the end of the card of the subject."""
    return await tx.fetchrow(
        "SELECT p.name, p.birth_on, (SELECT c.number FROM card c"
        " WHERE c.participant_id = p.participant_id AND c.is_active"
        " ORDER BY c.issued_at DESC LIMIT 1) AS number"
        " FROM participant p WHERE p.participant_id = (SELECT app.subject())"
    )
