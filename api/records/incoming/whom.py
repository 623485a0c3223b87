"""Whose a sending is: one participant, known by the names the sender may use."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from api.consent import stored
from api.consent.stored import Held, Settings
from api.core import runtime
from api.core.database import Transaction, turn_to, unit_of_work
from api.directory.service import FacilityLine
from api.fhir import codes
from api.records import queries
from api.records.errors import NotStored
from api.records.incoming.planned import PlannedItem
from api.records.incoming.sending import NOT_TAKEN, UNKNOWN, Sending, acting_facility_in
from api.records.mapping import SubjectRef
from api.records.matching import service as matching
from api.records.parse import Fault
from api.records.shapes import SHAPES


async def subject_in(
    tx: Transaction, sending: Sending, items: Sequence[PlannedItem], facility: FacilityLine
) -> tuple[UUID, bool]:
    """The one participant all items are about, and whether the operator named them. The transaction
    is about them from here on.

    Raises `NotStored`; unknown people and names that contradict each other answer alike.
    """
    if sending.subject is not None:
        await turn_to(tx, sending.subject)
        return sending.subject, False
    known: dict[SubjectRef, UUID | None] = {}
    for item in items:
        ref = item.classified.subject
        if ref not in known:
            known[ref] = await _whose(tx, sending, ref, facility)
    lost = [item for item in items if known[item.classified.subject] is None]
    if lost:
        raise NotStored(Fault(UNKNOWN, subject_path(item)) for item in lost)
    people = {person for person in known.values() if person is not None}
    if len(people) > 1:
        raise NotStored([Fault("mixed_subjects", "Bundle.entry")])
    is_vouched = all(_vouched(sending, ref) for ref in known)
    subject = people.pop()
    if tx.subject != subject:
        await turn_to(tx, subject)
    return subject, is_vouched


async def meet_strangers(sending: Sending, items: Sequence[PlannedItem]) -> None:
    """Whom the sender describes, with a number of its own that names nobody yet, is sought first;
    whoever is found beyond doubt is known by that number from here on."""
    described = {
        ref
        for item in items
        if (ref := item.classified.subject).person is not None and not _vouched(sending, ref)
    }
    if not described or sending.subject is not None:
        return
    async with unit_of_work(sending.actor) as tx:
        facility = await acting_facility_in(tx)
        strangers = [ref for ref in described if not await _is_numbered(tx, ref, facility)]
    for ref in strangers:
        await matching.meet(sending.actor, facility, ref.identifiers, ref.person)


async def _is_numbered(tx: Transaction, ref: SubjectRef, facility: FacilityLine) -> bool:
    for number in names_in(ref, facility).numbers:
        if await queries.participant_of_local_id(tx, facility.facility_id, number) is not None:
            return True
    return False


async def hold_still(
    tx: Transaction, items: Sequence[PlannedItem], facility_id: UUID, *, is_vouched: bool
) -> Held:
    """Holds the participant still until the transaction ends; raises `NotStored`.

    Answers what they chose. Participation governs reading, not arriving: records come in for those
    who have not answered yet and from facilities that may not read, so that nothing is missing on
    the day they join. Whoever refused or left, or takes nothing from this facility, is kept out
    altogether, and the facility cannot tell which.
    """
    held = await stored.locked_in(tx)
    if held is None:
        raise NotStored([Fault(UNKNOWN, subject_path(items[0]))])
    if not is_taken(held.settings, facility_id):
        raise NotStored([Fault(NOT_TAKEN, subject_path(items[0]))])
    births = births_in(items)
    if births and not is_vouched:
        person = await queries.person(tx)
        is_known = person is not None and births == {person["birth_on"]}
        named = [each for item in items for each in item.classified.subject.identifiers]
        if not is_known and not await matching.weighed_in(tx, named, births):
            raise NotStored([Fault(UNKNOWN, subject_path(items[0]))])
    return held


def is_taken(settings: Settings, facility_id: UUID) -> bool:
    """Whether the participant takes records from this facility."""
    is_out = settings.participation.state in ("refused", "withdrawn")
    return not is_out and facility_id not in settings.directive.refused_sources


def births_in(items: Sequence[PlannedItem]) -> set[date]:
    """The birth dates the sender says, of one person as it should be."""
    said = (item.classified.subject.birth_on for item in items)
    return {birth_on for birth_on in said if birth_on is not None}


class Names(msgspec.Struct, frozen=True):
    """By what a sender may name somebody: cards, its own patient numbers, and our id of them."""

    cards: tuple[str, ...]
    numbers: tuple[str, ...]
    by_id: bool


def names_in(ref: SubjectRef, facility: FacilityLine, subject: UUID | None = None) -> Names:
    """Another facility's patient numbers lead nowhere: only their own facility may use them."""
    own = codes.patient_in_facility(facility.code)
    return Names(
        tuple(
            each.value.replace("-", "").replace(" ", "")
            for each in ref.identifiers
            if each.system == codes.CARD
        ),
        tuple(each.value for each in ref.identifiers if each.system == own),
        subject is not None and _our_patient(ref.reference) == subject,
    )


async def _whose(
    tx: Transaction, sending: Sending, ref: SubjectRef, facility: FacilityLine
) -> UUID | None:
    """Whom these names lead to: nobody, unless all that lead to someone lead to the same."""
    found = _vouched(sending, ref)
    names = names_in(ref, facility)
    for card in names.cards:
        found.add(await queries.participant_of_card(tx, card))
    for number in names.numbers:
        found.add(await queries.participant_of_local_id(tx, facility.facility_id, number))
    found.discard(None)
    literal = _our_patient(ref.reference)
    if literal is not None:
        literal = await queries.one_person(tx, literal)
    if literal is not None and literal not in found:
        await turn_to(tx, literal)
        if await queries.person(tx) is not None:
            found.add(literal)
    return found.pop() if len(found) == 1 else None


def _vouched(sending: Sending, ref: SubjectRef) -> set[UUID | None]:
    names = (*ref.names(), *ref.short_names()) if sending.subjects else ()
    return {sending.subjects[name] for name in names if name in sending.subjects}


def _our_patient(reference: str) -> UUID | None:
    """The id in `Patient/<id>`, relative or under our own address."""
    relative = reference.removeprefix(f"{runtime.fhir_base()}/")
    try:
        return UUID(relative.removeprefix("Patient/")) if relative.startswith("Patient/") else None
    except ValueError:
        return None


def subject_path(item: PlannedItem) -> str:
    """Where an item says whose it is."""
    name = item.classified.resource_type
    element = SHAPES[name].subject if name in SHAPES else ""
    if name == "Bundle":
        return "Bundle.entry[0].resource.subject"
    where = name if item.position is None else f"Bundle.entry[{item.position}].resource"
    return f"{where}.{element}" if element else where
