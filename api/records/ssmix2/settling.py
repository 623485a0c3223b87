"""One patient's new files settled in one transaction: stored, withdrawn, or put aside."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from api.consent import stored
from api.core import clock
from api.core.database import Transaction, unit_of_work
from api.core.ids import uuid7
from api.records import queries as record_queries
from api.records import sending_queries
from api.records.incoming.quarantine import CASE_DAYS, case_params
from api.records.incoming.whom import is_taken
from api.records.mapping import Identifier
from api.records.matching import service as matching
from api.records.matching.patients import demographics_of
from api.records.parse import Json
from api.records.ssmix2 import path, queries, reading
from api.records.ssmix2.accounting import Outcome
from api.records.ssmix2.applying import apply_in
from api.records.ssmix2.aside import NOT_TAKEN, OTHER_BIRTH, UNKNOWN, put_aside, unless_unkept
from api.records.ssmix2.folder import Found
from api.records.ssmix2.lifecycle import effective_flag
from api.records.ssmix2.lying import KnownRow, Lying
from api.records.ssmix2.reading import Read, Unreadable
from api.records.ssmix2.sending import Judged, Sending, Settled
from api.records.ssmix2.shelf import Shelf

_LEFT_ASIDE: Final = frozenset({"quarantined", "refused"})
_OF_THE_ROWS: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)


async def settle(
    sending: Sending,
    patient: str,
    person: UUID | None,
    chunk: Sequence[Lying],
    *,
    opens_case: bool,
) -> list[Outcome]:
    """What PostgreSQL refuses of many is found out one by one, so that the others go in."""
    try:
        return await _settle(sending, patient, person, chunk, opens_case=opens_case)
    except _OF_THE_ROWS:
        keys = {each.name.key for each in chunk}
        if len(keys) == 1:
            refused = [each._replace(fault=Unreadable("not_storable")) for each in chunk]
            return await _settle(sending, patient, person, refused, opens_case=opens_case)
    outcomes: list[Outcome] = []
    for key in keys:
        one = [each for each in chunk if each.name.key == key]
        outcomes += await settle(sending, patient, person, one, opens_case=opens_case)
    return outcomes


async def deliver(
    sending: Sending, patient: str, person: UUID, rows: Sequence[KnownRow]
) -> list[Outcome]:
    """What waited in the quarantine and is not read anew; what became of those delivered."""
    async with unit_of_work(sending.actor) as tx:
        bodies = await queries.bodies_aside(tx, [row["quarantine_id"] for row in rows])
    chunk = []
    for row in rows:
        name = path.parse(f"{row['stem']}_{effective_flag(row['flags'])}")
        body = bodies.get(row["quarantine_id"])
        if name is None or body is None:
            continue
        found = Found(row["stem"], name, row["size"], row["modified_ns"], is_file=True)
        chunk.append(
            Lying(row["stem"], name, row["flags"], found, (), row, None, body, row["digest"])
        )
    if not chunk:
        return []
    outcomes = await settle(sending, patient, person, chunk, opens_case=False)
    return [each for each in outcomes if each.state not in _LEFT_ASIDE]


async def open_cases(sending: Sending) -> None:
    """For the support centre: what a run put aside that only its facility can put right."""
    if not sending.looked_into:
        return
    due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
    async with unit_of_work(sending.actor) as tx:
        for reason, count in sorted(sending.looked_into.items()):
            params = case_params(sending.facility, f"record.storage.reason.{reason}", count)
            await sending_queries.open_quarantine_case(tx, params, due_on)


async def _settle(
    sending: Sending,
    patient: str,
    person: UUID | None,
    chunk: Sequence[Lying],
    *,
    opens_case: bool,
) -> list[Outcome]:
    judged = await asyncio.to_thread(_judged, sending, chunk, person)
    if person is None:
        person = await _met(sending, patient, judged)
        if person is not None:
            judged = await asyncio.to_thread(_judged, sending, chunk, person)
    settled = Settled()
    async with unit_of_work(sending.actor, subject=person) as tx:
        if person is None:
            refusal = UNKNOWN
        else:
            state = await stored.locked_settings_in(tx)
            # The number may have been ended, or lead elsewhere, while the storage was looked at.
            means = await record_queries.participant_of_local_id(
                tx, sending.facility.facility_id, patient
            )
            refusal = UNKNOWN if state is None or means != person else ""
            if state is not None and not is_taken(state, sending.facility.facility_id):
                refusal = NOT_TAKEN
        if refusal:
            judged = [_refused(each, refusal) for each in judged]
        elif state is not None and person is not None:
            judged = await _of_the_same_birth(tx, sending, patient, judged)
        judged = await asyncio.to_thread(lambda: [unless_unkept(each) for each in judged])
        good = [each for each in judged if isinstance(each.read, Read)]
        written = 0
        if good and person is not None and state is not None:
            shelf = Shelf(person, state.directive.incoming_level, clock.now())
            await apply_in(tx, sending, patient, shelf, good, settled)
            await shelf.write_in(tx)
            await shelf.log_in(tx, sending.actor, sending.facility)
            written = shelf.written
        for each in judged:
            if isinstance(each.read, Unreadable):
                put_aside(patient, each, each.read, settled)
        await _note(tx, sending, patient, settled, written, opens_case=opens_case)
        await queries.note_delivered(tx, _delivered(judged, settled.outcomes))
    sending.looked_into.update(settled.looked_into)
    return settled.outcomes


def _delivered(judged: Sequence[Judged], outcomes: Sequence[Outcome]) -> list[tuple[UUID, int]]:
    """Of what lay in the quarantine as it is: its id, and how many versions it became."""
    lay = {
        each.lying.found.relative: each.lying.known["quarantine_id"]
        for each in judged
        if each.lying.known is not None
        and each.lying.known["quarantine_id"] is not None
        and each.lying.known["digest"] == each.lying.digest
    }
    return [
        (lay[each.name], each.records)
        for each in outcomes
        if each.name in lay and each.state not in _LEFT_ASIDE
    ]


def _judged(sending: Sending, chunk: Sequence[Lying], person: UUID | None) -> list[Judged]:
    return [_judge(sending, each, person) for each in chunk]


def _judge(sending: Sending, lying: Lying, person: UUID | None) -> Judged:
    if lying.fault is not None or lying.body is None:
        return Judged(lying, lying.fault or Unreadable("unreadable"))
    subject: Json = {"identifier": {"system": sending.system, "value": lying.name.patient}}
    if person is not None:
        subject = {"reference": f"Patient/{person}"} | subject
    return Judged(lying, reading.read(lying.body, lying.name, subject, sending.system))


async def _met(sending: Sending, patient: str, judged: Sequence[Judged]) -> UUID | None:
    """Whom the basic data of a number that names nobody describes beyond doubt: linked then, and
    known to the patient's next files."""
    async with unit_of_work(sending.actor) as tx:
        facility_id = sending.facility.facility_id
        linked = await record_queries.participant_of_local_id(tx, facility_id, patient)
    if linked is not None:
        return linked
    for each in judged:
        for item in each.read.items if isinstance(each.read, Read) else ():
            if item.resource["resourceType"] == "Patient":
                number = Identifier(sending.system, patient)
                described = demographics_of(item.resource)
                return await matching.meet(sending.actor, sending.facility, [number], described)
    return None


def _refused(judged: Judged, reason: str) -> Judged:
    """A file's own fault is said first; but of whom nothing is taken, nothing is kept."""
    if isinstance(judged.read, Unreadable) and reason != NOT_TAKEN:
        return judged
    return judged._replace(read=Unreadable(reason))


async def _of_the_same_birth(
    tx: Transaction, sending: Sending, patient: str, judged: Sequence[Judged]
) -> list[Judged]:
    """A number that was linked to somebody born on another day is linked to somebody else, unless
    that was known when it was linked."""
    said = (each.read.birth_on for each in judged if isinstance(each.read, Read))
    births = {birth_on for birth_on in said if birth_on is not None}
    person = await record_queries.person(tx) if births else None
    if person is None:
        return list(judged)
    number = Identifier(sending.system, patient)
    others = {
        birth_on
        for birth_on in births - {person["birth_on"]}
        if not await matching.weighed_in(tx, [number], [birth_on])
    }
    return [
        each._replace(read=Unreadable(OTHER_BIRTH))
        if isinstance(each.read, Read) and each.read.birth_on in others
        else each
        for each in judged
    ]


async def _note(
    tx: Transaction,
    sending: Sending,
    patient: str,
    settled: Settled,
    written: int,
    *,
    opens_case: bool,
) -> None:
    if written or settled.aside:
        submission_id = uuid7()
        await sending_queries.add_submission(
            tx, submission_id, f"ssmix2/{patient}", stored=written, quarantined=len(settled.aside)
        )
        if settled.aside:
            await queries.set_aside(tx, submission_id, settled.aside)
        if settled.case_reason and opens_case:
            why = f"record.storage.reason.{settled.case_reason}"
            count = len(settled.aside)
            params = case_params(sending.facility, why, count, [patient], submission_id)
            due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
            await sending_queries.open_quarantine_case(tx, params, due_on)
    if settled.files:
        await queries.put_files(tx, settled.files)
