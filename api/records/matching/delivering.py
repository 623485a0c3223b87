"""What lay in quarantine for want of its person, stored once the person is known."""

from typing import Final
from uuid import UUID

from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.records.errors import NotStored
from api.records.incoming import service as incoming
from api.records.incoming.service import StoredRecord
from api.records.matching import queries

_DOOR: Final = "POST /fhir/R4/"


async def deliver(officer: Actor, facility_id: UUID, number: str) -> int:
    """Stores it in the name of the facility that sent it, as if it came now; how many records.

    What still has a fault stays where it lies. The cases it was are closed.
    """
    sender = Actor(kind=ActorKind.SYSTEM, facility_id=facility_id, purpose_of_use="TREAT")
    async with unit_of_work(sender) as tx:
        lying = await queries.lying_by(tx, number)
    done: list[str] = []
    total = 0
    for row in lying:
        named = row["name"].removeprefix(_DOOR) if row["name"].startswith(_DOOR) else None
        try:
            stored = await incoming.store(sender, row["body"], resource_type=named)
        except NotStored:
            continue
        records = sum(
            isinstance(each, StoredRecord) and each.change != "unchanged" for each in stored.entries
        )
        async with unit_of_work(sender) as tx:
            await queries.delivered(tx, row["quarantine_id"], records)
        done.append(str(row["submission_id"]))
        total += records
    if done:
        async with unit_of_work(officer) as tx:
            await queries.close_cases(tx, done)
    return total
