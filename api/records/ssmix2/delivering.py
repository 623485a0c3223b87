"""Messages that waited in quarantine for want of their person, stored once that is known."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.directory import service as directory
from api.fhir import codes
from api.records.ssmix2 import queries, settling
from api.records.ssmix2.aside import UNKNOWN
from api.records.ssmix2.sending import Sending

_NOWHERE = Path()  # the bodies lie with us: no folder is read


class Delivered(NamedTuple):
    """`submissions` are those of which nothing waits any more."""

    records: int
    submissions: tuple[str, ...]


async def deliver_waiting(facility_id: UUID, patient: str) -> Delivered:
    """In the name of the facility whose storage they came from; again it finds nothing left.

    What contradicts itself, or the person, stays where it lies.
    """
    actor = Actor(kind=ActorKind.OPERATOR, facility_id=facility_id)
    async with unit_of_work(actor) as tx:
        rows = await queries.waiting_of(tx, patient, UNKNOWN)
        person = (await queries.people(tx, [patient])).get(patient)
        found = await directory.facilities_in(tx, [facility_id])
    if person is None or not found or not found[0].is_active:
        return Delivered(0, ())
    system = codes.patient_in_facility(found[0].code)
    sending = Sending(actor, found[0], system, _NOWHERE, only_linked=True, looked_into=Counter())
    outcomes = await settling.deliver(sending, patient, person, rows)
    # Asked also where nothing waited: it may have been broken off just before.
    async with unit_of_work(actor) as tx:
        done = await queries.without_waiting(tx, patient)
    return Delivered(sum(each.records for each in outcomes), tuple(map(str, done)))
