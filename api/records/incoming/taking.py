"""Taking in one body: read, matched to one participant, and stored whole or not at all."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import asyncpg

from api.access_log.events import EventName
from api.core.actor import ActorKind
from api.core.database import unit_of_work
from api.records.errors import NotStored
from api.records.incoming import answers, arriving
from api.records.incoming.conditions import UNCONDITIONAL
from api.records.incoming.plan import plan, plan_built
from api.records.incoming.planned import Plan, PlannedItem
from api.records.incoming.quarantine import keep
from api.records.incoming.sending import (
    MY_NUMBER,
    UNKNOWN,
    Asked,
    Sending,
    Stored,
    StoredRecord,
    acting_facility_in,
    check_actor,
)
from api.records.incoming.whom import hold_still, meet_strangers, subject_in, subject_path
from api.records.incoming.writing import log, write
from api.records.parse import Fault, Json, Refused, decode

# Larger bodies are read beside the loop: 10 MB takes a second, and others are served meanwhile.
AT_ONCE: Final = 128 * 1024
# Of those above this size four are held read at a time; the others wait as the bytes they came in,
# which are a tenth as large.
SMALL: Final = 16 * 1024
_large: Final = asyncio.Semaphore(4)


async def store_body(sending: Sending, body: bytes) -> Stored:
    """Raises `KeyReused` for a key that was used for something else."""
    check_actor(sending.actor)
    earlier = await answers.earlier(sending)
    if earlier is not None:
        return earlier
    if len(body) <= SMALL:
        return await _store_planned(sending, body, *_planned(body, sending.asked))
    async with _large:
        if len(body) <= AT_ONCE:
            planned, count = _planned(body, sending.asked)
        else:
            planned, count = await asyncio.to_thread(_planned, body, sending.asked)
        return await _store_planned(sending, body, planned, count)


async def _store_planned(sending: Sending, body: bytes, planned: Plan, count: int) -> Stored:
    if planned.kind == "batch":
        stored = await _store_batch(sending, planned, count)
        return await answers.keep(sending, stored)
    records = await arriving.new_records(sending, planned, len(body))
    if records is not None:
        return _stored(planned, records, count)
    try:
        return await _store_or_keep(sending, planned, body, count)
    except asyncpg.UniqueViolationError:
        # The same request twice at once: what the other was answered is the answer.
        answered = await answers.earlier(sending)
        if answered is None:
            raise
        return answered


async def store_built(sending: Sending, resources: Sequence[Json]) -> Stored:
    check_actor(sending.actor, ActorKind.PROFESSIONAL, ActorKind.FACILITY_ADMIN)
    planned = plan_built(resources, sending.subject)
    if planned.faults:
        raise NotStored(planned.faults)
    return await _store_items(sending, planned, len(resources))


def _planned(body: bytes, asked: Asked) -> tuple[Plan, int]:
    try:
        resource = decode(body)
    except Refused as refused:
        raise NotStored([refused.fault]) from None
    name, is_named = resource["resourceType"], asked.resource_type is not None
    if is_named and name != asked.resource_type:
        raise NotStored([Fault("type_mismatch", "Resource.resourceType")])
    planned = plan(resource, resource_id=asked.resource_id, conditions=asked.conditions)
    if is_named and planned.kind in ("transaction", "batch"):
        raise NotStored([Fault("unsupported_bundle", "Bundle.type")])
    is_refused_whole = any(_position(fault) is None for fault in planned.faults)
    if planned.faults and (planned.is_all_or_nothing or is_refused_whole):
        raise NotStored(planned.faults)
    entries = resource.get("entry")
    return planned, len(entries) if isinstance(entries, list) else 0


async def _store_batch(sending: Sending, planned: Plan, count: int) -> Stored:
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
        alone = sending._replace(asked=_asked_by(item))
        try:
            stored = await _store_or_keep(
                alone, Plan("batch", (item,)), item.text.encode(), place + 1
            )
            entries[place] = stored.entries[place]
        except NotStored as refusal:
            entries[place] = refusal
    return Stored("batch", tuple(entries))


def _asked_by(item: PlannedItem) -> Asked:
    """An entry's request as if it had come alone."""
    if item.action == "create" and item.conditions == UNCONDITIONAL:
        return Asked()
    return Asked(item.classified.resource_type, item.resource_id, item.conditions)


async def _store_or_keep(sending: Sending, planned: Plan, body: bytes, count: int) -> Stored:
    try:
        return await _store_items(sending, planned, count)
    except NotStored as refusal:
        if refusal.faults[0].reason == UNKNOWN:
            people = dict.fromkeys(item.classified.subject for item in planned.items)
            refusal.named = tuple(each for ref in people for each in ref.identifiers)
        if refusal.faults[0].reason == UNKNOWN and not sending.is_file:
            if not await keep(sending, body, refusal.faults, named=refusal.named):
                raise NotStored([*refusal.faults, Fault(MY_NUMBER)]) from None
            refusal.is_kept = True
        raise


async def _store_items(sending: Sending, planned: Plan, count: int) -> Stored:
    """One transaction: whose it is, held still, what is new of it, the events, the answer."""
    actor = sending.actor
    await meet_strangers(sending, planned.items)
    async with unit_of_work(actor) as tx:
        facility = await acting_facility_in(tx)
        subject, is_vouched = await subject_in(tx, sending, planned.items, facility)
        held = await hold_still(tx, planned.items, facility.facility_id, is_vouched=is_vouched)
        # Whoever held them may have ended a number or become one with another meanwhile.
        if await subject_in(tx, sending, planned.items, facility) != (subject, is_vouched):
            raise NotStored([Fault(UNKNOWN, subject_path(planned.items[0]))])
        written = await write(tx, sending, subject, planned, held.settings.directive)
        if written.new:
            await log(tx, actor, facility, EventName.RECORD_STORED, written.new)
        if written.withdrawn:
            await log(tx, actor, facility, EventName.RECORD_WITHDRAWN, written.withdrawn)
        stored = _stored(planned, written.records, count)
        await answers.keep_in(tx, sending, stored, subject)
    arriving.remember(facility, planned.items, subject, held)
    return stored


def _stored(planned: Plan, records: Sequence[StoredRecord], count: int) -> Stored:
    if planned.items[0].position is None:
        return Stored(planned.kind, tuple(records))
    entries: list[StoredRecord | NotStored | None] = [None] * count
    for item, record in zip(planned.items, records, strict=True):
        entries[item.position or 0] = record
    return Stored(planned.kind, tuple(entries))


def _position(fault: Fault) -> int | None:
    """The entry a fault is about; None when it is about the whole Bundle."""
    found = re.match(r"Bundle\.entry\[(\d+)\]", fault.path)
    return int(found[1]) if found else None
