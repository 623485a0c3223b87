"""The versions written of what came in, and the event that tells of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent.facts import SECRET, Directive
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.ids import uuid7
from api.directory.service import FacilityLine
from api.records import sending_queries
from api.records.errors import NotStored
from api.records.incoming import content, queries, versions
from api.records.incoming.planned import Plan, PlannedItem
from api.records.incoming.queries import Row
from api.records.incoming.rewriting import with_references
from api.records.incoming.sending import Sending, StoredRecord
from api.records.incoming.versions import Change, Key, Version
from api.records.mapping import HIDDEN_MARKS
from api.records.parse import Fault, Json, decode

_NAMELESS: Final = (versions.CONTENT, versions.SENDERS_ID)


class Line(NamedTuple):
    """One record of an event: what kind it is, and whether the participant is told of it."""

    record_id: UUID
    resource_type: str
    category: str
    is_told: bool


class Written(NamedTuple):
    """What became of each item, and what the events say: what is new, and what is withdrawn."""

    records: list[StoredRecord]
    new: list[Line]
    withdrawn: list[Line]


async def write(
    tx: Transaction, sending: Sending, subject: UUID, planned: Plan, directive: Directive
) -> Written:
    """Adds a version of each record whose content is new. The subject's lock orders senders.

    A new record is at least of the directive's incoming level; a newer version never less than the
    one before. A document that is unchanged leaves its parts as they are. Raises `NotStored`.
    """
    held = await Before.of(tx, sending, planned.items)
    work = Work(subject, directive, held, planned)
    work.write()
    dropped = []
    if work.document_id is not None and work.is_changed:
        # Two entries may be one record: a document may say a thing twice.
        parts = list(dict.fromkeys(record.version.record_id for record in work.records[1:]))
        if parts:
            await queries.add_parts(tx, work.document_id, parts)
        if held.current.get(work.keys[0]) is not None:
            gone = await queries.drop_parts(tx, work.document_id, parts)
            dropped = [_withdrawn(row, work.now) for row in gone]
    rows = [*work.rows, *dropped]
    if rows:
        newest = {row.record_id: row.version for row in rows}
        if any(row.version > 1 for row in rows):
            await sending_queries.withdraw(tx, list(newest))
        current = [row._replace(is_current=newest[row.record_id] == row.version) for row in rows]
        await queries.add(tx, current, uuid7(), sending.name)
    return Written(work.records, list(map(line_of, work.rows)), list(map(line_of, dropped)))


class Before:
    """What the facility has sent of this participant before, as far as this sending is about it.

    Without anything it is a first sending.
    """

    def __init__(self) -> None:
        self.current: dict[Key, Version] = {}
        self.by_id: dict[UUID, Key] = {}
        self.earlier: dict[UUID, set[str]] = {}

    @classmethod
    async def of(cls, tx: Transaction, sending: Sending, items: Sequence[PlannedItem]) -> "Before":
        found = cls()
        found._take(await queries.held(tx, [versions.key_of(item) for item in items]))
        asked = [each for item in items if (each := _uuid(item.resource_id)) is not None]
        if asked:
            found._take(await queries.held_by_id(tx, asked))
        for item in items:
            await found._seek(tx, item)
        if sending.is_file and found.current:
            for row in await queries.earlier_bodies(tx, list(found.by_id)):
                text = content.content_of_body(row["body"])
                found.earlier.setdefault(row["record_id"], set()).add(text)
        return found

    async def _seek(self, tx: Transaction, item: PlannedItem) -> None:
        """A record asked for by one of its identifiers may be known by none of them."""
        key, match = versions.key_of(item), item.conditions.match
        if match is None or key in self.current:
            return
        rows = await queries.held_nameless(
            tx, key.resource_type, _NAMELESS, match.system, match.value
        )
        if len(rows) > 1:
            raise NotStored([Fault("several_match", _path(item))])
        if rows:
            self._take(rows)
            self.current[key] = self.current[self.by_id[rows[0]["record_id"]]]

    def _take(self, rows: Iterable[asyncpg.Record]) -> None:
        for row in rows:
            key = Key(row["resource_type"], row["identifier_system"], row["identifier_value"])
            self.current[key] = Version(
                row["record_id"],
                row["version"],
                row["recorded_at"],
                key,
                row["body"],
                row["sensitivity"],
                row["document_id"],
                frozenset(row["marks"]),
            )
            self.by_id[row["record_id"]] = key

    def key_of(self, item: PlannedItem) -> Key:
        """A PUT to an id we gave means that record, whatever else the body says."""
        found = _uuid(item.resource_id)
        key = self.by_id.get(found) if found is not None else None
        if key and key.resource_type == item.classified.resource_type:
            return key
        return versions.key_of(item)

    def holds(self, version: Version, text: str) -> bool:
        """Whether it says this already; a folder read again brings nothing back."""
        if text in self.earlier.get(version.record_id, ()):
            return True
        return content.content_of_body(version.body) == text


class Work:
    """One sending while its versions are made."""

    def __init__(self, subject: UUID, directive: Directive, held: Before, planned: Plan) -> None:
        self.items = planned.items
        self.held, self.subject, self.directive = held, subject, directive
        self.now, self.today = clock.now(), clock.today_in_japan()
        self.keys = [held.key_of(item) for item in self.items]
        self.ids: dict[Key, UUID] = {}
        for key in self.keys:
            if key not in self.ids:
                self.ids[key] = held.current[key].record_id if key in held.current else uuid7()
        self.shown = [
            self.subject if k.resource_type == "Patient" else self.ids[k] for k in self.keys
        ]
        self.document_id = self.ids[self.keys[0]] if planned.kind == "document" else None
        targets = [
            f"{k.resource_type}/{each}" for k, each in zip(self.keys, self.shown, strict=True)
        ]
        self.renamed = versions.references(
            (item for item in self.items if item.position is not None),
            (t for t, item in zip(targets, self.items, strict=True) if item.position is not None),
        )
        self.renamed |= {name: f"Patient/{subject}" for name in planned.people}
        self.newest = dict(held.current)
        self.records: list[StoredRecord] = []
        self.rows: list[Row] = []

    @property
    def is_changed(self) -> bool:
        return self.records[0].change != "unchanged"

    def write(self) -> None:
        for number, item in enumerate(self.items):
            self._write(item, self.keys[number], self.shown[number])
            if number == 0 and self.document_id is not None and not self.is_changed:
                return

    def _write(self, item: PlannedItem, key: Key, resource_id: UUID) -> None:
        before = self.newest.get(key)
        _check_version(item, before)
        if before is not None and item.conditions.if_none:
            self._keep(key, resource_id, before)
            return
        resource: Json = item.resource
        if item.position is not None and self.renamed:
            resource = with_references(resource, self.renamed)
        # What a document alone said stands by itself from now on, though it says the same.
        stays = before is not None and (item.is_part or before.document_id is None)
        # What it alone says is told of or not as the document now is.
        if before is not None and item.is_part and before.document_id == self.document_id:
            stays = before.marks == item.classified.marks
        if before is not None and stays and self.held.holds(before, content.content(resource)):
            self._keep(key, resource_id, before)
            return
        is_of_document = item.is_part and (before is None or before.document_id is not None)
        document_id = self.document_id if is_of_document else None
        number = before.number + 1 if before else 1
        what = item.classified
        version = Version(
            self.ids[key],
            number,
            self.now,
            key,
            versions.body(resource, resource_id, number, self.now, document_id),
            max(what.sensitivity, before.sensitivity if before else self._least(item)),
            document_id,
            what.marks,
        )
        self.newest[key] = version
        self.rows.append(
            Row(
                record_id=version.record_id,
                version=number,
                is_current=True,
                resource_type=what.resource_type,
                category=what.category,
                sensitivity=version.sensitivity,
                effective_on=what.effective_on or self.today,
                effective_at=what.effective_at,
                recorded_at=self.now,
                marks=sorted(what.marks),
                identifier_system=version.key.system,
                identifier_value=version.key.value,
                title=what.title,
                body=version.body,
                document_id=document_id,
            )
        )
        change: Change = "updated" if before else "created"
        self.records.append(StoredRecord(key.resource_type, resource_id, version, change))

    def _keep(self, key: Key, resource_id: UUID, version: Version) -> None:
        self.records.append(StoredRecord(key.resource_type, resource_id, version, "unchanged"))

    def _least(self, item: PlannedItem) -> int:
        """A new part of a document is no more open than the participant made the document."""
        least = self.directive.incoming_level
        if not item.is_part:
            return least
        # No sender makes a record secret: who it is of did, or closed it on becoming one person.
        document = self.held.current.get(self.keys[0])
        if document is not None and document.sensitivity == SECRET:
            return SECRET
        for mark in self.directive.marks:
            if mark.record_id == self.document_id:
                least = max(least, mark.level)
        is_hidden = any(
            rule.axis == "filter" and self.document_id in rule.record_ids
            for rule in self.directive.provisions
        )
        return SECRET if is_hidden else least


def _check_version(item: PlannedItem, before: Version | None) -> None:
    asked = item.conditions.version
    if asked is not None and (before is None or before.number != asked):
        raise NotStored([Fault("version_differs", _path(item))])


def _withdrawn(row: asyncpg.Record, now: datetime) -> Row:
    """The version after it: what no document holds any more was entered in error."""
    before = decode(row["body"].encode(), max_bytes=len(row["body"]) * 4)
    number = row["version"] + 1
    said = versions.in_error(before)
    text = versions.body(said, row["record_id"], number, now, row["document_id"])
    return Row(
        **dict(row) | {"version": number, "is_current": True, "recorded_at": now, "body": text}
    )


def line_of(row: Row) -> Line:
    is_told = not HIDDEN_MARKS.intersection(row.marks)
    return Line(row.record_id, row.resource_type, row.category, is_told)


def _path(item: PlannedItem) -> str:
    name = item.classified.resource_type
    return name if item.position is None else f"Bundle.entry[{item.position}]"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def log(
    tx: Transaction, actor: Actor, facility: FacilityLine, event: EventName, lines: Sequence[Line]
) -> None:
    """Tells the participant what came in, as part of the deed; untold records stay untold.

    A sending of untold records alone is an event of the network's own log: a line that says
    nothing would tell that there is something.
    """
    told = [each for each in lines if each.is_told]
    hidden = counted(each for each in lines if not each.is_told)
    if not told:
        await access_log.append_system(tx, event, outcome="permitted", detail=hidden)
        return
    said = sender(actor, facility.name, facility.name_en)
    await access_log.append(tx, event, detail={**said, **counted(told)}, undisclosed=hidden)


def sender(actor: Actor, name: str, name_en: str) -> dict[str, Any]:
    """Who sent it, as the participant will read it."""
    return {
        "actor": {
            "name": actor.name,
            "profession": actor.profession,
            "facility": {"ja": name, "en": name_en},
            "client": actor.client_id,
        }
    }


def counted(lines: Iterable[Line]) -> dict[str, Any]:
    """The records of an event: by kind and number, and their ids."""
    items = list(lines)
    counts = Counter((each.resource_type, each.category) for each in items)
    said = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": said, "ids": [each.record_id for each in items]}
