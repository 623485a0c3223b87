"""Whose a number, a code or a record is, and who that is if whoever asks may know them."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.consent import policies
from api.consent.agreeing import desk_code
from api.consent.errors import DeskCodeRefused
from api.consent.facts import Request
from api.consent.replay import versions_of
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.fhir import codes
from api.identity.enrolling.insurance import Insurance, parse_insurance
from api.records import queries
from api.records.grounds import event_detail, log_nobody
from api.records.mapping import Identifier


class Person(NamedTuple):
    """Someone found. The demographics are None unless the settings show basic information."""

    participant_id: UUID
    name: str | None
    name_kana: str | None
    sex: str | None
    birth_on: date | None


class Found(NamedTuple):
    """Who was found, if anybody, and the event of it."""

    person: Person | None
    event: Appended


async def find(actor: Actor, identifier: Identifier, born_on: date | None = None) -> Found:
    """The participant of a card, of the facility's own number, or of insurance and birth date, if
    this requester may know them.

    Nobody, and somebody whose settings let this requester see nothing at all, cannot be told apart.
    Both are logged.
    """
    subject = await locate(actor, identifier, born_on)
    if subject is None:
        return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))
    return await show(actor, subject)


async def show(actor: Actor, subject: UUID, *, by_description: bool = False) -> Found:
    """As `find`, for a participant's id. By a description nobody is found who is not shown by
    name."""
    async with unit_of_work(actor, subject=subject) as tx:
        found = await _show(tx, actor, subject, by_description=by_description)
    if found is not None:
        return found
    return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))


async def _show(
    tx: Transaction, actor: Actor, subject: UUID, *, by_description: bool
) -> Found | None:
    known = await policies.locked_policy_in(tx)
    if known is None:
        return None
    standing = await directory.standing_in(tx, actor)
    request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", clock.now())
    scope = known.policy.scope(request)
    versions = versions_of(known, standing, request.now)
    is_known = scope.own_facility and bool(
        await queries.local_ids(tx, actor.facility_id or UUID(int=0))
    )
    is_named = "basic" in scope.categories
    is_permitted = (scope.outcome == "permit" or is_known) and (is_named or not by_description)
    basis = scope.basis
    if by_description and not is_named:
        basis = scope.of("basic").basis
    elif is_known and scope.outcome == "deny":
        basis = msgspec.structs.replace(basis, step="own_record")
    event = await access_log.append(
        tx,
        EventName.PARTICIPANT_FOUND if is_permitted else EventName.PARTICIPANT_SOUGHT,
        outcome="permitted" if is_permitted else "denied",
        detail=event_detail(
            actor, standing, basis, ("Patient",), versions, known.policy.team_names
        ),
    )
    if not is_permitted:
        return Found(None, event)
    if not is_named:
        return Found(Person(subject, None, None, None, None), event)
    row = await queries.person(tx)
    return Found(Person(subject, *row.values()) if row else None, event)


async def find_by_desk_code(actor: Actor, digits: str) -> Found:
    """Whoever told this code at the desk; it lets the facility in for a day, as typing it does.

    Raises `DeskCodeThrottled`. A code that opens nothing is nobody's.
    """
    # The professional a system signs for is who was told the code; a system alone was told nothing.
    teller = msgspec.structs.replace(actor, kind=ActorKind.PROFESSIONAL)
    try:
        subject = await desk_code.redeem(teller, digits)
    except (DeskCodeRefused, NotFound):
        return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))
    return await show(actor, subject)


async def locate(actor: Actor, identifier: Identifier, born_on: date | None = None) -> UUID | None:
    """Whose this identifier is: our card's, the asking facility's own patient number, or, with the
    birth date, insurance nobody else born that day has."""
    async with unit_of_work(actor) as tx:
        return await _locate(tx, actor, identifier, born_on)


async def _locate(
    tx: Transaction, actor: Actor, identifier: Identifier, born_on: date | None
) -> UUID | None:
    if identifier.system == codes.CARD:
        return await queries.participant_of_card(tx, identifier.value)
    if identifier.system == codes.INSURANCE_MEMBER:
        insurance = parse_insurance(*f"{identifier.value}:::".split(":")[:4])
        if not isinstance(insurance, Insurance) or born_on is None:
            return None
        named = msgspec.structs.astuple(insurance)
        return await queries.participant_of_insurance(tx, named, born_on)
    code = codes.facility_of_patient_system(identifier.system)
    if code is None or actor.facility_id is None:
        return None
    if await directory.facility_of_code(code) != actor.facility_id:
        return None
    return await queries.participant_of_local_id(tx, actor.facility_id, identifier.value)


async def owner_of(record_id: UUID) -> UUID | None:
    """Whose record an id names; of nobody, None. It opens nothing: the reading decides and logs."""
    return await queries.owner_of_record(record_id)
