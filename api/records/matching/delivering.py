"""What lay in quarantine for want of its person, stored once the person is known."""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

import asyncpg

from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import Forbidden, Problem
from api.core.logging import log
from api.records.errors import NotStored
from api.records.incoming.quarantine import asked_of
from api.records.incoming.sending import Asked, Sending, StoredRecord
from api.records.incoming.taking import store_body
from api.records.matching import queries
from api.records.parse import Refused, as_text, decode
from api.records.ssmix2 import delivering as storage

LOOK_SECONDS: Final = 5.0
MOST_AT_ONCE: Final = 500
_DOOR: Final = " /fhir/R4/"


async def run() -> None:
    """Delivers what is due, for as long as the process lives; a fault is noted and tried again."""
    while True:
        try:
            await deliver_due()
        except Exception as error:  # whatever is wrong with one, the next is to be delivered
            log.error("records:delivery:failed", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def deliver_due() -> int:
    """Whatever was decided and is not delivered yet; how many records. One that fails holds up none
    of the others, and stays due."""
    async with unit_of_work(OPERATOR) as tx:
        due = await queries.due(tx, MOST_AT_ONCE)
    total = 0
    for row in due:
        officer = Actor(kind=ActorKind.SUPPORT, account_id=row["by_account"])
        try:
            total += await deliver(officer, row["facility_id"], row["local_id"])
        except (Problem, asyncpg.PostgresError, OSError) as error:
            log.error("records:delivery:failed", error=type(error).__name__)
    return total


async def deliver(officer: Actor, facility_id: UUID, number: str) -> int:
    """Stores it in the name of the facility that sent it, as if it came now; how many records.

    What still has a fault stays where it lies. The cases it was are closed. Broken off anywhere, it
    is done again from the start: what was stored is stored once.
    """
    sender = Actor(kind=ActorKind.SYSTEM, facility_id=facility_id, purpose_of_use="TREAT")
    async with unit_of_work(sender) as tx:
        lying = await queries.lying_by(tx, number)
    total = 0
    for row in lying:
        # It came before whatever came since, and lies here already: as from a file.
        asked = asked_of(row["asked"]) if row["asked"] else _asked(row["name"], row["body"])
        sending = Sending(sender, row["name"], is_file=True, asked=asked)
        try:
            stored = await store_body(sending, row["body"])
        except (NotStored, Forbidden):  # of what still has a fault, or a facility that has left
            continue
        records = sum(
            isinstance(each, StoredRecord) and each.change != "unchanged" for each in stored.entries
        )
        async with unit_of_work(officer) as tx:
            await queries.close_case(tx, str(row["submission_id"]))
        async with unit_of_work(sender) as tx:
            await queries.delivered(tx, row["quarantine_id"], records)
        total += records
    messages = await storage.deliver_waiting(facility_id, number)
    total += messages.records
    async with unit_of_work(officer) as tx:
        for submission_id in messages.submissions:
            await queries.close_case(tx, submission_id)
    async with unit_of_work(sender) as tx:
        await queries.settle(tx, number)
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
