"""Entering facilities and their people into the directory."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Problem
from api.core.ids import uuid7
from api.directory import registry_queries, service
from api.identity.staff import invitations
from api.identity.staff.invitations import Invitation

FACILITY_ID_SYSTEM = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"


class BadFacility(Problem):
    """For the console; `reason` says in English what is wrong."""

    status = 422
    key = "error.facility.refused"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class NewFacility(NamedTuple):
    """`code` is the 10-digit institution number; `region` and `facility_type` profile codes."""

    code: str
    name: str
    name_kana: str
    name_en: str
    facility_type: str
    region: str


class Administrator(NamedTuple):
    """Who invites a facility's people."""

    administrator_id: UUID
    account_id: UUID
    name: str
    is_active: bool


class Officer(NamedTuple):
    """`kind`: support or auditor."""

    officer_id: UUID
    account_id: UUID
    kind: str
    name: str
    trained_on: date | None
    is_active: bool


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
        await _log(tx, EventName.FACILITY_ADDED, facility_id, {"code": facility.code})
    return facility_id


async def register_facility(actor: Actor, facility: NewFacility) -> UUID:
    """As `add_facility`, of what somebody typed. Raises `BadFacility`."""
    profile = service.profile()
    for known, given, what in (
        ({each.code for each in profile.facility_types}, facility.facility_type, "type"),
        ({each.code for each in profile.regions}, facility.region, "region"),
    ):
        if given not in known:
            raise BadFacility(f"{given!r} is no {what} of this network: {', '.join(sorted(known))}")
    if not (len(facility.code) == 10 and facility.code.isascii() and facility.code.isdigit()):
        raise BadFacility("a facility's code has 10 digits")
    if not all(0 < len(each) <= 200 and each.isprintable() for each in facility):
        raise BadFacility("each name is a line of up to 200 characters")
    try:
        return await add_facility(actor, facility)
    except asyncpg.UniqueViolationError as error:
        raise BadFacility(f"there is a facility with the code {facility.code} already") from error


async def administrators(actor: Actor, facility_id: UUID) -> list[Administrator]:
    """Those at work first."""
    async with unit_of_work(actor) as tx:
        accounts = await invitations.administrator_accounts_in(tx)
        return [
            Administrator(one, accounts[one], name, is_active)
            for one, name, is_active in await registry_queries.administrators(tx, facility_id)
        ]


async def invite_administrator(actor: Actor, administrator_id: UUID) -> Invitation:
    """A new code for one who has no key yet. Raises `HasKey`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        account_id = await _account_in(tx, administrator_id)
        return await invitations.invite_in(tx, account_id)


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


async def appoint_officer(
    actor: Actor, *, name: str, name_kana: str, is_auditor: bool, trained_on: date | None
) -> tuple[UUID, Invitation]:
    """An officer, or an auditor, with the code to make their passkey with, known once. An officer
    is entered once they are trained: before, no session of theirs opens."""
    officer_id, account_id = uuid7(), uuid7()
    async with unit_of_work(Actor(kind=actor.kind, account_id=account_id)) as tx:
        await registry_queries.add_officer(tx, officer_id, name, name_kana, trained_on)
        kind = "auditor" if is_auditor else "support"
        await invitations.open_officer_in(tx, account_id, kind, officer_id)
        detail = {"officer": officer_id, "kind": kind}
        await access_log.append_system(
            tx, EventName.OFFICER_ADDED, outcome="permitted", detail=detail
        )
        return officer_id, await invitations.invite_in(tx, account_id)


async def officers(actor: Actor) -> list[Officer]:
    """Those at work first."""
    async with unit_of_work(actor) as tx:
        accounts = await invitations.officer_accounts_in(tx)
        return [
            Officer(row["officer_id"], *accounts[row["officer_id"]], *tuple(row)[1:])
            for row in await registry_queries.officers(tx)
            if row["officer_id"] in accounts
        ]


async def invite_officer(actor: Actor, officer_id: UUID) -> Invitation:
    """A new code for one who has no key yet. Raises `HasKey`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await invitations.invite_in(tx, await _officer_account_in(tx, officer_id))


async def end_officer(actor: Actor, officer_id: UUID) -> None:
    """At once. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        account_id = await _officer_account_in(tx, officer_id)
        is_ended = await registry_queries.end_officer(tx, officer_id)
        if not is_ended or not await invitations.shut_out_in(tx, account_id):
            raise NotFound
        detail = {"officer": officer_id}
        await access_log.append_system(
            tx, EventName.OFFICER_ENDED, outcome="permitted", detail=detail
        )


async def _officer_account_in(tx: Transaction, officer_id: UUID) -> UUID:
    found = (await invitations.officer_accounts_in(tx)).get(officer_id)
    if found is None:
        raise NotFound
    return found[0]


async def appoint_administrator(
    actor: Actor, facility_id: UUID, *, name: str, name_kana: str
) -> tuple[Administrator, Invitation]:
    """With the code to make their passkey with, known once."""
    administrator_id = uuid7()
    async with unit_of_work(actor) as tx:
        await registry_queries.add_administrator(tx, administrator_id, facility_id, name, name_kana)
        account_id = await invitations.open_administrator_in(tx, administrator_id)
        await _log(
            tx,
            EventName.ADMINISTRATOR_APPOINTED,
            facility_id,
            {"administrator": administrator_id},
        )
        invitation = await invitations.invite_in(tx, account_id)
    return Administrator(administrator_id, account_id, name, True), invitation


async def end_administrator(actor: Actor, administrator_id: UUID) -> None:
    """At once, as when a professional leaves. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        account_id = await _account_in(tx, administrator_id)
        facility_id = await registry_queries.end_administrator(tx, administrator_id)
        if facility_id is None or not await invitations.shut_out_in(tx, account_id):
            raise NotFound
        await _log(
            tx, EventName.ADMINISTRATOR_ENDED, facility_id, {"administrator": administrator_id}
        )


async def _account_in(tx: Transaction, administrator_id: UUID) -> UUID:
    account_id = (await invitations.administrator_accounts_in(tx)).get(administrator_id)
    if account_id is None:
        raise NotFound
    return account_id


async def _log(
    tx: Transaction, event: EventName, facility_id: UUID, detail: dict[str, Any]
) -> None:
    await access_log.append_system(
        tx, event, outcome="permitted", detail={"facility": facility_id} | detail
    )


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
