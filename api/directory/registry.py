"""Entering facilities and their people into the directory."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import registry_queries, service

FACILITY_ID_SYSTEM = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"


class NewFacility(NamedTuple):
    """`code` is the 10-digit institution number; `region` and `facility_type` profile codes."""

    code: str
    name: str
    name_kana: str
    name_en: str
    facility_type: str
    region: str


async def add_facility(actor: Actor, facility: NewFacility) -> UUID:
    """From now on it is there; whoever's settings will come to cover it is told at once."""
    facility_id, profile = uuid7(), service.profile()
    async with unit_of_work(actor) as tx:
        await registry_queries.add_facility(tx, facility_id, FACILITY_ID_SYSTEM, *facility)
        await registry_queries.tell_of_facility(
            tx,
            facility_id,
            profile.regions_around(facility.region),
            profile.consent.recipient_default.outcome,
        )
    return facility_id


async def add_professional(
    actor: Actor,
    facility_id: UUID,
    *,
    name: str,
    name_kana: str,
    profession: str,
    trained_on: date | None,
) -> UUID:
    """A professional may read from the day of their training on."""
    professional_id = uuid7()
    async with unit_of_work(actor) as tx:
        await registry_queries.add_professional(
            tx, professional_id, facility_id, name, name_kana, profession, trained_on
        )
    return professional_id


async def add_officer(
    actor: Actor, *, name: str, name_kana: str, trained_on: date | None = None
) -> UUID:
    """An officer may work from the day of their safety training on."""
    officer_id = uuid7()
    async with unit_of_work(actor) as tx:
        await registry_queries.add_officer(tx, officer_id, name, name_kana, trained_on)
    return officer_id


async def record_training(actor: Actor, person_id: UUID, trained_on: date) -> None:
    """Of a professional or an officer, before whose training nobody may view anything.

    Raises `NotFound` for nobody's id, and for any actor but an operator.
    """
    async with unit_of_work(actor) as tx:
        if not await registry_queries.set_trained(tx, person_id, trained_on):
            raise NotFound
        detail = {"person": str(person_id), "trained_on": trained_on.isoformat()}
        await access_log.append_system(
            tx, EventName.TRAINING_RECORDED, outcome="permitted", detail=detail
        )
