"""A participant's own checkup file: looked at before it is kept, and removable for good."""

import asyncio
import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.identity.enrolling import registered
from api.phr.entries import service as own_entries
from api.phr.entries.errors import NotTakingPart
from api.records import parse, queries
from api.records.checkup_xml import archive, matching, reading, resources
from api.records.checkup_xml import queries as checkup_queries
from api.records.checkup_xml.errors import FileRefused, OtherPerson
from api.records.checkup_xml.reading import Checkup, Unreadable, read
from api.records.incoming import versions
from api.records.incoming.content import content, content_of_body
from api.records.incoming.plan import plan
from api.records.incoming.planned import PlannedItem
from api.records.incoming.queries import Row
from api.records.own.plain import facts_of
from api.records.own.service import most_shown
from api.records.parse import Fault, as_objects, as_text
from api.records.provenance import OWN_SOURCE, By, by_of

MOST_FILES: Final = 100
MAX_FILE: Final = reading.MAX_BYTES
# How a PDF and photographs begin; those of some phones have it after their length.
_PICTURES: Final = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")


class Finding(NamedTuple):
    """`said` is the value as it will stand in the record; `level` what the file says of it."""

    name: str
    said: str
    level: str
    is_known: bool


class Seen(NamedTuple):
    """What a file says, before anything is kept. `is_held`: it was brought before, just so.
    `counted`: how many checkups the index of its ZIP speaks of, where that is not one."""

    on: date
    name: str
    institution: str
    findings: list[Finding]
    has_unknown: bool
    is_other_insurer: bool
    is_held: bool
    counted: int | None


class Brought(NamedTuple):
    """A file of the list: `findings` counts what came of it, `by` says who added it."""

    document_id: UUID
    on: date
    institution: str
    findings: int
    brought_at: datetime
    by: By


class Kept(NamedTuple):
    """`changed` counts the records that are new or newer than before."""

    document_id: UUID
    changed: int


async def look(actor: Actor, body: bytes) -> Seen:
    """Raises `FileRefused`, `OtherPerson`, `NotTakingPart`; keeps nothing."""
    checkup, body, counted = await _read(body)
    async with unit_of_work(actor) as tx:
        await _check(tx, checkup)
        items = _planned(actor, checkup, body)
        before = await _held(tx, items)
        ours = await registered.registration_in(tx)
    insurance = matching.insurance_of(checkup.person)
    is_other = bool(ours and ours.insurer and insurance and insurance.insurer != ours.insurer)
    return Seen(
        on=checkup.on,
        name=checkup.person.name,
        institution=checkup.institution_name,
        findings=_findings(checkup, body),
        has_unknown=bool(checkup.notes),
        is_other_insurer=is_other,
        is_held=all(_is_same(item, before.get(_value(item))) for item in items),
        counted=counted,
    )


async def keep(actor: Actor, body: bytes) -> Kept:
    """The file and its findings, all or nothing; of a corrected one, new versions.

    Raises as `look` does.
    """
    checkup, body, _ = await _read(body)
    async with unit_of_work(actor) as tx:
        level = await _check(tx, checkup)
        items = _planned(actor, checkup, body)
        before = await _held(tx, items)
        rows, now = [], clock.now()
        for item in items:
            held = before.get(_value(item))
            if not _is_same(item, held):
                rows.append(_row(item, held, level, now, is_by_proxy=actor.is_proxy))
        await checkup_queries.supersede(tx, [row.record_id for row in rows])
        sealed = await own_entries.sealed_in(tx, [row.body for row in rows]) if rows else []
        await checkup_queries.add(
            tx, [row._replace(body=body) for row, body in zip(rows, sealed, strict=True)]
        )
        if rows:
            await _note(tx, EventName.OWN_RECORD_ADDED, rows)
    document = next((row.record_id for row in rows if row.resource_type == _DOCUMENT), None)
    return Kept(document or before[_value(items[0])].record_id, len(rows))


async def brought(actor: Actor) -> list[Brought]:
    """A proxy's look is an event."""
    async with unit_of_work(actor) as tx:
        most = most_shown(actor)
        found = await checkup_queries.brought(tx, resources.IDENTIFIER, most, MOST_FILES)
        rows = await own_entries.opened_rows_in(tx, found)
        if actor.is_proxy and rows:
            shown = [_Line(row["record_id"], _DOCUMENT, row["category"]) for row in rows]
            await _note(tx, EventName.PROXY_LOOKED, shown)
    return [_brought(row) for row in rows]


async def remove(actor: Actor, document_id: UUID) -> int:
    """A file and its findings, every version, for good; how many. Raises `NotFound`.

    The log keeps that something was removed, and of what kind.
    """
    async with own_entries.removing(actor, [document_id]), unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        rows = await checkup_queries.remove(tx, resources.IDENTIFIER, document_id)
        if not rows:
            raise NotFound
        gone = [_Line(*row.values()) for row in rows]
        await _note(tx, EventName.OWN_RECORD_REMOVED, gone)
        return len(gone)
    return 0


_DOCUMENT: Final = "DocumentReference"


class _Held(NamedTuple):
    record_id: UUID
    version: int
    identifier_value: str
    sensitivity: int
    body: str


class _Line(NamedTuple):
    """A record as an event counts it."""

    record_id: UUID
    resource_type: str
    category: str


async def _read(body: bytes) -> tuple[Checkup, bytes, int | None]:
    """The one checkup in it; also out of a ZIP that holds no other, with what its index counts
    where that is not one."""
    counted = None
    if archive.is_archive(body):
        body, counted = await asyncio.to_thread(_only, body)
    if body.startswith(_PICTURES) or body[4:8] == b"ftyp":
        raise FileRefused(Fault("checkup_picture"))
    try:
        checkup = await asyncio.to_thread(read, body, clock.today_in_japan())
    except Unreadable as unreadable:
        raise FileRefused(unreadable.fault) from None
    return checkup, body, counted


def _only(body: bytes) -> tuple[bytes, int | None]:
    found: list[bytes] = []
    counted = None
    for _, member in archive.members(body):
        if isinstance(member, Fault):
            if member.reason not in archive.BESIDE:
                raise FileRefused(member)
            if member.reason == archive.INDEX:
                counted = int(member.params["counted"])
        else:
            found.append(member)
        if len(found) > 1:
            raise FileRefused(Fault("checkup_several"))
    if not found:
        raise FileRefused(Fault("checkup_empty"))
    return found[0], counted


async def _check(tx: Transaction, checkup: Checkup) -> int:
    """Holds the participant still; the least sensitivity they chose for new records."""
    state = await stored.locked_settings_in(tx)
    if state is None or state.participation.state in ("refused", "withdrawn"):
        raise NotTakingPart
    person = await queries.person(tx)
    if person is None or not matching.is_about(checkup.person, *person.values()):
        raise OtherPerson
    return state.directive.incoming_level


def _planned(actor: Actor, checkup: Checkup, body: bytes) -> Sequence[PlannedItem]:
    made = resources.resources_of(checkup, body, f"Patient/{actor.participant_id}")
    planned = plan(resources.collection_of(made))
    if planned.faults:
        raise FileRefused(planned.faults[0])
    return planned.items


async def _held(tx: Transaction, items: Sequence[PlannedItem]) -> dict[str, _Held]:
    values = [_value(item) for item in items]
    rows = await checkup_queries.held(tx, resources.IDENTIFIER, values)
    opened = await own_entries.opened_rows_in(tx, rows)
    return {row["identifier_value"]: _Held(*row.values()) for row in opened}


def _value(item: PlannedItem) -> str:
    identifier = item.classified.identifier
    return versions.key_of(item).value if identifier is not None else ""


def _is_same(item: PlannedItem, held: _Held | None) -> bool:
    return held is not None and content(item.resource) == content_of_body(held.body)


def _row(
    item: PlannedItem, held: _Held | None, level: int, now: datetime, *, is_by_proxy: bool
) -> Row:
    what = item.classified
    record_id = held.record_id if held else uuid7()
    version = held.version + 1 if held else 1
    return Row(
        record_id=record_id,
        version=version,
        is_current=True,
        resource_type=what.resource_type,
        category=what.category,
        sensitivity=max(what.sensitivity, held.sensitivity if held else level),
        effective_on=what.effective_on or clock.today_in_japan(),
        effective_at=what.effective_at,
        recorded_at=now,
        marks=[],
        identifier_system=resources.IDENTIFIER,
        identifier_value=_value(item),
        title=what.title,
        body=versions.body(
            item.resource, record_id, version, now, is_own=True, is_by_proxy=is_by_proxy
        ),
        document_id=None,
    )


async def _note(tx: Transaction, event: EventName, rows: Iterable[Row | _Line]) -> None:
    records = list(rows)
    kinds = Counter((row.resource_type, row.category) for row in records)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(kinds.items())]
    detail: dict[str, Any] = {"resources": lines, "ids": [row.record_id for row in records]}
    await access_log.append(tx, event, detail=detail)


def _findings(checkup: Checkup, body: bytes) -> list[Finding]:
    _, *made = resources.resources_of(checkup, body, "Patient/0")
    found = []
    for item, resource in zip(checkup.items, made, strict=True):
        facts = facts_of(resource)
        said = next((fact.value for fact in facts if fact.kind == "result"), "")
        level = next((fact.value for fact in facts if fact.kind == "reading"), "")
        found.append(Finding(item.name, said, level, item.is_known and item.is_unit_known))
    return found


def _brought(row: Mapping[str, Any]) -> Brought:
    body = row["body"]
    document = parse.decode(body.encode(), max_bytes=len(body) * 4)
    authors = as_objects(document.get("author"))
    return Brought(
        document_id=row["record_id"],
        on=row["effective_on"],
        institution=as_text(authors[0].get("display")) if authors else "",
        findings=row["findings"],
        brought_at=row["recorded_at"],
        by=by_of(OWN_SOURCE, document),
    )


def decoded(text: str) -> bytes:
    """A file as a page carries it between looking and keeping. Raises `FileRefused`."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise FileRefused(Fault("checkup_broken")) from None
