"""Desk codes, requests and notices to facilities in SQL; row security shows each side its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add_desk_code(
    tx: Transaction, code_hmac: bytes, level: int, expires_at: datetime
) -> bool:
    """False where this code is somebody's already."""
    return bool(
        await tx.fetchval(
            "INSERT INTO desk_code (participant_id, code_hmac, level, expires_at)"
            " VALUES (app.subject(), $1, $2, $3)"
            " ON CONFLICT (code_hmac) WHERE used_at IS NULL AND ended_at IS NULL DO NOTHING"
            " RETURNING true",
            code_hmac,
            level,
            expires_at,
        )
    )


async def end_desk_code(tx: Transaction) -> datetime | None:
    """When the subject's code would have expired; None where there was none."""
    expired: datetime | None = await tx.fetchval(
        "UPDATE desk_code SET ended_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND used_at IS NULL AND ended_at IS NULL"
        " RETURNING expires_at"
    )
    return expired


async def desk_code_of_subject(tx: Transaction) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT level, expires_at FROM desk_code"
        " WHERE participant_id = (SELECT app.subject()) AND used_at IS NULL AND ended_at IS NULL"
        " AND expires_at > now()"
    )


async def participant_of_desk_code(tx: Transaction, code_hmac: bytes) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT consent_participant_of_desk_code($1)", code_hmac)
    return found


async def desk_code_level(tx: Transaction, code_hmac: bytes) -> int | None:
    level: int | None = await tx.fetchval(
        "SELECT level FROM desk_code WHERE participant_id = (SELECT app.subject())"
        " AND code_hmac = $1 AND used_at IS NULL AND ended_at IS NULL AND expires_at > now()",
        code_hmac,
    )
    return level


async def use_desk_code(tx: Transaction, code_hmac: bytes) -> None:
    await tx.execute(
        "UPDATE desk_code SET used_at = now(), used_by_facility = app.facility()"
        " WHERE participant_id = (SELECT app.subject())"
        " AND code_hmac = $1 AND used_at IS NULL AND ended_at IS NULL",
        code_hmac,
    )


async def participant_of_card(tx: Transaction, number: str) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT identity_participant_of_card($1)", number)
    return found


async def card_of_subject(tx: Transaction) -> str | None:
    """The newest card that is good; None too where there is no such participant."""
    number: str | None = await tx.fetchval(
        "SELECT number FROM card WHERE participant_id = (SELECT app.subject()) AND is_active"
        " ORDER BY issued_at DESC, number LIMIT 1"
    )
    return number


async def newest_asked(tx: Transaction, card_hmac: bytes) -> asyncpg.Record | None:
    """The asker's newest request for this card, and whether it was approved."""
    return await tx.fetchrow(
        "SELECT a.asked_at, r.answer IS NOT NULL AS is_approved FROM asked a"
        " LEFT JOIN access_request r ON r.professional_id = a.professional_id"
        "   AND r.request_id = a.request_id AND r.answer = 'approved'"
        " WHERE a.professional_id = (SELECT app.professional()) AND a.card_hmac = $1"
        " ORDER BY a.request_id DESC LIMIT 1",
        card_hmac,
    )


async def add_asked(tx: Transaction, card_hmac: bytes, card_end: str) -> UUID:
    made: UUID = await tx.fetchval(
        "INSERT INTO asked (professional_id, card_hmac, card_end)"
        " VALUES (app.professional(), $1, $2) RETURNING request_id",
        card_hmac,
        card_end,
    )
    return made


async def asked(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """The asker's newest requests; of the answers row security lets only approvals through."""
    return await tx.fetch(
        "SELECT a.request_id, a.card_end, a.asked_at, r.participant_id, r.until FROM asked a"
        " LEFT JOIN access_request r ON r.professional_id = a.professional_id"
        "   AND r.request_id = a.request_id AND r.answer = 'approved'"
        " WHERE a.professional_id = (SELECT app.professional())"
        " ORDER BY a.request_id DESC LIMIT $1",
        limit,
    )


async def add_request(tx: Transaction, *values: object) -> None:
    await tx.execute(
        "INSERT INTO access_request (participant_id, request_id, professional_id, facility_id,"
        " wanted_for, days, level, reason, note)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7, $8)",
        *values,
    )


async def open_requests(tx: Transaction, since: datetime) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT request_id, professional_id, facility_id, wanted_for, days, level, reason, note,"
        " asked_at FROM access_request"
        " WHERE participant_id = (SELECT app.subject()) AND answer IS NULL AND asked_at > $1"
        " ORDER BY asked_at DESC, request_id DESC",
        since,
    )


async def answer(tx: Transaction, request_id: UUID, answer: str, until: datetime | None) -> None:
    await tx.execute(
        "UPDATE access_request SET answer = $2, answered_at = now(), until = $3"
        " WHERE participant_id = (SELECT app.subject()) AND request_id = $1 AND answer IS NULL",
        request_id,
        answer,
        until,
    )


async def tell_facilities(
    tx: Transaction, recipients: Sequence[tuple[UUID, UUID | None]], event: str
) -> None:
    """Facility, or one professional of it."""
    await tx.execute(
        "SELECT consent_tell_facility(f, p, $3) FROM unnest($1::uuid[], $2::uuid[]) AS told (f, p)",
        [facility_id for facility_id, _ in recipients],
        [professional_id for _, professional_id in recipients],
        event,
    )


async def unseen_notices(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT notice_id, event, local_id, professional_id IS NOT NULL AS is_personal,"
        " created_at FROM facility_notice"
        " WHERE facility_id = (SELECT app.facility()) AND seen_at IS NULL"
        " ORDER BY created_at DESC, notice_id DESC LIMIT $1",
        limit,
    )


async def mark_seen(tx: Transaction, notice_id: UUID) -> None:
    await tx.execute(
        "UPDATE facility_notice SET seen_at = now() WHERE facility_id = (SELECT app.facility())"
        " AND notice_id = $1 AND seen_at IS NULL",
        notice_id,
    )
