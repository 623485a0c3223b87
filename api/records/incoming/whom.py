"""Whose a sending is: one participant, known by the names the sender may use."""

from collections.abc import Sequence
from uuid import UUID

from api.consent import stored
from api.consent.facts import Directive
from api.core import runtime
from api.core.database import Transaction, turn_to
from api.directory.service import FacilityLine
from api.fhir import codes
from api.records import queries
from api.records.errors import NotStored
from api.records.incoming.plan import PlannedItem
from api.records.incoming.sending import NOT_TAKEN, UNKNOWN, Sending
from api.records.mapping import SubjectRef
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


async def hold_still(
    tx: Transaction, items: Sequence[PlannedItem], facility_id: UUID, *, is_vouched: bool
) -> Directive:
    """Holds the participant still until the transaction ends; raises `NotStored`.

    Answers what they chose. Participation governs reading, not arriving: records come in for those
    who have not answered yet and from facilities that may not read, so that nothing is missing on
    the day they join. Whoever refused or left, or takes nothing from this facility, is kept out
    altogether, and the facility cannot tell which.
    """
    state = await stored.locked_settings_in(tx)
    if state is None:
        raise NotStored([Fault(UNKNOWN, subject_path(items[0]))])
    is_out = state.participation.state in ("refused", "withdrawn")
    if is_out or facility_id in state.directive.refused_sources:
        raise NotStored([Fault(NOT_TAKEN, subject_path(items[0]))])
    births = {item.classified.subject.birth_on for item in items} - {None}
    if births and not is_vouched:
        person = await queries.person(tx)
        if person is None or births != {person["birth_on"]}:
            raise NotStored([Fault(UNKNOWN, subject_path(items[0]))])
    return state.directive


async def _whose(
    tx: Transaction, sending: Sending, ref: SubjectRef, facility: FacilityLine
) -> UUID | None:
    """Whom these names lead to: nobody, unless all that lead to someone lead to the same.

    Another facility's patient numbers lead nowhere: only their own facility may use them.
    """
    found = _vouched(sending, ref)
    own_numbers = codes.patient_in_facility(facility.code)
    for each in ref.identifiers:
        person = None
        if each.system == codes.CARD:
            digits = each.value.replace("-", "").replace(" ", "")
            person = await queries.participant_of_card(tx, digits)
        elif each.system == own_numbers:
            person = await queries.participant_of_local_id(tx, facility.facility_id, each.value)
        if person is not None:
            found.add(person)
    literal = _our_patient(ref.reference)
    if literal is not None and literal not in found:
        await turn_to(tx, literal)
        if await queries.person(tx) is not None:
            found.add(literal)
    return found.pop() if len(found) == 1 else None


def _vouched(sending: Sending, ref: SubjectRef) -> set[UUID]:
    names = (*ref.names(), *ref.short_names()) if sending.subjects else ()
    return {sending.subjects[name] for name in names if name in sending.subjects}


def _our_patient(reference: str) -> UUID | None:
    """The id in `Patient/<id>`, relative or under our own address."""
    relative = reference.removeprefix(f"{runtime.settings().public_url}/fhir/R4/")
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
