"""Records coming in: read, matched to one participant, and stored whole or not at all."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.core import clock, runtime
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import Conflict, Forbidden, NotFound
from api.core.ids import uuid7
from api.core.settings import SettingFault
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.fhir import codes
from api.records import queries
from api.records.errors import NotStored
from api.records.incoming import queries as ingest_queries
from api.records.incoming import versions
from api.records.incoming.plan import Kind, Plan, PlannedItem, plan, with_references
from api.records.incoming.versions import Change, Key, Version
from api.records.mapping import HIDDEN_MARKS, SubjectRef
from api.records.parse import MAX_BYTES, Fault, Json, Refused, decode
from api.records.shapes import SHAPES

CASE_DAYS: Final = 3
# A facility learns no more than this of a person it may not send records of.
NOT_TAKEN: Final = "not_taken"
UNKNOWN: Final = "unknown_subject"


class StoredRecord(NamedTuple):
    """`resource_id` is the id in its URL: a Patient has the participant's."""

    resource_type: str
    resource_id: UUID
    version: Version
    change: Change


class Stored(NamedTuple):
    """One entry per entry sent; None lives on inside the records that refer to it.

    Only a batch has refused entries among stored ones.
    """

    kind: Kind
    entries: tuple[StoredRecord | NotStored | None, ...]


class FileOutcome(NamedTuple):
    """`records` were stored by this run. A refused file is kept nowhere but where it lies."""

    name: str
    state: Literal["stored", "unchanged", "quarantined", "refused"]
    records: int
    faults: tuple[Fault, ...]


Report = tuple[FileOutcome, ...]


class _Sending(NamedTuple):
    """`subjects` says whom a name stands for, on the operator's word."""

    actor: Actor
    name: str
    subjects: Mapping[str, UUID] = {}
    is_file: bool = False


async def store(actor: Actor, body: bytes, *, resource_type: str | None = None) -> Stored:
    """Takes in one body in the name of the acting facility: one transaction, all or nothing.

    `resource_type` is what the sender's URL names. In a batch every entry is a transaction of its
    own. Raises `NotStored` with every fault; a submission about somebody unknown is quarantined.
    """
    name = f"POST /fhir/R4/{resource_type}" if resource_type else "POST /fhir/R4"
    return await _store(_Sending(actor, name), body, resource_type)


async def ingest_folder(
    actor: Actor,
    folder: Path,
    subjects: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Takes in every file below `folder`, each a transaction of its own; safe to run again.

    `subjects` maps a reference or identifier in the files to a card number. `progress` is told
    (done, total) after each file. Raises `SettingFault` before anything is read when the folder
    or a card is not there.
    """
    _check_actor(actor)
    paths = await asyncio.to_thread(_files, folder)
    people = await _people(actor, subjects)
    outcomes = []
    for path in paths:
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        outcomes.append(await _ingest_file(_Sending(actor, name, people, is_file=True), path))
        progress(len(outcomes), len(paths))
    return tuple(outcomes)


async def link_local_id(actor: Actor, participant_id: UUID, local_id: str) -> None:
    """From now on the acting facility's patient number `local_id` means this participant.

    Raises `Conflict` when the number already means somebody else.
    """
    try:
        async with unit_of_work(actor, subject=participant_id) as tx:
            await ingest_queries.link_local_id(tx, local_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict from error


async def _store(sending: _Sending, body: bytes, resource_type: str | None = None) -> Stored:
    _check_actor(sending.actor)
    # Reading and planning 10 MB takes a second; others are served meanwhile.
    planned, count = await asyncio.to_thread(_planned, body, resource_type)
    if planned.kind == "batch":
        return await _store_batch(sending, planned, count)
    records = await _store_or_keep(sending, planned.items, body, planned.kind)
    if planned.items[0].position is None:
        return Stored(planned.kind, tuple(records))
    entries: list[StoredRecord | NotStored | None] = [None] * count
    for item, record in zip(planned.items, records, strict=True):
        entries[item.position or 0] = record
    return Stored(planned.kind, tuple(entries))


def _check_actor(actor: Actor) -> None:
    """Source is always the acting facility: nobody writes in another's name."""
    is_sender = actor.kind in (ActorKind.SYSTEM, ActorKind.OPERATOR) or actor.professional_id
    if not is_sender or actor.facility_id is None:
        raise NotFound


def _planned(body: bytes, resource_type: str | None) -> tuple[Plan, int]:
    try:
        resource = decode(body)
    except Refused as refused:
        raise NotStored([refused.fault]) from None
    name = resource["resourceType"]
    if resource_type is not None and name != resource_type:
        raise NotStored([Fault("type_mismatch", "Resource.resourceType")])
    planned = plan(resource)
    if resource_type is not None and planned.kind in ("transaction", "batch"):
        raise NotStored([Fault("unsupported_bundle", "Bundle.type")])
    is_refused_whole = any(_position(fault) is None for fault in planned.faults)
    if planned.faults and (planned.is_all_or_nothing or is_refused_whole):
        raise NotStored(planned.faults)
    entries = resource.get("entry")
    return planned, len(entries) if isinstance(entries, list) else 0


async def _store_batch(sending: _Sending, planned: Plan, count: int) -> Stored:
    faults: dict[int | None, list[Fault]] = {}
    for fault in planned.faults:
        faults.setdefault(_position(fault), []).append(fault)
    entries: list[StoredRecord | NotStored | None] = [None] * count
    for place, found in faults.items():
        entries[place or 0] = NotStored(found)
    for item in planned.items:
        place = item.position or 0
        if entries[place] is not None:
            continue
        try:
            stored = await _store_or_keep(sending, (item,), item.text.encode(), "batch")
            entries[place] = stored[0]
        except NotStored as refusal:
            entries[place] = refusal
    return Stored("batch", tuple(entries))


async def _store_or_keep(
    sending: _Sending, items: Sequence[PlannedItem], body: bytes, kind: Kind
) -> list[StoredRecord]:
    try:
        return await _store_items(sending, items, kind)
    except NotStored as refusal:
        if refusal.faults[0].reason == UNKNOWN and not sending.is_file:
            await _keep(sending, body, refusal.faults)
            refusal.is_kept = True
        raise


async def _store_items(
    sending: _Sending, items: Sequence[PlannedItem], kind: Kind
) -> list[StoredRecord]:
    actor = sending.actor
    facility = await _acting_facility(actor)
    subject, is_vouched = await _subject(sending, items, facility)
    async with unit_of_work(actor, subject=subject) as tx:
        incoming_level = await _check_subject(tx, items, is_vouched=is_vouched)
        written = await _write(tx, sending, subject, items, kind, incoming_level)
        new = [
            (item, record.version.record_id)
            for item, record in zip(items, written, strict=True)
            if record.change != "unchanged"
        ]
        if new:
            await ingest_queries.add_submission(
                tx, uuid7(), sending.name, stored=len(new), quarantined=0
            )
            await _log(tx, actor, facility, new)
    return written


async def _acting_facility(actor: Actor) -> FacilityLine:
    async with unit_of_work(actor) as tx:
        found = await directory.facilities_in(tx, [actor.facility_id or UUID(int=0)])
    if not found or not found[0].is_active:
        raise Forbidden
    return found[0]


async def _subject(
    sending: _Sending, items: Sequence[PlannedItem], facility: FacilityLine
) -> tuple[UUID, bool]:
    """The one participant all items are about, and whether the operator named them.

    Raises `NotStored`; unknown people and names that contradict each other answer alike.
    """
    known: dict[SubjectRef, UUID | None] = {}
    for item in items:
        ref = item.classified.subject
        if ref not in known:
            known[ref] = await _whose(sending, ref, facility)
    lost = [item for item in items if known[item.classified.subject] is None]
    if lost:
        raise NotStored(Fault(UNKNOWN, _subject_path(item)) for item in lost)
    people = {person for person in known.values() if person is not None}
    if len(people) > 1:
        raise NotStored([Fault("mixed_subjects", "Bundle.entry")])
    is_vouched = all(_vouched(sending, ref) for ref in known)
    return people.pop(), is_vouched


async def _whose(sending: _Sending, ref: SubjectRef, facility: FacilityLine) -> UUID | None:
    """Whom these names lead to: nobody, unless all that lead to someone lead to the same.

    Another facility's patient numbers lead nowhere: only their own facility may use them.
    """
    found = _vouched(sending, ref)
    own_numbers = codes.patient_in_facility(facility.code)
    async with unit_of_work(sending.actor) as tx:
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
        async with unit_of_work(sending.actor, subject=literal) as tx:
            if await queries.person(tx) is not None:
                found.add(literal)
    return found.pop() if len(found) == 1 else None


def _vouched(sending: _Sending, ref: SubjectRef) -> set[UUID]:
    names = (*ref.names(), *ref.short_names()) if sending.subjects else ()
    return {sending.subjects[name] for name in names if name in sending.subjects}


def _our_patient(reference: str) -> UUID | None:
    """The id in `Patient/<id>`, relative or under our own address."""
    relative = reference.removeprefix(f"{runtime.settings().public_url}/fhir/R4/")
    try:
        return UUID(relative.removeprefix("Patient/")) if relative.startswith("Patient/") else None
    except ValueError:
        return None


async def _check_subject(tx: Transaction, items: Sequence[PlannedItem], *, is_vouched: bool) -> int:
    """Holds the participant still until the transaction ends; raises `NotStored`.

    Answers the least sensitivity they chose for records new to them.

    Participation governs reading, not arriving: records come in for those who have not answered
    yet and from facilities that may not read, so that nothing is missing on the day they join.
    Whoever refused or left is kept out altogether.
    """
    state = await stored.locked_settings_in(tx)
    if state is None:
        raise NotStored([Fault(UNKNOWN, _subject_path(items[0]))])
    if state.participation.state in ("refused", "withdrawn"):
        raise NotStored([Fault(NOT_TAKEN, _subject_path(items[0]))])
    births = {item.classified.subject.birth_on for item in items} - {None}
    if births and not is_vouched:
        person = await queries.person(tx)
        if person is None or births != {person["birth_on"]}:
            raise NotStored([Fault(UNKNOWN, _subject_path(items[0]))])
    return state.directive.incoming_level


async def _write(
    tx: Transaction,
    sending: _Sending,
    subject: UUID,
    items: Sequence[PlannedItem],
    kind: Kind,
    incoming_level: int,
) -> list[StoredRecord]:
    """Adds a version of each record whose content is new. The subject's lock orders senders.

    A new record is at least of `incoming_level`; a newer version never less than the one before.
    """
    keys = [versions.key_of(item) for item in items]
    current, by_id = await _held(tx, items, keys)
    earlier = await _earlier(tx, current) if sending.is_file else {}
    keys = [_named_by_id(item, by_id) or key for item, key in zip(items, keys, strict=True)]
    ids = {key: current[key].record_id if key in current else uuid7() for key in keys}
    shown = [subject if key.resource_type == "Patient" else ids[key] for key in keys]
    targets = [f"{key.resource_type}/{each}" for key, each in zip(keys, shown, strict=True)]
    renamed = versions.references(items, targets) if kind != "document" else {}
    now, today = clock.now(), clock.today_in_japan()
    written: list[StoredRecord] = []
    rows: list[ingest_queries.Row] = []
    for item, key, resource_id in zip(items, keys, shown, strict=True):
        resource: Json = item.resource
        if item.position is not None:
            resource = with_references(resource, renamed)
        before, content = current.get(key), versions.content(resource)
        if before is not None:
            same = {versions.content_of_body(before.body)} | earlier.get(before.record_id, set())
            if content in same:
                written.append(StoredRecord(key.resource_type, resource_id, before, "unchanged"))
                continue
        number = before.number + 1 if before else 1
        text = versions.body(resource, resource_id, number, now)
        what = item.classified
        sensitivity = max(what.sensitivity, before.sensitivity if before else incoming_level)
        version = Version(ids[key], number, now, key, text, sensitivity)
        current[key] = version
        rows.append(
            ingest_queries.Row(
                record_id=version.record_id,
                version=number,
                is_current=True,
                resource_type=what.resource_type,
                category=what.category,
                sensitivity=sensitivity,
                effective_on=what.effective_on or today,
                effective_at=what.effective_at,
                recorded_at=now,
                marks=sorted(what.marks),
                identifier_system=key.system,
                identifier_value=key.value,
                title=what.title,
                body=text,
            )
        )
        change: Change = "updated" if before else "created"
        written.append(StoredRecord(key.resource_type, resource_id, version, change))
    newest = {row.record_id: row.version for row in rows}
    await ingest_queries.supersede(tx, list(newest))
    await ingest_queries.add(
        tx, [row._replace(is_current=newest[row.record_id] == row.version) for row in rows]
    )
    return written


async def _held(
    tx: Transaction, items: Sequence[PlannedItem], keys: Sequence[Key]
) -> tuple[dict[Key, Version], dict[UUID, Key]]:
    asked = [found for item in items if (found := _uuid(item.resource_id)) is not None]
    current: dict[Key, Version] = {}
    by_id: dict[UUID, Key] = {}
    for row in await ingest_queries.held(tx, keys, asked):
        key = Key(row["resource_type"], row["identifier_system"], row["identifier_value"])
        current[key] = Version(
            row["record_id"],
            row["version"],
            row["recorded_at"],
            key,
            row["body"],
            row["sensitivity"],
        )
        by_id[row["record_id"]] = key
    return current, by_id


async def _earlier(tx: Transaction, current: Mapping[Key, Version]) -> dict[UUID, set[str]]:
    """What superseded versions held: a folder read again brings nothing back."""
    known: dict[UUID, set[str]] = {}
    ids = [version.record_id for version in current.values()]
    for row in await ingest_queries.earlier_bodies(tx, ids):
        known.setdefault(row["record_id"], set()).add(versions.content_of_body(row["body"]))
    return known


def _named_by_id(item: PlannedItem, by_id: Mapping[UUID, Key]) -> Key | None:
    """A PUT to an id we gave means that record, whatever else the body says."""
    found = _uuid(item.resource_id)
    key = by_id.get(found) if found is not None else None
    return key if key and key.resource_type == item.classified.resource_type else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def _log(
    tx: Transaction,
    actor: Actor,
    facility: FacilityLine,
    new: Sequence[tuple[PlannedItem, UUID]],
) -> None:
    """Tells the participant what came in, as part of the deed; untold records stay untold.

    A sending of untold records alone is an event of the network's own log: a line that says
    nothing would tell that there is something.
    """
    told = [each for each in new if not each[0].classified.marks & HIDDEN_MARKS]
    hidden = _lines(each for each in new if each[0].classified.marks & HIDDEN_MARKS)
    if not told:
        await access_log.append_system(
            tx, EventName.RECORD_STORED, outcome="permitted", detail=hidden
        )
        return
    sender = {
        "name": actor.name,
        "profession": actor.profession,
        "facility": {"ja": facility.name, "en": facility.name_en},
        "client": actor.client_id,
    }
    await access_log.append(
        tx,
        EventName.RECORD_STORED,
        detail={"actor": sender, **_lines(told)},
        undisclosed=hidden,
    )


def _lines(stored: Iterable[tuple[PlannedItem, UUID]]) -> dict[str, Any]:
    items = list(stored)
    counts = Counter((i.classified.resource_type, i.classified.category) for i, _ in items)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": lines, "ids": [record_id for _, record_id in items]}


async def _keep(sending: _Sending, body: bytes, faults: Sequence[Fault]) -> None:
    """Puts a refused body aside, once; somebody unknown is a case for the support centre."""
    facility = await _acting_facility(sending.actor)
    async with unit_of_work(sending.actor) as tx:
        if await ingest_queries.is_in_quarantine(tx, sending.name, body):
            return
        submission_id = uuid7()
        detail = [{"reason": f.reason, "path": f.path, "params": f.params} for f in faults]
        await ingest_queries.add_submission(
            tx, submission_id, sending.name, stored=0, quarantined=1
        )
        await ingest_queries.quarantine(
            tx,
            submission_id,
            sending.name,
            faults[0].reason,
            msgspec.json.encode(detail).decode(),
            body,
        )
        if any(fault.reason == UNKNOWN for fault in faults):
            params = {"facility": facility.name, "submission": str(submission_id)}
            due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
            await ingest_queries.open_case(tx, msgspec.json.encode(params).decode(), due_on)


async def _ingest_file(sending: _Sending, path: Path) -> FileOutcome:
    body = await asyncio.to_thread(_read, path)
    if isinstance(body, Fault):
        return FileOutcome(sending.name, "refused", 0, (body,))
    faults: tuple[Fault, ...] = ()
    records = 0
    try:
        stored = await _store(sending, body)
    except NotStored as refusal:
        faults = refusal.faults
    else:
        for entry in stored.entries:
            if isinstance(entry, NotStored):
                faults += entry.faults
            elif entry is not None:
                records += entry.change != "unchanged"
    if not faults:
        return FileOutcome(sending.name, "stored" if records else "unchanged", records, ())
    if any(fault.reason == NOT_TAKEN for fault in faults):
        return FileOutcome(sending.name, "refused", records, faults)
    await _keep(sending, body, faults)
    return FileOutcome(sending.name, "quarantined", records, faults)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SettingFault(f"There is no folder {folder}. Nothing was stored.")
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _read(path: Path) -> bytes | Fault:
    try:
        if not path.is_file():
            return Fault("unreadable")
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError:
        return Fault("unreadable")
    if len(body) > MAX_BYTES:
        return Fault("too_large", params={"limit": str(MAX_BYTES // (1024 * 1024))})
    return body


async def _people(actor: Actor, subjects: Mapping[str, str]) -> dict[str, UUID]:
    people = {}
    async with unit_of_work(actor) as tx:
        for name, card in subjects.items():
            digits = card.replace("-", "").replace(" ", "")
            person = await queries.participant_of_card(tx, digits)
            if person is None:
                raise SettingFault(f"No active card has the number given for {name}.")
            people[name] = person
    return people


def _position(fault: Fault) -> int | None:
    """The entry a fault is about; None when it is about the whole Bundle."""
    found = re.match(r"Bundle\.entry\[(\d+)\]", fault.path)
    return int(found[1]) if found else None


def _subject_path(item: PlannedItem) -> str:
    name = item.classified.resource_type
    element = SHAPES[name].subject if name in SHAPES else ""
    if name == "Bundle":
        return "Bundle.entry[0].resource.subject"
    where = name if item.position is None else f"Bundle.entry[{item.position}].resource"
    return f"{where}.{element}" if element else where
