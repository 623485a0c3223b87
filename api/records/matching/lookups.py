"""Who a system asks for: by a description (`$match`) or by its own number or a card (`$ihe-pix`).

An answer is only of whom the asker may know anyway (`records.finding.show`). Nobody, and somebody
they may not know, cannot be told apart; both are logged.
"""

from typing import Final, NamedTuple
from uuid import UUID

from api.access_log.events import EventName
from api.access_log.service import Appended
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.records import finding, grounds
from api.records import queries as record_queries
from api.records.finding import Person
from api.records.mapping import Identifier
from api.records.matching import service as matching
from api.records.matching.persons import Demographics
from api.records.matching.rules import grades, outcome_of

MOST_ASKED: Final = 5


class Graded(NamedTuple):
    """`grade`: certain, probable or possible (HL7 match-grade)."""

    person: Person
    grade: str
    score: float


class Matches(NamedTuple):
    """The best first; the events of all that was looked at, or the one about nobody."""

    found: list[Graded]
    event: Appended


class CrossReference(NamedTuple):
    """The network's id, and the asking facility's own numbers of the same participant."""

    participant_id: UUID | None
    numbers: list[str]
    event: Appended


async def match(
    actor: Actor, person: Demographics, *, only_certain: bool, count: int = MOST_ASKED
) -> Matches:
    """Of those described so whom this requester is shown by name: who is found by a description is
    known to be so described."""
    persons: dict[UUID, Person] = {}
    event: Appended | None = None
    # Graded among those the asker is shown alone: nobody else changes a grade, or takes a place.
    candidates = await matching.find(actor, person)
    for each in candidates:
        shown = await finding.show(actor, each.participant_id, by_description=True)
        if shown.person is not None:
            event = event if persons else shown.event
            persons[each.participant_id] = shown.person
        event = event or shown.event
    outcome = outcome_of([each for each in candidates if each.participant_id in persons])
    found = [
        Graded(persons[participant_id], grade, score)
        for participant_id, grade, score in grades(outcome)
        if grade == "certain" or not only_certain
    ]
    if event is None:
        event = await grounds.log_nobody(actor, EventName.PARTICIPANT_SOUGHT)
    return Matches(found[:count], event)


async def cross_reference(actor: Actor, identifier: Identifier) -> CrossReference:
    shown = await finding.find(actor, identifier)
    if shown.person is None or actor.facility_id is None:
        return CrossReference(None, [], shown.event)
    participant_id = shown.person.participant_id
    async with unit_of_work(actor, subject=participant_id) as tx:
        numbers = await record_queries.local_ids(tx, actor.facility_id)
    return CrossReference(participant_id, sorted(numbers), shown.event)
