"""The guarded read, and whose a number or a record is."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.core.actor import Actor
from api.core.database import DB, Transaction
from api.core.errors import Unavailable
from api.core.lane import Lane, Then, call_context
from api.phr.notes.shapes import GOES_ON

_GOES_ON: Final = msgspec.json.encode([GOES_ON]).decode()


class ReadPlan(NamedTuple):
    """What the SQL type `app.read_call` lists after the context, in its order.

    `search` is empty, or the JSON of `reading.search.Search` as `encoded` gives it.
    """

    form: str
    types: Sequence[str]
    record_id: UUID | None
    standing: str
    policy_version: int
    categories: Sequence[str]
    source_permitted: Sequence[str]
    source_denied: Sequence[str]
    level: int
    data_from: date | None
    sees_own: bool
    exceptions: str
    before: UUID | None
    page_size: int
    base_url: str
    event: str
    search: str = ""


def reading(then: Then) -> Lane:
    """`records_read` for many at once; `then` appends what each read owes."""
    return Lane("records_read", "app.read_call", then)


async def read_in(
    tx: Transaction, actor: Actor, subject: UUID, plan: ReadPlan
) -> asyncpg.Record | None:
    """Inside the caller's transaction, which owes the event of it from then on; None when the plan
    is out of date."""
    call = (call_context(tx.connection, actor, subject, digest(plan)), *plan)
    return await tx.fetchrow("SELECT * FROM records_read($1::app.read_call[])", [call])


def digest(plan: ReadPlan) -> bytes:
    return sha256("|".join(map(_canonical, plan)).encode()).digest()


def _canonical(value: object) -> str:
    """As the SQL function writes its arguments down before it checks the digest."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | UUID():
            return str(value)
        case date():
            return f"{value.isoformat()} AD"
        case list() | tuple():
            return f"{len(value)},{','.join(value)}"
        case _:
            raise TypeError(type(value).__name__)


async def participant_of_card(tx: Transaction, number: str) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT identity_participant_of_card($1)", number)
    return found


async def participant_of_insurance(
    tx: Transaction, insurance: Sequence[str], birth_on: date
) -> UUID | None:
    """`insurance`: insurer, symbol, number and branch."""
    found: UUID | None = await tx.fetchval(
        "SELECT identity_participant_of_insurance($1, $2, $3, $4, $5)", *insurance, birth_on
    )
    return found


async def participant_of_local_id(tx: Transaction, facility_id: UUID, local_id: str) -> UUID | None:
    """Whose number this is, for the actor's own facility."""
    found: UUID | None = await tx.fetchval(
        "SELECT records_participant_of_local_id($1, $2)", facility_id, local_id
    )
    return found


async def one_person(tx: Transaction, participant_id: UUID) -> UUID:
    """Who somebody a facility sends records of is now."""
    found: UUID = await tx.fetchval("SELECT records_one_person($1)", participant_id)
    return found


async def participant_of_record(tx: Transaction, record_id: UUID) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT records_participant_of_record($1)", record_id)
    return found


async def owner_of_record(record_id: UUID) -> UUID | None:
    """The same in one round trip, before there is a subject to open a transaction about."""
    if DB.pool is None:
        raise Unavailable
    try:
        async with DB.pool.acquire(timeout=10) as connection:
            found: UUID | None = await connection.fetchval(
                "SELECT records_participant_of_record($1)", record_id
            )
            return found
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise Unavailable from error


async def facts(tx: Transaction, record_id: UUID) -> asyncpg.Record | None:
    """What a decision asks of one record of the subject."""
    return await tx.fetchrow(
        "SELECT record_id, category, effective_on, source_facility_id, sensitivity, is_told"
        " FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND record_id = $1 AND is_current",
        record_id,
    )


async def copy(tx: Transaction, categories: Sequence[str]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT record_id, resource_type, category, is_told, body FROM record"
        " WHERE participant_id = (SELECT app.subject()) AND is_current"
        " AND ($1::text[] = '{}' OR category = ANY ($1)) ORDER BY record_id",
        list(categories),
    )


async def operations(tx: Transaction, since: date) -> list[UUID]:
    """The subject's surgical procedures (SNOMED CT 387713003) dated since then: ids alone."""
    rows = await tx.fetch(
        "SELECT record_id FROM record WHERE participant_id = (SELECT app.subject())"
        " AND is_current AND category = 'procedure' AND effective_on >= $1"
        " AND body LIKE '%387713003%' ORDER BY record_id",
        since,
    )
    return [row["record_id"] for row in rows]


async def ongoing(tx: Transaction) -> list[UUID]:
    """The medicines the subject wrote down without a last day: ids alone."""
    rows = await tx.fetch(
        "SELECT record_id FROM record WHERE participant_id = (SELECT app.subject())"
        " AND is_current AND category = 'prescription' AND resource_type = 'MedicationStatement'"
        " AND source_facility_id = app.self_source() AND body::jsonb #> '{meta,tag}' @> $1::jsonb"
        " ORDER BY record_id",
        _GOES_ON,
    )
    return [row["record_id"] for row in rows]


async def person(tx: Transaction) -> asyncpg.Record | None:
    """The subject's own name and birth date."""
    return await tx.fetchrow(
        "SELECT name, name_kana, sex, birth_on FROM participant"
        " WHERE participant_id = (SELECT app.subject())"
    )


async def local_ids(tx: Transaction, facility_id: UUID) -> list[str]:
    rows = await tx.fetch(
        "SELECT local_id FROM facility_patient WHERE participant_id = (SELECT app.subject())"
        " AND facility_id = $1",
        facility_id,
    )
    return [row["local_id"] for row in rows]
