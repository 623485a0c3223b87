"""One patient's new files settled in one transaction: stored, withdrawn, or put aside."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.ids import uuid7
from api.directory.service import FacilityLine
from api.records import queries as record_queries
from api.records.parse import Json
from api.records.ssmix2 import path, queries, reading
from api.records.ssmix2.accounting import Outcome, State
from api.records.ssmix2.folder import Found
from api.records.ssmix2.lifecycle import Offered, Standing, effective_flag, next_step
from api.records.ssmix2.lying import KnownRow, Lying, names_of
from api.records.ssmix2.path import LIVE, OrderKey
from api.records.ssmix2.queries import FileRow, OrderRow
from api.records.ssmix2.reading import Left, Read, Unreadable
from api.records.ssmix2.shelf import PATIENT_KEY, Shelf

CASE_DAYS: Final = 3
UNKNOWN: Final = "unknown_subject"
OTHER_BIRTH: Final = "other_birth_date"
NOT_TAKEN: Final = "not_taken"
# Answered anew at each run: it may have been put right elsewhere than in the file.
_WAITING: Final = frozenset({UNKNOWN, OTHER_BIRTH})
# Kept nowhere but where it lies.
_NOT_KEPT: Final = frozenset({"unreadable", "too_large", NOT_TAKEN})


class Sending(NamedTuple):
    """In whose name and from where. `system` is that of the facility's patient numbers."""

    actor: Actor
    facility: FacilityLine
    system: str
    root: Path
    only_linked: bool


class _Judged(NamedTuple):
    lying: Lying
    read: Read | Unreadable


class _Settled:
    """What a transaction leaves behind, besides records."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.files: list[FileRow] = []
        self.aside: list[tuple[UUID, str, str, str, bytes]] = []
        self.opens_case = False


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
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
        keys = {each.name.key for each in chunk}
        if len(keys) == 1:
            refused = [each._replace(fault=Unreadable("not_storable")) for each in chunk]
            return await _settle(sending, patient, person, refused, opens_case=opens_case)
    outcomes: list[Outcome] = []
    for key in keys:
        one = [each for each in chunk if each.name.key == key]
        outcomes += await settle(sending, patient, person, one, opens_case=opens_case)
    return outcomes


async def deliver(sending: Sending, patient: str, person: UUID, rows: Sequence[KnownRow]) -> int:
    """What waited in the quarantine and lies in no folder any more; how many were delivered."""
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
        return 0
    outcomes = await settle(sending, patient, person, chunk, opens_case=False)
    return sum(outcome.state not in ("quarantined", "refused") for outcome in outcomes)


async def _settle(
    sending: Sending,
    patient: str,
    person: UUID | None,
    chunk: Sequence[Lying],
    *,
    opens_case: bool,
) -> list[Outcome]:
    judged = await asyncio.to_thread(_judged, sending, chunk, person)
    settled = _Settled()
    async with unit_of_work(sending.actor, subject=person) as tx:
        if person is None:
            refusal = UNKNOWN
        else:
            state = await stored.locked_settings_in(tx)
            refusal = UNKNOWN if state is None else ""
            if state is not None and not _is_taken(state):
                refusal = NOT_TAKEN
        if refusal:
            judged = [_refused(each, refusal) for each in judged]
        elif state is not None and person is not None:
            judged = await _of_the_same_birth(tx, judged)
        good = [each for each in judged if isinstance(each.read, Read)]
        written = 0
        if good and person is not None and state is not None:
            shelf = Shelf(person, state.directive.incoming_level, clock.now())
            await _apply(tx, sending, patient, shelf, good, settled)
            await shelf.write_in(tx)
            await shelf.log_in(tx, sending.actor, sending.facility)
            written = shelf.written
        for each in judged:
            if isinstance(each.read, Unreadable):
                _put_aside(sending, patient, each, each.read, settled)
        await _note(tx, sending, patient, settled, written, opens_case=opens_case)
    return settled.outcomes


def _judged(sending: Sending, chunk: Sequence[Lying], person: UUID | None) -> list[_Judged]:
    return [_judge(sending, each, person) for each in chunk]


def _judge(sending: Sending, lying: Lying, person: UUID | None) -> _Judged:
    if lying.fault is not None or lying.body is None:
        return _Judged(lying, lying.fault or Unreadable("unreadable"))
    subject: Json = {"identifier": {"system": sending.system, "value": lying.name.patient}}
    if person is not None:
        subject = {"reference": f"Patient/{person}"} | subject
    return _Judged(lying, reading.read(lying.body, lying.name, subject, sending.system))


def _is_taken(settings: stored.Settings) -> bool:
    return settings.participation.state not in ("refused", "withdrawn")


def _refused(judged: _Judged, reason: str) -> _Judged:
    """A file's own fault is said first; but of whom nothing is taken, nothing is kept."""
    if isinstance(judged.read, Unreadable) and reason != NOT_TAKEN:
        return judged
    return judged._replace(read=Unreadable(reason))


async def _of_the_same_birth(tx: Transaction, judged: Sequence[_Judged]) -> list[_Judged]:
    """A number that was linked to somebody born on another day is linked to somebody else."""
    births = {each.read.birth_on for each in judged if isinstance(each.read, Read)} - {None}
    if not births:
        return list(judged)
    person = await record_queries.person(tx)
    own = person["birth_on"] if person is not None else None
    return [
        each._replace(read=Unreadable(OTHER_BIRTH))
        if isinstance(each.read, Read) and each.read.birth_on not in (None, own)
        else each
        for each in judged
    ]


async def _apply(
    tx: Transaction,
    sending: Sending,
    patient: str,
    shelf: Shelf,
    good: Sequence[_Judged],
    settled: _Settled,
) -> None:
    by_key: dict[OrderKey, list[_Judged]] = {}
    for each in good:
        by_key.setdefault(each.lying.name.key, []).append(each)
    standing = {
        OrderKey(row["on_date"], row["type"], row["order_number"]): row
        for row in await queries.orders(tx, patient, list(by_key))
    }
    held = {
        key: dict(zip(row["parts"], row["record_ids"], strict=True))
        for key, row in standing.items()
    }
    held |= await _by_name(tx, sending, patient, [key for key in by_key if key not in standing])
    ids = [record_id for parts in held.values() for record_id in parts.values()]
    if any(key.type == "ADT-00" for key in by_key):
        shelf.patient = await queries.standing_patient(tx, PATIENT_KEY)
        ids += [shelf.patient] if shelf.patient else []
    if ids:
        shelf.hold(await queries.newest_versions(tx, ids))
    orders = []
    for key, several in by_key.items():
        row, parts = standing.get(key), held.get(key, {})
        order = _apply_order(sending, patient, key, row, parts, several, shelf, settled)
        if order is not None:
            orders.append(order)
    if orders:
        await queries.put_orders(tx, orders)


async def _by_name(
    tx: Transaction, sending: Sending, patient: str, keys: Sequence[OrderKey]
) -> dict[OrderKey, dict[str, UUID]]:
    """What stands of orders our books of this participant do not hold."""
    if not keys:
        return {}
    named = {reading.order_name(patient, key): key for key in keys}
    found: dict[OrderKey, dict[str, UUID]] = {}
    system = reading.order_system(sending.system)
    for row in await queries.standing_under(tx, system, list(named)):
        *order, part = row["identifier_value"].split("/", 4)
        found.setdefault(named["/".join(order)], {})[part] = row["record_id"]
    return found


def _apply_order(
    sending: Sending,
    patient: str,
    key: OrderKey,
    row: asyncpg.Record | None,
    ids: dict[str, UUID],
    several: Sequence[_Judged],
    shelf: Shelf,
    settled: _Settled,
) -> OrderRow | None:
    offered = [
        Offered(each.lying.name.stamp, _flag(each), each.lying.digest, place)
        for place, each in enumerate(several)
    ]
    before = Standing(row["stamp"], row["flag"], row["digest"]) if row is not None else None
    step = next_step(before, offered)
    written = {place: 0 for place in range(len(several))}
    if step.deed == "show" and step.newest is not None:
        for version in (*step.history, step.newest):
            read = several[version.place].read
            if not isinstance(read, Read):
                continue
            is_newest = version is step.newest
            count = shelf.written
            named = {item.name for item in read.items}
            if is_newest:
                for name, record_id in ids.items():
                    if name not in named:
                        shelf.take_back(record_id)
            for item in read.items:
                identifier = reading.identifier(
                    several[version.place].lying.name, item.name, sending.system
                )
                ids[item.name] = shelf.put(ids.get(item.name), item, identifier, is_shown=is_newest)
            written[version.place] = shelf.written - count
    elif step.deed == "withdraw":
        for record_id in ids.values():
            shelf.take_back(record_id)
    for place, each in enumerate(several):
        _say(
            patient,
            each,
            _state(each, step.deed, place, step.newest, before),
            written[place],
            settled,
        )
    if step.deed == "nothing" or step.newest is None:
        return None
    newest = step.newest
    return OrderRow(
        patient, *key, newest.stamp, newest.flag, newest.digest, list(ids), list(ids.values())
    )


def _flag(judged: _Judged) -> str:
    is_withdrawn = isinstance(judged.read, Read) and judged.read.is_withdrawn
    return path.DELETED if is_withdrawn else judged.lying.name.flag


def _state(
    judged: _Judged, deed: str, place: int, newest: Offered | None, before: Standing | None
) -> State:
    flag = _flag(judged)
    if flag == path.DELETED:
        return "deleted"
    is_newest = newest is not None and newest.place == place
    stands = before is not None and (judged.lying.name.stamp, flag, judged.lying.digest) == before
    if flag == LIVE and ((deed == "show" and is_newest) or (deed == "nothing" and stands)):
        is_text = isinstance(judged.read, Read) and judged.read.is_text
        return "text" if is_text else "stored"
    return "superseded"


def _say(patient: str, judged: _Judged, state: State, written: int, settled: _Settled) -> None:
    lying = judged.lying
    left = judged.read.left if isinstance(judged.read, Read) else Left()
    settled.files.append(_file_row(patient, lying, state, left))
    shown: State = "unchanged" if state in ("stored", "text") and not written else state
    settled.outcomes.append(
        Outcome(lying.found.relative, shown, records=written, remains=names_of(left))
    )
    settled.outcomes += (Outcome(each.relative, "superseded") for each in lying.copies)


def _file_row(patient: str, lying: Lying, state: str, left: Left) -> FileRow:
    remains = msgspec.json.encode(left).decode() if left else None
    return FileRow(
        patient,
        lying.stem,
        lying.flags,
        lying.found.size,
        lying.found.modified_ns,
        lying.digest,
        state,
        remains=remains,
        quarantine_id=lying.known["quarantine_id"] if lying.known is not None else None,
    )


def _put_aside(
    sending: Sending, patient: str, judged: _Judged, fault: Unreadable, settled: _Settled
) -> None:
    lying, known = judged.lying, judged.lying.known
    relative = lying.found.relative
    copies = [Outcome(each.relative, "superseded") for each in lying.copies]
    if fault.reason in _NOT_KEPT:
        settled.outcomes += [Outcome(relative, "refused", fault.reason), *copies]
        return
    settled.outcomes += [Outcome(relative, "quarantined", fault.reason, fault.detail), *copies]
    state = "waiting" if fault.reason in _WAITING else "quarantined"
    quarantine_id = known["quarantine_id"] if known is not None else None
    is_kept = known is not None and (known["digest"], known["reason"]) == (
        lying.digest,
        fault.reason,
    )
    if quarantine_id is None or not is_kept:
        quarantine_id = uuid7()
        detail = [{"reason": fault.reason, "path": "", "params": {"detail": fault.detail}}]
        settled.aside.append(
            (
                quarantine_id,
                relative,
                fault.reason,
                msgspec.json.encode(detail).decode(),
                lying.body or b"",
            )
        )
        settled.opens_case = settled.opens_case or state == "waiting"
    settled.files.append(
        _file_row(patient, lying, state, Left())._replace(
            reason=fault.reason, detail=fault.detail, quarantine_id=quarantine_id
        )
    )


async def _note(
    tx: Transaction,
    sending: Sending,
    patient: str,
    settled: _Settled,
    written: int,
    *,
    opens_case: bool,
) -> None:
    if written or settled.aside:
        submission_id = uuid7()
        await queries.add_submission(
            tx, submission_id, f"ssmix2/{patient}", stored=written, quarantined=len(settled.aside)
        )
        if settled.aside:
            await queries.set_aside(tx, submission_id, settled.aside)
        if settled.opens_case and opens_case:
            params: Mapping[str, Any] = {
                "facility": sending.facility.name,
                "submission": str(submission_id),
            }
            due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
            await queries.open_case(tx, msgspec.json.encode(params).decode(), due_on)
    if settled.files:
        await queries.put_files(tx, settled.files)
