"""The versions written of what came in, and the event that tells of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.ids import uuid7
from api.directory.service import FacilityLine
from api.records.incoming import queries, versions
from api.records.incoming.plan import Kind, PlannedItem, with_references
from api.records.incoming.sending import Sending, StoredRecord
from api.records.incoming.versions import Change, Key, Version
from api.records.mapping import HIDDEN_MARKS
from api.records.parse import Json


async def write(
    tx: Transaction,
    sending: Sending,
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
    rows: list[queries.Row] = []
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
            queries.Row(
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
    await queries.supersede(tx, list(newest))
    await queries.add(
        tx, [row._replace(is_current=newest[row.record_id] == row.version) for row in rows]
    )
    return written


async def log(
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


async def _held(
    tx: Transaction, items: Sequence[PlannedItem], keys: Sequence[Key]
) -> tuple[dict[Key, Version], dict[UUID, Key]]:
    asked = [found for item in items if (found := _uuid(item.resource_id)) is not None]
    current: dict[Key, Version] = {}
    by_id: dict[UUID, Key] = {}
    for row in await queries.held(tx, keys, asked):
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
    for row in await queries.earlier_bodies(tx, ids):
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


def _lines(stored: Iterable[tuple[PlannedItem, UUID]]) -> dict[str, Any]:
    items = list(stored)
    counts = Counter((i.classified.resource_type, i.classified.category) for i, _ in items)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": lines, "ids": [record_id for _, record_id in items]}
