"""Forms on paper, their scans, and what a participant gave on enrolling; in SQL."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add(tx: Transaction, form: str, typed_by_name: str) -> UUID:
    enrolment_id: UUID = await tx.fetchval(
        "INSERT INTO paper_enrolment (form, typed_by_name) VALUES ($1::jsonb, $2)"
        " RETURNING enrolment_id",
        form,
        typed_by_name,
    )
    return enrolment_id


async def waiting(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """The oldest first."""
    return await tx.fetch(
        "SELECT e.enrolment_id, e.form::text AS form, e.typed_by, e.typed_by_name, e.typed_at,"
        " EXISTS (SELECT FROM enrolment_scan s WHERE s.enrolment_id = e.enrolment_id) AS has_scan"
        " FROM paper_enrolment e WHERE e.state = 'waiting' ORDER BY e.typed_at LIMIT $1",
        limit,
    )


async def one(tx: Transaction, enrolment_id: UUID) -> asyncpg.Record | None:
    """A form that waits, held until the commit."""
    return await tx.fetchrow(
        "SELECT e.enrolment_id, e.form::text AS form, e.typed_by, e.typed_by_name, e.typed_at,"
        " EXISTS (SELECT FROM enrolment_scan s WHERE s.enrolment_id = e.enrolment_id) AS has_scan"
        " FROM paper_enrolment e WHERE e.enrolment_id = $1 AND e.state = 'waiting' FOR UPDATE OF e",
        enrolment_id,
    )


async def became(tx: Transaction, enrolment_id: UUID) -> asyncpg.Record | None:
    """The participant of a confirmed form, None while it waits; no row for an unknown one."""
    return await tx.fetchrow(
        "SELECT became, state FROM paper_enrolment WHERE enrolment_id = $1", enrolment_id
    )


async def replace_scan(tx: Transaction, enrolment_id: UUID, media_type: str, sealed: bytes) -> None:
    await drop_scan(tx, enrolment_id)
    await tx.execute(
        "INSERT INTO enrolment_scan (enrolment_id, media_type, sealed, attached_at)"
        " VALUES ($1, $2, $3, clock_timestamp())",
        enrolment_id,
        media_type,
        sealed,
    )


async def drop_scan(tx: Transaction, enrolment_id: UUID) -> None:
    await tx.execute("DELETE FROM enrolment_scan WHERE enrolment_id = $1", enrolment_id)


async def scan(tx: Transaction, enrolment_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT media_type, sealed FROM enrolment_scan WHERE enrolment_id = $1", enrolment_id
    )


async def note_look(tx: Transaction, enrolment_id: UUID) -> None:
    await tx.execute("INSERT INTO enrolment_scan_look (enrolment_id) VALUES ($1)", enrolment_id)


async def has_looked(tx: Transaction, enrolment_id: UUID) -> bool:
    """Whether the acting officer saw the scan that is there now."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM enrolment_scan s JOIN enrolment_scan_look l"
            " USING (enrolment_id) WHERE s.enrolment_id = $1"
            " AND l.looked_by = (SELECT app.account()) AND l.looked_at >= s.attached_at)",
            enrolment_id,
        )
    )


async def settle(
    tx: Transaction, enrolment_id: UUID, state: str, by_name: str, participant_id: UUID | None
) -> None:
    await tx.execute(
        "UPDATE paper_enrolment SET state = $2, form = NULL, settled_by = app.account(),"
        " settled_by_name = $3, settled_at = now(), became = $4 WHERE enrolment_id = $1",
        enrolment_id,
        state,
        by_name,
        participant_id,
    )


async def look_alikes(
    tx: Transaction, name: str, kana: str, birth_on: date, card: str, insurance: Sequence[str]
) -> list[asyncpg.Record]:
    """`insurance`: insurer, symbol, number and branch, or nothing."""
    return await tx.fetch(
        "SELECT * FROM identity_look_alikes($1, $2, $3, $4, $5)",
        name,
        kana,
        birth_on,
        card,
        list(insurance),
    )


async def set_registration(tx: Transaction, *values: str) -> None:
    """Address, phone, e-mail, family doctor, insurer, symbol, number, branch; of the subject."""
    await tx.execute(
        "INSERT INTO registration (participant_id, address, phone, email, family_doctor, insurer,"
        " insurance_symbol, insurance_number, insurance_branch)"
        " VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (participant_id) DO UPDATE SET address = excluded.address,"
        " phone = excluded.phone, email = excluded.email,"
        " family_doctor = excluded.family_doctor, insurer = excluded.insurer,"
        " insurance_symbol = excluded.insurance_symbol,"
        " insurance_number = excluded.insurance_number,"
        " insurance_branch = excluded.insurance_branch, recorded_at = now()",
        *values,
    )


async def registration(tx: Transaction) -> asyncpg.Record | None:
    """Of the subject."""
    return await tx.fetchrow(
        "SELECT address, phone, email, family_doctor, insurer, insurance_symbol,"
        " insurance_number, insurance_branch, recorded_at FROM registration"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def subject_has_key(tx: Transaction) -> bool:
    return bool(await tx.fetchval("SELECT identity_subject_has_key()"))


async def pairs(tx: Transaction, skip: int, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch("SELECT * FROM identity_pairs($1, $2)", skip, limit)


async def decide_pair(
    tx: Transaction, participant_id: UUID, other_id: UUID, said: tuple[str, str, str]
) -> bool:
    """`said`: the decision, its reason, by whom; False where it was decided before."""
    return bool(
        await tx.fetchval(
            "UPDATE look_alike SET decision = $3, reason = $4, decided_by = app.account(),"
            " decided_by_name = $5, decided_at = now()"
            " WHERE participant_id = $1 AND other_id = $2 AND decision IS NULL RETURNING true",
            participant_id,
            other_id,
            *said,
        )
    )


async def undecided_of(tx: Transaction, participant_id: UUID) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT other_id FROM look_alike WHERE participant_id = $1 AND decision IS NULL",
        participant_id,
    )
    return [row["other_id"] for row in rows]


async def end_sessions(tx: Transaction) -> int:
    """Every session of the subject; how many there were."""
    return int(await tx.fetchval("SELECT identity_end_sessions()"))
