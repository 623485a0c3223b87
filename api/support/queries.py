"""Cases of the support centre in SQL; row-level security shows each side its own."""

from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def open_case(tx: Transaction, kind: str, params: str, due_on: date) -> UUID:
    case_id: UUID = await tx.fetchval(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES (app.subject(), $1, $2::jsonb, $3) RETURNING case_id",
        kind,
        params,
        due_on,
    )
    return case_id


async def waiting(tx: Transaction, kind: str) -> UUID | None:
    """The subject's own open case of this kind."""
    found: UUID | None = await tx.fetchval(
        "SELECT case_id FROM support_case WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND closed_at IS NULL",
        kind,
    )
    return found


async def is_anything_open(tx: Transaction) -> bool:
    """Of the subject's cases, of any kind."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM support_case"
            " WHERE participant_id = (SELECT app.subject()) AND closed_at IS NULL)"
        )
    )


async def queue(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT case_id, kind, CASE WHEN participant_id IS NULL THEN params::text ELSE '{}' END"
        " AS params, opened_at, due_on, participant_id IS NOT NULL AS is_about_somebody"
        " FROM support_case WHERE closed_at IS NULL ORDER BY opened_at, case_id OFFSET $1 LIMIT $2",
        skip,
        limit,
    )


async def length(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM support_case WHERE closed_at IS NULL"))


async def concerned(tx: Transaction, case_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT participant_id, kind FROM support_case WHERE case_id = $1", case_id
    )


async def open_one(tx: Transaction, case_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT case_id, kind, params::text AS params, opened_at, due_on,"
        " participant_id IS NOT NULL AS is_about_somebody"
        " FROM support_case WHERE case_id = $1 AND closed_at IS NULL",
        case_id,
    )


async def close(tx: Transaction, case_id: UUID, account_id: UUID | None) -> str | None:
    """The kind of the case, or None when it was closed before."""
    kind: str | None = await tx.fetchval(
        "UPDATE support_case SET closed_at = now(), closed_by = $2"
        " WHERE case_id = $1 AND closed_at IS NULL RETURNING kind",
        case_id,
        account_id,
    )
    return kind
