"""A facility's patient whom no number names yet: linked, put before an officer, or nobody."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Protocol
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.directory.service import FacilityLine
from api.fhir import codes
from api.identity.enrolling.names import folded_name
from api.identity.my_number import is_my_number
from api.records.matching import queries
from api.records.matching.persons import (
    Demographics,
    Folded,
    Insured,
    folded,
    is_near,
    near_dates,
)
from api.records.matching.rules import Outcome, Ranked, outcome_of, ranked
from notifications import service as notifications

LONGEST_NUMBER: Final = 64
MOST_DOUBTS: Final = 5


class _Identifier(Protocol):
    @property
    def system(self) -> str: ...
    @property
    def value(self) -> str: ...


async def meet(
    actor: Actor,
    facility: FacilityLine,
    identifiers: Iterable[_Identifier],
    person: Demographics | None,
) -> UUID | None:
    """Whom the acting facility's own patient of these identifiers is, if that is beyond doubt.

    Their number is linked then, told and logged. A doubt is put before the support centre, and
    answers as nobody does: the facility learns of neither.
    """
    numbers = _own_numbers(facility, identifiers)
    if person is None or len(numbers) != 1:
        return None
    (number,) = numbers
    outcome = outcome_of(await find(actor, person, number))
    if outcome.verdict == "link":
        return await _link(actor, facility, number, outcome.ranked[0])
    if outcome.verdict == "doubtful":
        await _note(actor, number, person, outcome)
    return None


async def find(actor: Actor, person: Demographics, number: str = "") -> list[Ranked]:
    """Who this may be, for the acting facility, the best first; nothing is linked, noted or logged.

    With a number, of those who take records from it.
    """
    sent = folded(person)
    async with unit_of_work(actor) as tx:
        rows = await queries.candidates(tx, _sought(person, sent, number))
    return ranked(sent, {row["participant_id"]: folded(person_of(row)) for row in rows})


def person_of(row: asyncpg.Record) -> Demographics:
    insured = None
    if row["insurer"]:
        insured = Insured(row["insurer"], row["symbol"], row["number"], row["branch"])
    return Demographics(
        row["name"],
        row["name_kana"],
        row["sex"],
        row["birth_on"],
        row["address"],
        insured,
        row["card"],
    )


async def weighed_in(
    tx: Transaction, identifiers: Iterable[_Identifier], births: Iterable[date]
) -> bool:
    """Whether a birth date that is nearly the subject's was known when their number was linked."""
    values = [each.value for each in identifiers]
    birth_on = await queries.weighed_in(tx, values)
    return birth_on is not None and all(
        birth_on == each or is_near(birth_on, each) for each in births
    )


def _own_numbers(facility: FacilityLine, identifiers: Iterable[_Identifier]) -> set[str]:
    system = codes.patient_in_facility(facility.code)
    return {
        each.value
        for each in identifiers
        if each.system == system
        and 1 <= len(each.value) <= LONGEST_NUMBER
        and each.value.isprintable()
        and not is_my_number(each.value)
    }


def _sought(person: Demographics, sent: Folded, number: str) -> queries.Sought:
    near: Sequence[date] = near_dates(sent.birth_on) if sent.birth_on else ()
    insured = sent.insured
    return queries.Sought(
        number,
        sent.birth_on,
        list(near),
        sent.name,
        folded_name(person.name_kana),
        [insured.insurer, insured.number] if insured else [],
        sent.card,
    )


async def _link(actor: Actor, facility: FacilityLine, number: str, found: Ranked) -> UUID | None:
    compared = found.compared
    try:
        async with unit_of_work(actor, subject=found.participant_id) as tx:
            if not await queries.link(
                tx, facility.facility_id, number, compared.way, compared.bits
            ):
                return None
            place = {"ja": facility.name, "en": facility.name_en}
            told = {"place": place, "number": number}
            await access_log.append(
                tx,
                EventName.NUMBER_MATCHED,
                detail={"told": told, "way": compared.way, "levels": compared.levels},
            )
            await notifications.enqueue(tx, "number_matched", facility=place)
    except asyncpg.UniqueViolationError:
        return None  # another sending of the same moment was first
    return found.participant_id


async def _note(actor: Actor, number: str, person: Demographics, outcome: Outcome) -> None:
    sent = msgspec.json.encode(person).decode()
    async with unit_of_work(actor) as tx:
        for each in outcome.ranked[:MOST_DOUBTS]:
            levels = msgspec.json.encode(each.compared.levels).decode()
            await queries.note_doubtful(
                tx, number, sent, each.participant_id, levels, each.compared.bits
            )
