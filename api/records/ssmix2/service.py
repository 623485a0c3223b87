"""A facility's SS-MIX2 storage coming in: every file read once, and accounted for each time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import Forbidden, NotFound
from api.directory import service as directory
from api.fhir import codes
from api.records.ssmix2 import folder as storage
from api.records.ssmix2 import lying, queries, settling
from api.records.ssmix2.accounting import Account, Outcome
from api.records.ssmix2.aside import UNKNOWN
from api.records.ssmix2.folder import Found
from api.records.ssmix2.lying import Lying
from api.records.ssmix2.sending import Sending

Progress = Callable[[int, int], None]

# Files of one transaction; a patient has seldom more that are new.
_CHUNK: Final = 200
# Patients at work together: while the database writes of one, another's files are read.
_AT_ONCE: Final = 3
# Files whose rows are asked for together.
_BLOCK: Final = 400


class Seen:
    """How each patient's files lay at the last look: a look at what has not changed is cheap."""

    def __init__(self) -> None:
        self._lay: dict[str, int] = {}

    def is_as_before(self, patient: str, found: Sequence[Found]) -> bool:
        lies = hash(tuple(found))
        if self._lay.get(patient) == lies:
            return True
        self._lay[patient] = lies
        return False


class Wish(NamedTuple):
    """`only_linked`: of people whose number is not linked nothing is kept. `seen`: what lies as it
    lay is passed over. `settled_before_ns`: a file changed later may still be being written, and
    waits for the next look."""

    only_linked: bool = False
    keeps_all: bool = False
    seen: Seen | None = None
    settled_before_ns: int | None = None


_PLAIN: Final = Wish()


async def take_in(
    actor: Actor,
    folder: Path,
    wish: Wish = _PLAIN,
    *,
    progress: Progress = lambda done, total: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Account:
    """Takes in what is new below `folder` in the acting facility's name, patient by patient.

    Safe to stop anywhere and to run again. `progress` is told (done, total) files. Raises
    `SettingFault` when the folder is not there, `Forbidden` for a facility that is not active.
    """
    if actor.kind is not ActorKind.OPERATOR or actor.facility_id is None:
        raise NotFound
    root = await asyncio.to_thread(storage.check, folder)
    sending = await _sending(actor, root, wish)
    account = Account(keeps_all=wish.keeps_all)
    total = await asyncio.to_thread(storage.count, root)
    done = 0
    progress(0, total)
    try:
        async for block in _blocks(root, wish):
            if is_stopped():
                break
            for outcome in await _take_in_block(sending, block, account):
                account.add(outcome)
            done += sum(len(found) for _, found in block)
            progress(min(done, total), total)
        else:
            await _deliver_the_rest(sending, account)
    finally:
        await settling.open_cases(sending)
    return account


async def _sending(actor: Actor, root: Path, wish: Wish) -> Sending:
    async with unit_of_work(actor) as tx:
        found = await directory.facilities_in(tx, [actor.facility_id or UUID(int=0)])
    if not found or not found[0].is_active:
        raise Forbidden
    system = codes.patient_in_facility(found[0].code)
    return Sending(actor, found[0], system, root, wish.only_linked, Counter())


_Block = list[tuple[str, list[Found]]]


async def _blocks(root: Path, wish: Wish) -> AsyncIterator[_Block]:
    """Patients together up to some hundred files: their rows are one question."""
    patients = storage.by_patient(root)
    while block := await asyncio.to_thread(_next_block, patients, wish):
        yield block


def _next_block(patients: Iterable[tuple[str, list[Found]]], wish: Wish) -> _Block:
    block: _Block = []
    size = 0
    for patient, found in patients:
        if wish.settled_before_ns is not None:
            found = [each for each in found if each.modified_ns <= wish.settled_before_ns]
        if not found or (wish.seen is not None and wish.seen.is_as_before(patient, found)):
            continue
        block.append((patient, found))
        size += len(found)
        if size >= _BLOCK:
            break
    return block


async def _take_in_block(sending: Sending, block: _Block, account: Account) -> list[Outcome]:
    numbers = [patient for patient, _ in block if patient]
    async with unit_of_work(sending.actor) as tx:
        rows = await queries.files(tx, numbers)
        people = await queries.people(tx, numbers)
    known: dict[str, dict[str, asyncpg.Record]] = {}
    for row in rows:
        known.setdefault(row["patient"], {})[row["stem"]] = row
    together: dict[str, list[Found]] = {}
    for patient, found in block:
        together.setdefault(patient, []).extend(found)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(patient: str, found: list[Found]) -> list[Outcome]:
        async with turn:
            rows = known.get(patient, {})
            return await _patient(sending, patient, found, rows, people.get(patient), account)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(*each)) for each in together.items()]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return [outcome for task in tasks for outcome in task.result()]


async def _patient(
    sending: Sending,
    patient: str,
    found: Sequence[Found],
    known: dict[str, asyncpg.Record],
    person: UUID | None,
    account: Account,
) -> list[Outcome]:
    sorted_out = lying.sort_out(sending.root, found, known, is_linked=person is not None)
    outcomes = sorted_out.outcomes
    if person is None and sending.only_linked:
        return outcomes + [
            Outcome(found.relative, "left_out", UNKNOWN)
            for each in sorted_out.new
            for found in (each.found, *each.copies)
        ]
    if sorted_out.new:
        was_waiting = any(row["state"] == "waiting" for row in known.values())
        read = await asyncio.to_thread(lying.read_all, sorted_out.new, sending.root)
        for chunk in _chunks(read):
            outcomes += await settling.settle(
                sending, patient, person, chunk, opens_case=not was_waiting
            )
            was_waiting = was_waiting or person is None
    if person is not None and sorted_out.gone:
        delivered = await settling.deliver(sending, patient, person, sorted_out.gone)
        account.delivered += len(delivered)
    return outcomes


def _chunks(read: Sequence[Lying]) -> list[list[Lying]]:
    """Versions of one order stay together."""
    by_key: dict[object, list[Lying]] = {}
    for each in read:
        by_key.setdefault(each.name.key, []).append(each)
    chunks: list[list[Lying]] = [[]]
    for several in by_key.values():
        if chunks[-1] and len(chunks[-1]) + len(several) > _CHUNK:
            chunks.append([])
        chunks[-1] += several
    return [chunk for chunk in chunks if chunk]


async def _deliver_the_rest(sending: Sending, account: Account) -> None:
    """What waits for people who are linked by now, and lies in no folder any more."""
    async with unit_of_work(sending.actor) as tx:
        patients = await queries.waiting_patients(tx)
        people = await queries.people(tx, patients)
        rows = await queries.files(tx, list(people)) if people else []
    waiting: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        if row["reason"] == UNKNOWN and row["quarantine_id"] is not None:
            waiting.setdefault(row["patient"], []).append(row)
    for patient, several in waiting.items():
        delivered = await settling.deliver(sending, patient, people[patient], several)
        account.delivered += len(delivered)
