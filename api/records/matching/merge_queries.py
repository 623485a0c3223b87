"""Merges of two participants, and their steps, in SQL."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def proposable(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Pairs an officer said to be the same, in no merge that goes on; the newest first."""
    return await tx.fetch(
        "SELECT l.participant_id, l.other_id, l.reason, l.decided_by_name FROM look_alike l"
        " WHERE l.decision = 'same' AND NOT EXISTS (SELECT FROM participant_merge m"
        "   WHERE l.participant_id IN (m.participant_id, m.other_id)"
        "   AND l.other_id IN (m.participant_id, m.other_id)"
        "   AND app.merge_state(m.merge_id) IN ('asked', 'confirmed', 'accepted'))"
        " ORDER BY l.decided_at DESC LIMIT $1",
        limit,
    )


async def is_proposable(tx: Transaction, one: UUID, other: UUID) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM look_alike WHERE decision = 'same'"
            " AND (participant_id, other_id) IN (($1, $2), ($2, $1)))",
            one,
            other,
        )
    )


async def ask(tx: Transaction, other: UUID, reason: str, by_name: str) -> UUID:
    """Into the subject."""
    merge_id: UUID = await tx.fetchval(
        "INSERT INTO participant_merge (participant_id, other_id, reason, asked_by_name)"
        " VALUES (app.subject(), $1, $2, $3) RETURNING merge_id",
        other,
        reason,
        by_name,
    )
    return merge_id


async def going_on(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """For officers, the oldest first."""
    return await tx.fetch(
        "SELECT m.merge_id, m.participant_id, m.other_id, m.reason, m.asked_by_name, m.asked_at,"
        " m.asked_by = app.account() AS is_own, app.merge_state(m.merge_id) AS state"
        " FROM participant_merge m"
        " WHERE app.merge_state(m.merge_id) IN ('asked', 'confirmed', 'accepted')"
        " ORDER BY m.asked_at, m.merge_id LIMIT $1",
        limit,
    )


async def of_subject(tx: Transaction) -> list[asyncpg.Record]:
    """Confirmed or in force, with the subject on either side."""
    return await tx.fetch(
        "SELECT m.merge_id, m.participant_id, m.other_id, m.asked_at,"
        " m.participant_id = app.subject() AS remains, app.merge_state(m.merge_id) AS state"
        " FROM participant_merge m"
        " WHERE app.subject() IN (m.participant_id, m.other_id)"
        " AND app.merge_state(m.merge_id) IN ('confirmed', 'accepted') ORDER BY m.asked_at",
    )


async def one(tx: Transaction, merge_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT m.participant_id, m.other_id, app.merge_state(m.merge_id) AS state"
        " FROM participant_merge m WHERE m.merge_id = $1",
        merge_id,
    )


async def step(
    tx: Transaction, participant_id: UUID, merge_id: UUID, act: str, by_name: str, reason: str
) -> None:
    await tx.execute(
        "INSERT INTO participant_merge_step (participant_id, merge_id, step, act, by_name, reason)"
        " SELECT $1, $2, 1 + count(*), $3, $4, $5 FROM participant_merge_step WHERE merge_id = $2",
        participant_id,
        merge_id,
        act,
        by_name,
        reason,
    )


async def take_over(
    tx: Transaction, merge_id: UUID, closed: Sequence[UUID], *, everything: bool
) -> int:
    return int(
        await tx.fetchval(
            "SELECT records_take_over($1, $2, $3)", merge_id, list(closed), everything
        )
    )


async def give_back(tx: Transaction, merge_id: UUID) -> int:
    return int(await tx.fetchval("SELECT records_give_back($1)", merge_id))


async def keep_refusals(
    tx: Transaction, merge_id: UUID, facilities: Sequence[UUID], version: int
) -> None:
    """What the subject's settings came to refuse with a merge, and in which version."""
    await tx.execute(
        "INSERT INTO participant_merge_refusal (participant_id, merge_id, facility_id, version)"
        " SELECT (SELECT app.subject()), $1, f, $3 FROM unnest($2::uuid[]) f",
        merge_id,
        list(facilities),
        version,
    )


async def refusals(tx: Transaction, merge_id: UUID) -> list[UUID]:
    """What came to be refused with it, and has been ever since."""
    rows = await tx.fetch(
        "SELECT r.facility_id FROM participant_merge_refusal r"
        " WHERE r.participant_id = (SELECT app.subject()) AND r.merge_id = $1"
        " AND NOT EXISTS (SELECT FROM directive d WHERE d.participant_id = r.participant_id"
        "   AND d.version > r.version AND r.facility_id <> ALL (d.refused_sources))"
        " ORDER BY r.facility_id",
        merge_id,
    )
    return [row["facility_id"] for row in rows]


async def card_end(tx: Transaction) -> str | None:
    """The last four digits of the subject's newest card."""
    found: str | None = await tx.fetchval(
        "SELECT right(number, 4) FROM card WHERE participant_id = (SELECT app.subject())"
        " AND is_active ORDER BY issued_at DESC LIMIT 1"
    )
    return found
