"""What lay in quarantine for want of its person, stored once the person is known."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.records.errors import NotStored
from api.records.incoming.quarantine import asked_of
from api.records.incoming.sending import Asked, Sending, StoredRecord
from api.records.incoming.taking import store_body
from api.records.matching import queries
from api.records.parse import Refused, as_text, decode
from api.records.ssmix2 import delivering as storage

_DOOR: Final = " /fhir/R4/"


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
        # It came before whatever came since, and lies here already: as from a file.
        asked = asked_of(row["asked"]) if row["asked"] else _asked(row["name"], row["body"])
        sending = Sending(sender, row["name"], is_file=True, asked=asked)
        try:
            stored = await store_body(sending, row["body"])
        except NotStored:
            continue
        records = sum(
            isinstance(each, StoredRecord) and each.change != "unchanged" for each in stored.entries
        )
        async with unit_of_work(sender) as tx:
            await queries.delivered(tx, row["quarantine_id"], records)
        done.append(str(row["submission_id"]))
        total += records
    messages = await storage.deliver_waiting(facility_id, number)
    done += messages.submissions
    total += messages.records
    if done:
        async with unit_of_work(officer) as tx:
            await queries.close_cases(tx, done)
    return total


def _asked(name: str, body: bytes) -> Asked:
    """What its sender's URL named, of what came before the request was kept with it: the type, and
    with PUT the record by the id in its body."""
    method, door, resource_type = name.partition(_DOOR)
    if not door:
        return Asked()
    resource_id = None
    if method == "PUT":
        with suppress(Refused):
            resource_id = as_text(decode(body).get("id")) or None
    return Asked(resource_type, resource_id)
