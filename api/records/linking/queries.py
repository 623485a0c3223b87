"""Patient numbers asked for at a desk, and those a facility knows people by; in SQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def was_told(tx: Transaction) -> bool:
    """Whether the actor's facility was told a code of the subject's within a day."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM desk_code"
            " WHERE participant_id = (SELECT app.subject())"
            " AND used_by_facility = (SELECT app.facility())"
            " AND used_at > now() - interval '1 day')"
        )
    )


async def known_as(tx: Transaction, facility_id: UUID) -> list[str]:
    """The subject's numbers at this facility."""
    rows = await tx.fetch(
        "SELECT local_id FROM facility_patient WHERE participant_id = (SELECT app.subject())"
        " AND facility_id = $1 ORDER BY linked_at",
        facility_id,
    )
    return [row["local_id"] for row in rows]


async def ask(
    tx: Transaction, facility_id: UUID, local_id: str, by_name: str, expires_at: datetime
) -> None:
    await tx.execute(
        "INSERT INTO link_request (participant_id, facility_id, local_id, asked_by_name,"
        " expires_at) VALUES (app.subject(), $1, $2, $3, $4)",
        facility_id,
        local_id,
        by_name,
        expires_at,
    )


async def waiting(tx: Transaction) -> list[asyncpg.Record]:
    """The newest of each facility, of the subject."""
    return await tx.fetch(
        "SELECT DISTINCT ON (facility_id) link_id, facility_id, local_id, asked_by_name, asked_at,"
        " expires_at FROM link_request WHERE participant_id = (SELECT app.subject())"
        " AND answer IS NULL AND expires_at > now() ORDER BY facility_id, asked_at DESC"
    )


async def answer(tx: Transaction, link_id: UUID, said: str) -> asyncpg.Record | None:
    """None for what is not there, answered, or too old."""
    return await tx.fetchrow(
        "UPDATE link_request SET answer = $2, answered_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND link_id = $1 AND answer IS NULL"
        " AND expires_at > now() RETURNING facility_id, local_id",
        link_id,
        said,
    )


async def link(tx: Transaction, facility_id: UUID, local_id: str) -> None:
    await tx.execute(
        "INSERT INTO facility_patient (participant_id, facility_id, local_id, way)"
        " VALUES (app.subject(), $1, $2, 'desk')"
        " ON CONFLICT (participant_id, facility_id, local_id) DO NOTHING",
        facility_id,
        local_id,
    )
