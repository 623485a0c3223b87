"""New records of people the facility has sent of before: many sendings in one transaction.

What is known of whom and of their settings is kept here, and checked again by PostgreSQL in the
transaction that writes; whatever is otherwise goes the long way.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.commitments import resources_of
from api.access_log.events import EventName
from api.access_log.service import Common, Owed, Place, Resources
from api.consent.facts import EMERGENCY
from api.consent.stored import Held
from api.core.actor import Actor
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.core.lane import Answer, Lane, Step
from api.directory import service as directory
from api.directory.service import FacilityLine, Standing
from api.records.incoming.conditions import UNCONDITIONAL
from api.records.incoming.planned import Plan, PlannedItem
from api.records.incoming.sending import Sending, StoredRecord
from api.records.incoming.whom import Names, births_in, is_taken, names_in
from api.records.incoming.writing import Before, Work, counted, line_of, sender
from api.records.mapping import SubjectRef

LARGEST: Final = 1024 * 1024  # bytes; what is larger would hold up the sendings beside it
KEPT: Final = 10_000


class _Person(NamedTuple):
    participant_id: UUID
    names: Names


class _Row(msgspec.Struct):
    record_id: UUID
    resource_type: str
    category: str
    sensitivity: int
    effective_on: date
    effective_at: Any
    recorded_at: Any
    marks: Sequence[str]
    identifier_system: str
    identifier_value: str
    title: str
    body: str


class _Payload(msgspec.Struct):
    """What one call asks for, beside who asks and about whom."""

    submission_id: UUID
    name: str
    birth_on: date | None
    people: Sequence[Names]
    rows: Sequence[_Row]


class _Note(NamedTuple):
    """What the event says: who sent it, what she is told of, what not."""

    shared: Common
    told: Resources
    untold: Resources


_people: dict[tuple[UUID, SubjectRef], _Person] = {}
_held: dict[UUID, Held] = {}
_senders: dict[tuple[Actor, str], Common] = {}


def remember(
    facility: FacilityLine, items: Sequence[PlannedItem], subject: UUID, held: Held
) -> None:
    """Whom the names of a sending led to, and what they chose; for the next sending."""
    for known in (_people, _held):
        if len(known) >= KEPT:
            known.clear()
    for item in items:
        ref = item.classified.subject
        names = names_in(ref, facility, subject)
        if names.cards or names.numbers or names.by_id:
            _people[facility.facility_id, ref] = _Person(subject, names)
    _held[subject] = held


async def new_records(sending: Sending, planned: Plan, size: int) -> list[StoredRecord] | None:
    """Stores what is new of somebody known; None, and nothing stored, where it is not for here."""
    facility_id = sending.actor.facility_id
    if facility_id is None or size > LARGEST or not _is_plain(sending, planned):
        return None
    refs = {item.classified.subject for item in planned.items}
    people = [_people.get((facility_id, ref)) for ref in refs]
    found = {person.participant_id for person in people if person is not None}
    if None in people or len(found) != 1:
        return None
    (subject,) = found
    held, births = _held.get(subject), births_in(planned.items)
    try:
        standing = await directory.standing(sending.actor)
    except NotFound:
        return None
    if held is None or not is_taken(held.settings, facility_id) or len(births) > 1:
        return None
    work = Work(subject, held.settings.directive, Before(), planned)
    if len(work.ids) != len(planned.items):
        return None  # two versions of one record in one sending
    work.write()
    note = _note(sending.actor, standing, work)
    if note is None:
        return None
    payload = _ENCODER.encode(
        _Payload(
            uuid7(),
            sending.name,
            next(iter(births), None),
            [person.names for person in people if person is not None],
            [_Row(*(getattr(row, name) for name in _Row.__struct_fields__)) for row in work.rows],
        )
    )
    args = (standing.revision, held.policy_version, payload.decode())
    digest = sha256(b"%b|%d|%b" % (standing.revision.encode(), held.policy_version, payload))
    try:
        is_new = await _arriving.call(sending.actor, subject, digest.digest(), args, note)
    except asyncpg.PostgresError as error:
        if not access_log.forget_if_gone(error, [subject]):
            raise
        return None
    if is_new is None:
        _forget(sending.actor, facility_id, refs, subject)
    return work.records if is_new else None


_ENCODER: Final = msgspec.json.Encoder()


def _is_plain(sending: Sending, planned: Plan) -> bool:
    """Nothing but new records: no file, key, condition, document or record named by its id."""
    is_bare = not (sending.is_file or sending.subjects) and sending.asked.key_hash is None
    return (
        is_bare
        and sending.actor.purpose_of_use not in EMERGENCY  # what owes then is a session's
        and planned.kind not in ("document", "batch")
        and all(
            item.resource_id is None and item.conditions == UNCONDITIONAL for item in planned.items
        )
    )


def _note(actor: Actor, standing: Standing, work: Work) -> _Note | None:
    """None where there is nothing to tell: that is an event of the network's own."""
    lines = list(map(line_of, work.rows))
    told = counted(line for line in lines if line.is_told)
    hidden = counted(line for line in lines if not line.is_told)
    if not told["ids"]:
        return None
    key = (actor, standing.revision)
    shared = _senders.get(key)
    if shared is None:
        said = sender(actor, standing.facility_name, standing.facility_name_en)
        shared = access_log.common(actor, said)
        if len(_senders) >= KEPT:
            _senders.clear()
        _senders[key] = shared
    return _Note(shared, *(resources_of(each["resources"], each["ids"]) for each in (told, hidden)))


async def _log(connection: Any, answers: Sequence[Answer]) -> Step:
    owed = [
        Owed(
            subject,
            EventName.RECORD_STORED,
            "permitted",
            note.shared,
            note.told,
            note.untold,
            Place(row["last_pseq"], row["last_commit"], row["at"]),
        )
        for subject, note, row in answers
        if row is not None and row["is_new"]
    ]
    statement, _ = await access_log.owed_statement(connection, owed)
    return Step(statement, lambda: [row and row["is_new"] for _, _, row in answers])


_arriving = Lane("records_arrive", "app.arrival", _log)


def _forget(actor: Actor, facility_id: UUID, refs: set[SubjectRef], subject: UUID) -> None:
    directory.forget_standing(actor)
    _held.pop(subject, None)
    for ref in refs:
        _people.pop((facility_id, ref), None)
