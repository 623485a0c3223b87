"""Taking in one body: read, matched to one participant, and stored whole or not at all."""

import asyncio
import re
from collections.abc import Sequence

from api.core.actor import ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.records.errors import NotStored
from api.records.incoming import queries
from api.records.incoming.plan import Kind, Plan, PlannedItem, plan, plan_built
from api.records.incoming.quarantine import keep
from api.records.incoming.sending import (
    UNKNOWN,
    Sending,
    Stored,
    StoredRecord,
    acting_facility,
    check_actor,
)
from api.records.incoming.whom import hold_still, subject_of
from api.records.incoming.writing import log, write
from api.records.parse import Fault, Json, Refused, decode


async def store_body(sending: Sending, body: bytes, resource_type: str | None = None) -> Stored:
    check_actor(sending.actor)
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


async def store_built(sending: Sending, resources: Sequence[Json]) -> Stored:
    check_actor(sending.actor, ActorKind.PROFESSIONAL)
    planned = plan_built(resources, sending.subject)
    if planned.faults:
        raise NotStored(planned.faults)
    return Stored("transaction", tuple(await _store_items(sending, planned.items, "transaction")))


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
        try:
            stored = await _store_or_keep(sending, (item,), item.text.encode(), "batch")
            entries[place] = stored[0]
        except NotStored as refusal:
            entries[place] = refusal
    return Stored("batch", tuple(entries))


async def _store_or_keep(
    sending: Sending, items: Sequence[PlannedItem], body: bytes, kind: Kind
) -> list[StoredRecord]:
    try:
        return await _store_items(sending, items, kind)
    except NotStored as refusal:
        if refusal.faults[0].reason == UNKNOWN and not sending.is_file:
            await keep(sending, body, refusal.faults)
            refusal.is_kept = True
        raise


async def _store_items(
    sending: Sending, items: Sequence[PlannedItem], kind: Kind
) -> list[StoredRecord]:
    actor = sending.actor
    facility = await acting_facility(actor)
    subject, is_vouched = await subject_of(sending, items, facility)
    async with unit_of_work(actor, subject=subject) as tx:
        incoming_level = await hold_still(tx, items, is_vouched=is_vouched)
        written = await write(tx, sending, subject, items, kind, incoming_level)
        new = [
            (item, record.version.record_id)
            for item, record in zip(items, written, strict=True)
            if record.change != "unchanged"
        ]
        if new:
            await queries.add_submission(tx, uuid7(), sending.name, stored=len(new), quarantined=0)
            await log(tx, actor, facility, new)
    return written


def _position(fault: Fault) -> int | None:
    """The entry a fault is about; None when it is about the whole Bundle."""
    found = re.match(r"Bundle\.entry\[(\d+)\]", fault.path)
    return int(found[1]) if found else None
