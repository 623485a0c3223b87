"""What an officer does for a participant they have identified, at the counter or by calling back.

Nothing clinical is here. Every act is in the participant's log with the officer's name, and told.
"""

from datetime import date, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.consent.lifecycle import participating
from api.core import clock, i18n
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity import closed
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling import intake, registered
from api.identity.enrolling.activation_code import ActivationCode
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.errors import EnrolmentFaults, NoMatch
from api.identity.keys import recovery
from api.proxies import counter as proxy_counter
from api.records.matching import merging
from api.records.matching.merging import OwnMerge
from api.support import counter_queries, queries
from api.support.errors import HasAKey, IdentifiedByOne, NoNumberToCall, NothingToWithdraw
from api.support.leaving import PAPER
from api.support.service import CALL_BACK, telephone
from notifications import service as notifications

LASTS: Final = timedelta(minutes=30)
BY_PHONE: Final = "call_back"
WAYS: Final = (*recovery.EVIDENCE, BY_PHONE)
Act = Literal[
    "code", "proxies", "sessions", "withdrawal", "call", "merge", "closing", "closing_off"
]


class Visit(NamedTuple):
    """`call`: the number given on enrolling, to be called back before anything is done. `merge`: of
    another registration, which waits for this person's yes; it is given in person alone."""

    participant_id: UUID
    visit_id: UUID
    name: str
    birth_on: date
    card_end: str
    way: str
    has_key: bool
    is_participating: bool
    is_closed: bool
    call: str
    address: str
    merge: OwnMerge | None


class Issued(NamedTuple):
    card: CardNumber
    code: ActivationCode


async def identify(actor: Actor, card_text: str, birth: Birth, way: str) -> tuple[UUID, UUID]:
    """Participant and visit; whoever was identified finds it in their log.

    Raises `EnrolmentFaults`, `NoMatch`, and `NoNumberToCall` for who gave no telephone number.
    """
    card = CardNumber.parse(card_text, directory.profile().card_scheme)
    birth_on = birth_of(birth)
    faults = {
        field: value.value
        for field, value in {"card": card, "birth": birth_on}.items()
        if isinstance(value, CardFault | BirthDateFault)
    }
    if way not in WAYS:
        faults["way"] = "error.recovery.evidence"
    if faults or isinstance(card, CardFault) or isinstance(birth_on, BirthDateFault):
        raise EnrolmentFaults(faults)
    person = await intake.person_of(actor, card, birth_on)
    if person is None:
        raise NoMatch
    async with unit_of_work(actor, subject=person) as tx:
        given = await registered.registration_in(tx)
        if way == BY_PHONE and not (given and given.phone):
            raise NoNumberToCall
        visit_id = await counter_queries.open_visit(tx, way, actor.name or "")
        told = {
            "way": {each: i18n.text(each, f"counter.way.{way}") for each in i18n.LOCALES},
            "name": actor.name or "",
        }
        detail = {"told": told, "actor": {"name": actor.name}}
        await access_log.append(tx, EventName.SUPPORT_IDENTIFIED, detail=detail)
    return person, visit_id


async def visit(actor: Actor, participant_id: UUID, visit_id: UUID) -> Visit:
    """Raises `NotFound` for another officer's, and for one older than half an hour."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        way = await way_in(tx, visit_id)
        person = await counter_queries.person(tx)
        if person is None:
            raise NotFound
        given = await registered.registration_in(tx)
        state = await stored.settings_in(tx)
        merges = [] if way == BY_PHONE else await merging.own_in(tx)
        return Visit(
            participant_id,
            visit_id,
            person["name"],
            person["birth_on"],
            (person["number"] or "")[-4:],
            way,
            await registered.has_key_in(tx),
            state.participation.state == "participating",
            await closed.is_closed_in(tx),
            given.phone if given and way == BY_PHONE else "",
            given.address if given else "",
            next((each for each in merges if each.remains and each.state == "confirmed"), None),
        )


async def send_code(actor: Actor, participant_id: UUID, visit_id: UUID) -> Issued:
    """A letter with a new activation code, by the second officer who identified its holder.

    Raises `AccountClosed`, `HasAKey` for who recovers instead, and `IdentifiedByOne`.
    """
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        person = await counter_queries.person(tx)
        if person is None or person["number"] is None:
            raise NotFound
        if await registered.has_key_in(tx):
            raise HasAKey
        if not await counter_queries.identified_by_another(tx):
            raise IdentifiedByOne
        code = await intake.issue_code_in(tx, participant_id)
        await access_log.append(tx, EventName.CODE_ISSUED, detail={"actor": {"name": actor.name}})
        await notifications.enqueue(tx, "support_acted", deed=_deed("code"), by=actor.name or "")
    return Issued(CardNumber(person["number"]), code)


async def suspend_proxies(actor: Actor, participant_id: UUID, visit_id: UUID) -> int:
    """Every proxy waits until the participant confirms them again."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        done = await proxy_counter.card_was_lost_in(tx, actor)
        await did_in(tx, "proxies")
        return done


async def end_sessions(actor: Actor, participant_id: UUID, visit_id: UUID) -> int:
    """After a phone was lost."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        done = await registered.end_sessions_in(tx)
        await did_in(tx, "sessions")
        return done


async def withdraw(actor: Actor, participant_id: UUID, visit_id: UUID) -> None:
    """The paper of withdrawal is there: participation ends, and a case that waited for it.

    Raises `NothingToWithdraw` for who does not take part and of whom no paper is awaited.
    """
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        case_id = await queries.waiting(tx, PAPER)
        state = await stored.locked_settings_in(tx)
        is_member = state is not None and state.participation.state == "participating"
        if not is_member and case_id is None:
            raise NothingToWithdraw
        if is_member:
            await participating.join_in(
                tx, actor, state="withdrawn", signed_on=clock.today_in_japan()
            )
        if case_id is not None:
            await queries.close(tx, case_id, actor.account_id)
        await did_in(tx, "withdrawal")


async def wants_call(actor: Actor, participant_id: UUID, visit_id: UUID, typed: str) -> None:
    """A wish to be called, as the participant's own. Raises `NoTelephoneNumber`."""
    number = telephone(typed)
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        person = await counter_queries.person(tx)
        if person is None:
            raise NotFound
        if await queries.waiting(tx, CALL_BACK) is None:
            params = {"name": person["name"], "phone": number}
            due_on = clock.today_in_japan() + timedelta(days=1)
            await queries.open_case(tx, CALL_BACK, msgspec.json.encode(params).decode(), due_on)
        await did_in(tx, "call")


async def accept_merge(
    actor: Actor, participant_id: UUID, visit_id: UUID, merge_id: UUID, reason: str
) -> None:
    """Whoever is here says that the other registration is theirs too.

    Raises `EnrolmentFaults` without a reason, `NotFound`, and `MergeRefused`, also over the phone.
    """
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _way_in_of_open(tx, visit_id)
        await merging.answered_in_person(tx, actor, merge_id, reason)
        await did_in(tx, "merge")


async def end(actor: Actor, participant_id: UUID, visit_id: UUID) -> None:
    """Raises `NotFound`."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        if not await counter_queries.end_visit(tx, visit_id):
            raise NotFound


async def way_in(tx: Transaction, visit_id: UUID) -> str:
    """How the subject was identified. Raises `NotFound` where the visit is not the actor's, or is
    over."""
    row = await counter_queries.visit(tx, visit_id, LASTS)
    if row is None:
        raise NotFound
    return str(row["way"])


async def _way_in_of_open(tx: Transaction, visit_id: UUID) -> None:
    """As `way_in`. Raises `AccountClosed` too: nothing is done there but to enrol anew."""
    await way_in(tx, visit_id)
    await closed.refuse_closed_in(tx)


async def did_in(tx: Transaction, act: Act, *, is_told: bool = False) -> None:
    """Into the subject's log, with the officer's name; `is_told`: a notice of its own is on its
    way already."""
    name = tx.acting.name or ""
    await access_log.append(
        tx,
        EventName.SUPPORT_ACTED,
        detail={"told": {"deed": _deed(act), "name": name}, "actor": {"name": name}},
    )
    if not is_told:
        await notifications.enqueue(tx, "support_acted", deed=_deed(act), by=name)


def _deed(act: Act) -> dict[str, str]:
    return {each: i18n.text(each, f"counter.deed.{act}") for each in i18n.LOCALES}
