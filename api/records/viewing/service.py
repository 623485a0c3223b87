"""One look at a participant's records by a professional: decided, read and logged at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies
from api.consent.decide import Scope
from api.consent.explain import rule
from api.consent.facts import EMERGENCY, Basis, Request
from api.consent.replay import versions_of
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.phr.entries import service as own_entries
from api.records import queries as record_queries
from api.records.filtering import Filter, filter_of
from api.records.finding import Person
from api.records.grounds import event_detail, log_nobody
from api.records.mapping import HIDDEN_MARKS, VITAL_TESTS
from api.records.service import log_refused
from api.records.viewing import queries
from api.records.viewing.queries import Narrowed

BASIC: Final = "basic"
MOST_ROWS: Final = 600
# In a list a long body is left where it is: the record's own page has it.
MOST_BYTES_IN_A_LIST: Final = 64_000
_OPEN: Final = ("granted", "shared")


class Wanted(msgspec.Struct, frozen=True):
    """One list of a page; what is left out does not narrow it. `page` counts from 1; a body longer
    than `most_bytes` is not read. `of_checkups` says which of the checkups are meant: the files,
    the vital signs measured there, or all other results; it leaves other categories alone.

    `whose` parts what facilities wrote from what participants brought themselves: of `own` the
    newest of each kind alone, which nothing else narrows."""

    categories: tuple[str, ...] = ()
    of_checkups: Literal["", "files", "vitals", "labs"] = ""
    whose: Literal["", "facilities", "own"] = ""
    facility_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    record_id: UUID | None = None
    most_bytes: int = MOST_BYTES_IN_A_LIST
    count: int = 50
    page: int = 1


class Seen(NamedTuple):
    """One record. `marks` are those of what the participant was not told; `body` is its JSON, ""
    where it was not read; `is_new` where it came from elsewhere since `Look.looked_at`; `alike`
    counts those of its kind where a list has the newest of each."""

    record_id: UUID
    type: str
    category: str
    title: str
    on: date
    at: datetime | None
    facility_id: UUID
    marks: tuple[str, ...]
    body: str
    is_new: bool
    alike: int = 1


class Part(NamedTuple):
    """`total` counts all that match and may be seen."""

    records: list[Seen]
    total: int


class KindAtFacility(NamedTuple):
    """How many records of a kind one facility has that may be seen."""

    category: str
    facility_id: UUID
    records: int


class Look(NamedTuple):
    """`why` names the rule that lets the professional see; a part for each list wanted.

    `looked_at` is when somebody of the professional's facility last looked on a day before today:
    what arrived since is new to them all day. None where nobody did.
    """

    person: Person
    why: str
    parts: tuple[Part, ...]
    kinds: list[KindAtFacility]
    looked_at: datetime | None


async def look(actor: Actor, subject: UUID, *wanted: Wanted) -> Look | None:
    """None where this professional may know nothing of this participant, or there is none.

    Either way an event, and alike. In an emergency records are read in a session alone: raises
    `NotFound`, and that is an event too.
    """
    if actor.purpose_of_use in EMERGENCY:
        if await log_refused(actor, subject) is None:
            await log_nobody(actor, EventName.RECORD_READ)
        raise NotFound
    async with unit_of_work(actor, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        seen = await _look(tx, actor, subject, known, wanted) if known is not None else None
    if known is None:
        await log_nobody(actor, EventName.RECORD_READ)
    return seen


def in_full(record_id: UUID) -> Wanted:
    """One record with all of its text."""
    return Wanted(record_id=record_id, most_bytes=2**31 - 1, count=1)


async def one(actor: Actor, subject: UUID, record_id: UUID) -> tuple[Look, Seen]:
    """One record in full. Raises `NotFound`, alike for what is absent and what may not be seen."""
    seen = await look(actor, subject, in_full(record_id))
    if seen is None or not seen.parts[0].records:
        raise NotFound
    return seen, seen.parts[0].records[0]


async def _look(
    tx: Transaction,
    actor: Actor,
    subject: UUID,
    known: policies.CompiledPolicy,
    wanted: Sequence[Wanted],
) -> Look | None:
    standing = await directory.standing_in(tx, actor)
    request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", clock.now())
    scope = known.policy.scope(request)
    own = actor.facility_id or UUID(int=0)
    is_known = scope.own_facility and bool(await record_queries.local_ids(tx, own))
    may_look = scope.outcome == "permit" or is_known
    by = filter_of(scope)
    kinds, parts = [], [Part([], 0) for _ in wanted]
    looked_at = None
    told, untold = list[Mapping[str, Any]](), list[Mapping[str, Any]]()
    if may_look:
        looked_at = await access_log.last_look_in(tx, clock.start_of(clock.today_in_japan()))
        kinds = [KindAtFacility(*row.values()) for row in await queries.kinds(tx, subject, own, by)]
        pages = [
            await own_entries.opened_rows_in(tx, await _page(tx, subject, own, by, each))
            for each in wanted
        ]
        rows = {row["record_id"]: row for page in pages for row in page if row["record_id"]}
        told = [row for row in rows.values() if row["is_told"]]
        untold = [row for row in rows.values() if not row["is_told"]]
        parts = [_part(page, looked_at, own) for page in pages]
    basis = _basis(scope, wanted)
    # Shown what the asking facility wrote itself: that is why, and it is no denial. Untold records
    # alone change nothing: the row must not let anyone infer them.
    if told and basis.step not in _OPEN:
        basis = _as_own(basis)
    versions = versions_of(known, standing, request.now)
    detail = event_detail(actor, standing, basis, (), versions, known.policy.team_names)
    await access_log.append(
        tx,
        EventName.RECORD_READ,
        outcome="permitted" if told or basis.step in _OPEN else "denied",
        detail=detail | _said(told),
        undisclosed=_said(untold),
    )
    if not may_look:
        return None
    person = await record_queries.person(tx) if BASIC in scope.categories else None
    return Look(
        Person(subject, *(person.values() if person else (None, None, None, None))),
        rule(scope.basis if scope.outcome == "permit" else _as_own(scope.basis)),
        tuple(parts),
        kinds,
        looked_at,
    )


def _as_own(basis: Basis) -> Basis:
    return msgspec.structs.replace(basis, step="own_record")


async def _page(
    tx: Transaction, subject: UUID, own: UUID, by: Filter, wanted: Wanted
) -> list[asyncpg.Record]:
    count = min(max(wanted.count, 1), MOST_ROWS)
    if wanted.whose == "own":
        return await queries.newest_own(
            tx, subject, own, by, most_bytes=wanted.most_bytes, limit=count
        )
    return await queries.page(
        tx,
        subject,
        own,
        by,
        Narrowed(
            wanted.categories,
            wanted.facility_id,
            wanted.since,
            wanted.until,
            wanted.record_id,
            wanted.of_checkups,
            sorted(VITAL_TESTS),
            wanted.whose == "facilities",
        ),
        most_bytes=wanted.most_bytes,
        limit=count,
        offset=(max(wanted.page, 1) - 1) * count,
    )


def _part(rows: Sequence[Mapping[str, Any]], looked_at: datetime | None, own: UUID) -> Part:
    records = [
        Seen(
            row["record_id"],
            row["resource_type"],
            row["category"],
            row["title"],
            row["effective_on"],
            row["effective_at"],
            row["source_facility_id"],
            tuple(mark for mark in row["marks"] if mark in HIDDEN_MARKS),
            row["body"] or "",
            looked_at is not None
            and row["source_facility_id"] != own
            and row["recorded_at"] > looked_at,
            row.get("alike", 1),
        )
        for row in rows
        if row["record_id"]
    ]
    return Part(records, rows[0]["total"])


def _basis(scope: Scope, wanted: Sequence[Wanted]) -> Basis:
    """For the kinds asked for: granted if any of them is, else shared if anything is.

    Every look asks who it is, and one without kinds asks for all.
    """
    categories = [category for each in wanted for category in each.categories]
    asks_all = any(not each.categories for each in wanted)
    if asks_all or any(category in scope.categories for category in (*categories, BASIC)):
        return scope.basis
    if scope.share is not None:
        return msgspec.structs.replace(scope.basis, step="shared", recipient=scope.share)
    return scope.of(categories[0]).basis


def _said(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    shown = list(rows)
    kinds = Counter((row["resource_type"], row["category"]) for row in shown)
    return {
        "resources": [
            {"type": kind, "category": category, "count": count}
            for (kind, category), count in sorted(kinds.items())
        ],
        "ids": [row["record_id"] for row in shown],
    }
