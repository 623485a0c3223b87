"""Candidates, links and doubts in SQL."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.database import Transaction


class Sought(NamedTuple):
    """What candidates are looked up by: names folded, `insurance` the insurer and number."""

    local_id: str
    birth_on: date | None
    near: Sequence[date]
    name: str
    kana: str
    insurance: Sequence[str]
    card: str


async def candidates(tx: Transaction, sought: Sought) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT * FROM records_match_candidates($1, $2, $3, $4, $5, $6, $7)", *sought
    )


async def link(
    tx: Transaction, facility_id: UUID, local_id: str, way: str, bits: float | None
) -> bool:
    """To the subject, to whom what lay in quarantine is due; False where the number means somebody
    already."""
    found = await tx.fetchval(
        "INSERT INTO facility_patient (participant_id, facility_id, local_id, way, bits)"
        " SELECT app.subject(), $1, $2, $3, $4 WHERE records_participant_of_local_id($1, $2)"
        " IS NULL RETURNING true",
        facility_id,
        local_id,
        way,
        bits,
    )
    if found:
        await tx.execute(
            "INSERT INTO delivery_due (facility_id, local_id) VALUES ($1, $2)"
            " ON CONFLICT DO NOTHING",
            facility_id,
            local_id,
        )
    return bool(found)


async def due(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """For the operator: numbers whose quarantine is not delivered yet, the oldest first."""
    return await tx.fetch(
        "SELECT facility_id, local_id, by_account FROM delivery_due"
        " ORDER BY due_since, facility_id, local_id LIMIT $1",
        limit,
    )


async def settle(tx: Transaction, local_id: str) -> None:
    """Nothing is due to this number of the acting facility any more."""
    await tx.execute(
        "DELETE FROM delivery_due WHERE facility_id = (SELECT app.facility()) AND local_id = $1",
        local_id,
    )


async def note_doubtful(
    tx: Transaction, local_id: str, sent: str, participant_id: UUID, levels: str, bits: float
) -> None:
    await tx.execute(
        "SELECT records_note_doubtful($1, $2::jsonb, $3, $4::jsonb, $5)",
        local_id,
        sent,
        participant_id,
        levels,
        bits,
    )


async def weighed_in(tx: Transaction, local_ids: Sequence[str]) -> date | None:
    """The subject's birth date, where one of these numbers of the acting facility was linked to
    them in knowledge of another."""
    found: date | None = await tx.fetchval(
        "SELECT p.birth_on FROM participant p JOIN facility_patient f USING (participant_id)"
        " WHERE p.participant_id = (SELECT app.subject())"
        " AND f.facility_id = (SELECT app.facility()) AND f.local_id = ANY ($1)"
        " AND f.way IN ('score', 'officer') LIMIT 1",
        list(local_ids),
    )
    return found


async def numbers(tx: Transaction) -> list[asyncpg.Record]:
    """By which number which facility knows the subject, the newest first."""
    return await tx.fetch(
        "SELECT facility_id, local_id, way, linked_at FROM facility_patient"
        " WHERE participant_id = (SELECT app.subject()) ORDER BY linked_at DESC, local_id"
    )


async def disown(tx: Transaction, facility_id: UUID, local_id: str) -> asyncpg.Record | None:
    """The link that was ended, or None."""
    row = await tx.fetchrow(
        "DELETE FROM facility_patient WHERE participant_id = (SELECT app.subject())"
        " AND facility_id = $1 AND local_id = $2 RETURNING linked_at, way",
        facility_id,
        local_id,
    )
    if row is not None:
        await tx.execute(
            "INSERT INTO number_step (participant_id, facility_id, local_id, act, way)"
            " VALUES (app.subject(), $1, $2, 'not_me', $3)",
            facility_id,
            local_id,
            row["way"],
        )
    return row


async def set_aside(
    tx: Transaction, facility_id: UUID, local_id: str, since: object
) -> list[asyncpg.Record]:
    """Whatever this facility stored of the subject since then: the records set aside."""
    await tx.execute(
        "INSERT INTO number_set_aside (participant_id, facility_id, local_id, record_id, version)"
        " SELECT participant_id, source_facility_id, $2, record_id, version FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND source_facility_id = $1 AND is_current"
        " AND recorded_at >= $3",
        facility_id,
        local_id,
        since,
    )
    return await tx.fetch(
        "UPDATE record r SET is_current = false FROM number_set_aside s"
        " WHERE r.participant_id = (SELECT app.subject()) AND r.is_current"
        " AND s.participant_id = r.participant_id AND s.record_id = r.record_id"
        " AND s.version = r.version AND s.facility_id = $1 AND s.local_id = $2"
        " AND s.restored_at IS NULL RETURNING r.record_id, r.resource_type, r.category, r.is_told",
        facility_id,
        local_id,
    )


async def bring_back(tx: Transaction, facility_id: UUID, local_id: str) -> None:
    """What was set aside with this number, where nothing newer has come under its name."""
    await tx.execute(
        "WITH back AS (UPDATE number_set_aside SET restored_at = now()"
        " WHERE participant_id = (SELECT app.subject()) AND facility_id = $1 AND local_id = $2"
        " AND restored_at IS NULL RETURNING participant_id, record_id, version)"
        " UPDATE record r SET is_current = true FROM back"
        " WHERE r.participant_id = back.participant_id AND r.record_id = back.record_id"
        " AND r.version = back.version AND NOT EXISTS (SELECT FROM record n"
        "   WHERE n.participant_id = r.participant_id AND n.is_current"
        "   AND (n.record_id = r.record_id OR (n.source_facility_id, n.resource_type,"
        "     n.identifier_system, n.identifier_value) = (r.source_facility_id, r.resource_type,"
        "     r.identifier_system, r.identifier_value)))",
        facility_id,
        local_id,
    )


async def open_case(tx: Transaction, params: str, due_on: date) -> None:
    await tx.execute(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES (app.subject(), 'number_disowned', $1::jsonb, $2)",
        params,
        due_on,
    )


async def waiting(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT participant_id, match_id, facility_id, local_id, bits, found_at, asked_at,"
        " asked_by_name, count(*) OVER () AS total FROM patient_match WHERE decision IS NULL"
        " ORDER BY found_at, match_id OFFSET $1 LIMIT $2",
        skip,
        limit,
    )


async def waiting_of_numbers(
    tx: Transaction, facility_ids: Sequence[UUID], local_ids: Sequence[str]
) -> list[asyncpg.Record]:
    """Pairwise; the oldest doubt of each."""
    return await tx.fetch(
        "SELECT DISTINCT ON (facility_id, local_id) facility_id, local_id, match_id"
        " FROM patient_match JOIN unnest($1::uuid[], $2::text[]) AS n (facility_id, local_id)"
        " USING (facility_id, local_id) WHERE decision IS NULL"
        " ORDER BY facility_id, local_id, found_at, match_id",
        list(facility_ids),
        list(local_ids),
    )


async def how_many_wait(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM patient_match WHERE decision IS NULL"))


async def unseen(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Decided by another officer, and looked at by none."""
    return await tx.fetch(
        "SELECT match_id, facility_id, local_id, decision, reason, decided_by_name, decided_at"
        " FROM patient_match WHERE decision IS NOT NULL AND seen_by IS NULL"
        " AND decided_by <> (SELECT app.account()) ORDER BY decided_at, match_id LIMIT $1",
        limit,
    )


async def about(tx: Transaction, match_id: UUID) -> UUID | None:
    """Whom a doubt is about, for officers."""
    found: UUID | None = await tx.fetchval(
        "SELECT participant_id FROM patient_match WHERE match_id = $1", match_id
    )
    return found


async def one(tx: Transaction, match_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT match_id, facility_id, local_id, sent::text AS sent, levels::text AS levels, bits,"
        " found_at, asked_at, asked_by_name FROM patient_match"
        " WHERE participant_id = (SELECT app.subject()) AND match_id = $1 AND decision IS NULL",
        match_id,
    )


async def person(tx: Transaction) -> asyncpg.Record | None:
    """The subject as they are registered."""
    return await tx.fetchrow(
        "SELECT p.name, p.name_kana, p.sex, p.birth_on, coalesce(r.address, '') AS address,"
        " coalesce(r.insurer, '') AS insurer, coalesce(r.insurance_symbol, '') AS symbol,"
        " coalesce(r.insurance_number, '') AS number, coalesce(r.insurance_branch, '') AS branch,"
        " '' AS card FROM participant p LEFT JOIN registration r USING (participant_id)"
        " WHERE p.participant_id = (SELECT app.subject())"
    )


async def decide(
    tx: Transaction, match_id: UUID, decision: str, reason: str, by_name: str
) -> asyncpg.Record | None:
    """None for what is not there, or decided."""
    return await tx.fetchrow(
        "UPDATE patient_match SET decision = $2, reason = $3, decided_by = app.account(),"
        " decided_by_name = $4, decided_at = now(), sent = NULL"
        " WHERE participant_id = (SELECT app.subject()) AND match_id = $1 AND decision IS NULL"
        " RETURNING facility_id, local_id, bits",
        match_id,
        decision,
        reason,
        by_name,
    )


async def others_of_number(tx: Transaction, facility_id: UUID, local_id: str) -> list[UUID]:
    """Further doubts about this number, by whom they are about."""
    rows = await tx.fetch(
        "SELECT participant_id FROM patient_match WHERE facility_id = $1 AND local_id = $2"
        " AND decision IS NULL",
        facility_id,
        local_id,
    )
    return [row["participant_id"] for row in rows]


async def match_of(
    tx: Transaction, facility_id: UUID, local_id: str, participant_id: UUID
) -> UUID | None:
    found: UUID | None = await tx.fetchval(
        "SELECT match_id FROM patient_match WHERE facility_id = $1 AND local_id = $2"
        " AND participant_id = $3 AND decision IS NULL",
        facility_id,
        local_id,
        participant_id,
    )
    return found


async def ask_facility(tx: Transaction, match_id: UUID, by_name: str) -> bool:
    await tx.execute("SELECT records_ask_facility($1)", match_id)
    return bool(
        await tx.fetchval(
            "UPDATE patient_match SET asked_at = now(), asked_by_name = $2"
            " WHERE participant_id = (SELECT app.subject()) AND match_id = $1"
            " AND decision IS NULL RETURNING true",
            match_id,
            by_name,
        )
    )


async def see(tx: Transaction, match_id: UUID, by_name: str) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE patient_match SET seen_by = app.account(), seen_by_name = $2,"
            " seen_at = now() WHERE match_id = $1 AND decision IS NOT NULL AND seen_by IS NULL"
            " AND decided_by <> app.account() RETURNING true",
            match_id,
            by_name,
        )
    )


async def lying_by(tx: Transaction, local_id: str) -> list[asyncpg.Record]:
    """What lies in the acting facility's quarantine for want of its person, and names this number
    somewhere."""
    return await tx.fetch(
        "SELECT q.quarantine_id, q.submission_id, q.name, q.body, q.asked::text AS asked"
        " FROM quarantine_name n JOIN quarantine q USING (facility_id, quarantine_id)"
        " WHERE n.facility_id = (SELECT app.facility())"
        " AND n.name_hash = sha256(convert_to($1, 'UTF8'))"
        " AND NOT EXISTS (SELECT FROM quarantine_delivery d WHERE d.facility_id = q.facility_id"
        "   AND d.quarantine_id = q.quarantine_id) ORDER BY q.quarantine_id",
        local_id,
    )


async def delivered(tx: Transaction, quarantine_id: UUID, records: int) -> None:
    await tx.execute(
        "INSERT INTO quarantine_delivery (facility_id, quarantine_id, records)"
        " VALUES (app.facility(), $1, $2) ON CONFLICT DO NOTHING",
        quarantine_id,
        records,
    )


async def close_case(tx: Transaction, submission_id: str) -> None:
    """For officers: of this submission there is nothing left to do."""
    await tx.execute(
        "UPDATE support_case SET closed_at = now(), closed_by = app.account()"
        " WHERE participant_id IS NULL AND kind = 'quarantine' AND closed_at IS NULL"
        " AND params ->> 'submission' = $1",
        submission_id,
    )
