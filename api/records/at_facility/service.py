"""A professional writes about somebody on a page: the same checks, versions and log as any sending.

Writing is another question than reading: who may not read may write about whom they have before
them (REC-04), and sees what their own facility wrote unless the decision shuts that out too.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies, stored
from api.consent.decide import Scope
from api.consent.facts import Basis, Request
from api.consent.replay import versions_of
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, TooManyAttempts
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity import attempts
from api.phr.entries.paging import Page, Place, led_on, place_of
from api.records import finding, grounds, parse, queries, service
from api.records.at_facility import forms, rules
from api.records.at_facility import queries as entry_queries
from api.records.at_facility.errors import EntryChanged, EntryFaults, NotAWriter, NotTaken
from api.records.at_facility.forms import ENTRY, Kind, Typed, Values, Writer
from api.records.errors import NotStored
from api.records.incoming.sending import NOT_TAKEN
from api.records.incoming.service import store_resources
from api.records.mapping import Identifier
from api.records.own.plain import Fact, facts_of
from api.records.parse import Json

IDENTIFIED_FOR: Final = timedelta(hours=12)
ON_A_PAGE: Final = 30
MOST_VERSIONS: Final = 300
NAME: Final = "page"  # where these submissions came from


class Line(NamedTuple):
    """One entry as it stands: a vitals entry is several records of one moment."""

    entry_id: UUID
    kind: Kind
    at: date | datetime
    title: str
    written_at: datetime
    version: int
    is_withdrawn: bool


class Version(NamedTuple):
    """`facts` as the participant reads them; `by` as the record names its writer."""

    number: int
    written_at: datetime
    by: str
    is_withdrawn: bool
    facts: list[tuple[str, Fact]]


class Entry(NamedTuple):
    """Newest version first. `values` are what a correction begins with."""

    line: Line
    values: dict[str, str]
    versions: list[Version]


class Written(NamedTuple):
    """`is_shown`: whoever wrote it may read it afterwards."""

    entry_id: UUID
    is_shown: bool


class Subject(NamedTuple):
    """`name` and the birth date are None where the settings do not show basic information."""

    participant_id: UUID
    name: str | None
    birth_on: date | None


async def may_write(actor: Actor) -> bool:
    """May the acting professional write here, today?"""
    standing = await directory.standing(actor)
    return rules.may_write(
        standing.profession,
        is_at_work=standing.is_at_work(clock.today_in_japan()),
        facility_is_active=standing.facility_is_active,
    )


async def identify(actor: Actor, identifier: Identifier, birth_on: date) -> UUID | None:
    """Whom a professional has before them, by card or own patient number and birth date.

    Nobody, a wrong birth date and somebody who takes no part answer alike; all are logged, and
    only failures count against `TooManyAttempts`.
    """
    if actor.professional_id is None or actor.facility_id is None or not await may_write(actor):
        raise NotAWriter
    tried = attempts.desk_keys(actor.professional_id, actor.facility_id)
    async with unit_of_work(actor) as tx:
        wait = await attempts.charge(tx, tried)
        await attempts.sweep(tx)
    if wait:
        raise TooManyAttempts(wait)
    subject = await finding.locate(actor, identifier)
    if subject is None:
        await grounds.log_nobody(actor, EventName.PARTICIPANT_IDENTIFIED)
        return None
    async with unit_of_work(actor, subject=subject) as tx:
        state = await stored.locked_settings_in(tx)
        person = await queries.person(tx)
        is_here = state is not None and state.participation.state not in ("refused", "withdrawn")
        is_them = is_here and person is not None and person["birth_on"] == birth_on
        if is_them:
            until = clock.now() + IDENTIFIED_FOR
            await entry_queries.identify(tx, actor.professional_id, until)
            await attempts.refund(tx, tried)
        standing = await directory.standing_in(tx, actor)
        await access_log.append(
            tx,
            EventName.PARTICIPANT_IDENTIFIED,
            outcome="permitted" if is_them else "denied",
            detail={"actor": _said(actor, standing)},
        )
    return subject if is_them else None


async def whom(actor: Actor, subject: UUID) -> Subject:
    """Whom the page is about; naming them is a look, and logged. Raises `NotAWriter`; `NotFound`
    without a ground to write."""
    async with _opened(actor, subject) as (tx, scope):
        if "basic" not in scope.categories:
            return Subject(subject, None, None)
        row = await queries.person(tx)
        detail = await _detail(tx, actor, scope.basis, ("Patient",))
        await access_log.append(tx, EventName.PARTICIPANT_FOUND, detail=detail)
    return Subject(subject, row["name"], row["birth_on"]) if row else Subject(subject, None, None)


async def entries(actor: Actor, subject: UUID, after: str = "") -> Page[Line]:
    """What the actor's own facility wrote here, newest day first. Each page looked at is logged,
    with what stood on it. Raises `UnknownPage`.

    Nothing for whom the decision keeps even that from, such as somebody the participant refuses.
    """
    place = place_of(after)
    shown, following = list[list[asyncpg.Record]](), None
    async with _opened(actor, subject) as (tx, scope):
        if scope.own_facility:
            day, last = (place.on, str(place.entry_id)) if place else (None, None)
            rows = await entry_queries.entries(tx, ENTRY, ON_A_PAGE + 1, day, last)
            shown, following = led_on(_by_entry(rows), ON_A_PAGE, _place)
            await _note_look(tx, actor, [row for group in shown for row in group])
    if not scope.own_facility:
        await service.log_refused(actor, subject)
    return Page([_line(group) for group in shown], following)


async def entry(actor: Actor, subject: UUID, entry_id: UUID) -> Entry:
    """With its history. Raises `NotFound`, also for another facility's, and where `entries` has
    none to show."""
    async with _opened(actor, subject) as (tx, scope):
        if not scope.own_facility:
            raise _TurnedAway
        rows = await _rows_of(tx, entry_id)
        await _note_look(tx, actor, [row for row in rows if row["is_current"]])
    current = [row for row in rows if row["is_current"]]
    standing = [body for body in map(_body, current) if not forms.is_withdrawn(body)]
    return Entry(
        _line(current),
        forms.values_of(standing or [_body(row) for row in current]),
        _versions(rows),
    )


async def write(
    actor: Actor,
    subject: UUID,
    kind: Kind,
    fields: Values,
    *,
    sure: str = "",
    entry_id: UUID | None = None,
    version: int = 0,
) -> Written:
    """A new entry, or with `entry_id` a new version of one whose newest is `version`.

    Raises `EntryFaults` with every fault, also for odd values `sure` does not say yes to,
    `EntryChanged`, `NotTaken`, `NotAWriter`, `NotFound`.
    """
    typed = _checked(kind, fields, sure)
    async with _opened(actor, subject) as (tx, scope):
        writer = await _writer(tx, actor)
        before: list[Json] = []
        if entry_id is not None:
            before = await _changeable(tx, entry_id, version, kind)
    number = entry_id or uuid7()
    made = forms.resources_of(
        kind, typed.values, number, f"Patient/{subject}", writer, is_again=bool(before)
    )
    parts = {forms.part_of(each) for each in made}
    left_out = [each for each in before if forms.part_of(each) not in parts]
    await _send(actor, [*made, *(forms.withdrawn(each, writer) for each in left_out)])
    return Written(number, scope.own_facility)


async def withdraw(actor: Actor, subject: UUID, entry_id: UUID, version: int) -> None:
    """It was written in error; it stays to be seen that it was. Raises as `write`."""
    async with _opened(actor, subject) as (tx, _):
        writer = await _writer(tx, actor)
        before = await _changeable(tx, entry_id, version, None)
    await _send(actor, [forms.withdrawn(each, writer) for each in before])


def _checked(kind: Kind, fields: Values, sure: str) -> Typed:
    now = clock.now().astimezone(forms.JAPAN)
    typed = forms.read(kind, fields, now.date(), now.time())
    if typed.faults or (typed.odd and sure != typed.sure):
        raise EntryFaults(typed.faults, typed.odd, typed.sure)
    return typed


class _TurnedAway(NotFound):
    """By the decision about this participant: they are told of it."""


@asynccontextmanager
async def _opened(actor: Actor, subject: UUID) -> AsyncIterator[tuple[Transaction, Scope]]:
    """As `_open`, in a transaction about the subject. Who is turned away stands in the log."""
    try:
        async with unit_of_work(actor, subject=subject) as tx:
            yield tx, await _open(tx, actor)
    except _TurnedAway:
        if await service.log_refused(actor, subject) is None:
            await grounds.log_nobody(actor, EventName.RECORD_READ)
        raise NotFound from None


async def _open(tx: Transaction, actor: Actor) -> Scope:
    """Whether the actor may write about the subject; their scope for reading, for what is shown."""
    standing = await directory.standing_in(tx, actor)
    if not rules.may_write(
        standing.profession,
        is_at_work=standing.is_at_work(clock.today_in_japan()),
        facility_is_active=standing.facility_is_active,
    ):
        raise NotAWriter
    known = await policies.locked_policy_in(tx)
    if known is None:
        raise _TurnedAway
    request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", clock.now())
    scope = known.policy.scope(request)
    if scope.outcome != "permit" and not await entry_queries.is_known(tx):
        raise _TurnedAway
    return scope


async def _writer(tx: Transaction, actor: Actor) -> Writer:
    standing = await directory.standing_in(tx, actor)
    if actor.professional_id is None:
        raise NotAWriter
    name = standing.professional_name or actor.name or ""
    return Writer(actor.professional_id, name, standing.facility_name)


async def _rows_of(tx: Transaction, entry_id: UUID) -> list[asyncpg.Record]:
    rows = await entry_queries.versions(tx, ENTRY, str(entry_id), MOST_VERSIONS)
    if not rows:
        raise NotFound
    return rows


async def _changeable(
    tx: Transaction, entry_id: UUID, version: int, kind: Kind | None
) -> list[Json]:
    rows = [row for row in await _rows_of(tx, entry_id) if row["is_current"]]
    line = _line(rows)
    if line.version != version or line.is_withdrawn:
        raise EntryChanged
    if kind is not None and line.kind != kind:
        raise NotFound
    return [_body(row) for row in rows]


async def _send(actor: Actor, resources: Sequence[Json]) -> None:
    try:
        await store_resources(actor, resources, name=NAME)
    except NotStored as refusal:
        if refusal.faults[0].reason == NOT_TAKEN:
            raise NotTaken from refusal
        raise


async def _note_look(tx: Transaction, actor: Actor, rows: Iterable[asyncpg.Record]) -> None:
    """A look at what one's own facility wrote is a look: it stands in the participant's log, with
    nothing of what they were not told."""
    shown = list(rows)
    if not shown:
        return
    told = [row for row in shown if row["is_told"]]
    untold = [row for row in shown if not row["is_told"]]
    scope = await _open(tx, actor)
    basis = msgspec.structs.replace(scope.basis, step="own_record")
    asked = tuple(sorted({row["resource_type"] for row in told}))
    await access_log.append(
        tx,
        EventName.RECORD_READ,
        detail=await _detail(tx, actor, basis, asked) | _resources(told),
        undisclosed=_resources(untold) if untold else None,
    )


def _resources(rows: Sequence[asyncpg.Record]) -> dict[str, Any]:
    kinds = Counter((row["resource_type"], row["category"]) for row in rows)
    return {
        "resources": [
            {"type": name, "category": category, "count": count}
            for (name, category), count in sorted(kinds.items())
        ],
        "ids": [row["record_id"] for row in rows],
    }


async def _detail(
    tx: Transaction, actor: Actor, basis: Basis, asked: tuple[str, ...]
) -> dict[str, Any]:
    known = await policies.locked_policy_in(tx)
    if known is None:
        raise NotFound
    standing = await directory.standing_in(tx, actor)
    versions = versions_of(known, standing, clock.now())
    return grounds.event_detail(actor, standing, basis, asked, versions, known.policy.team_names)


def _said(actor: Actor, standing: directory.Standing) -> dict[str, Any]:
    return {
        "name": standing.professional_name or actor.name,
        "profession": standing.profession,
        "facility": {"ja": standing.facility_name, "en": standing.facility_name_en},
        "client": None,
    }


def _body(row: Mapping[str, Any]) -> Json:
    return parse.decode(row["body"].encode(), max_bytes=len(row["body"]) * 4)


def _by_entry(rows: Iterable[asyncpg.Record]) -> list[list[asyncpg.Record]]:
    found: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["identifier_value"].partition(":")[0], []).append(row)
    return list(found.values())


def _place(rows: Sequence[asyncpg.Record]) -> Place:
    return Place(rows[0]["day"], None, UUID(rows[0]["entry"]))


def _line(rows: Sequence[asyncpg.Record]) -> Line:
    """`version` counts every change of the entry, whichever of its records it touched."""
    first = rows[0]
    bodies = [_body(row) for row in rows]
    titles = [
        row["title"]
        for row, body in zip(rows, bodies, strict=True)
        if not forms.is_withdrawn(body) or len(rows) == 1
    ]
    return Line(
        entry_id=UUID(first["identifier_value"].partition(":")[0]),
        kind=forms.kind_of(bodies[0]),
        at=first["effective_at"] or first["effective_on"],
        title="・".join(titles or [row["title"] for row in rows]),
        written_at=max(row["recorded_at"] for row in rows),
        version=sum(row["version"] for row in rows),
        is_withdrawn=all(map(forms.is_withdrawn, bodies)),
    )


def _versions(rows: Sequence[asyncpg.Record]) -> list[Version]:
    """What was written together is one version: a sending has one time."""
    together: dict[datetime, list[asyncpg.Record]] = {}
    for row in rows:
        together.setdefault(row["recorded_at"], []).append(row)
    found = []
    ordered = sorted(together.items(), reverse=True)
    for number, (at, members) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        bodies = [_body(row) for row in members]
        facts = [
            (row["title"], fact)
            for row, body in zip(members, bodies, strict=True)
            for fact in facts_of(body)
        ]
        is_error = all(map(forms.is_withdrawn, bodies))
        found.append(Version(number, at, _by(bodies[0]), is_error, facts))
    return found


def _by(body: Json) -> str:
    for name in ("performer", "author"):
        written = body.get(name)
        who = parse.as_objects(written)[0] if isinstance(written, list) else written
        if who:
            return parse.as_text(parse.as_object(who).get("display"))
    return ""
