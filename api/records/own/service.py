"""What participants may know of their own records: never a trace of one they were not told of.

Reading one's own records writes no row of the access log: it answers who else has seen them, and
a row for each own look would bury those. A proxy's look does write one. The change of a setting
made from here is logged.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import asyncpg
from msgspec import Struct

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.consent.facts import NORMAL, SECRET, Directive
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.entries import service as own_entries
from api.phr.maternal.aside import closed_in
from api.records import parse
from api.records.errors import UnknownPlace
from api.records.own import queries as own_queries
from api.records.own.choices import Choices, Which, choices_of
from api.records.own.plain import Fact, facts_of
from api.records.own.queries import Place, Wanted
from api.records.provenance import By, by_of, by_tag

MOST_ROWS = 100


class Asked(Struct, frozen=True):
    """What a list is narrowed to; what is left out does not narrow it. `with_aside`: also what a
    pregnancy held that was closed without a birth."""

    category: str | None = None
    facility_id: UUID | None = None
    year: int | None = None
    words: str = ""
    with_aside: bool = False


class OwnRecord(NamedTuple):
    record_id: UUID
    category: str
    title: str
    on: date
    facility_id: UUID
    sensitivity: int
    choices: Choices
    by: By = ""


class Visit(NamedTuple):
    """What one facility wrote on one day of care, or of one's own what somebody acting for one
    did (`is_by_proxy`); the next page may go on with it."""

    on: date
    facility_id: UUID
    records: list[OwnRecord]
    is_by_proxy: bool = False


class OwnPage(NamedTuple):
    """Newest first; `total` counts all that match, `after` is where the next page begins.
    `has_aside`: something is left out that can be asked for."""

    visits: list[Visit]
    total: int
    after: str | None
    settings: Settings
    has_aside: bool = False

    @property
    def records(self) -> list[OwnRecord]:
        return [each for visit in self.visits for each in visit.records]


class Shelves(NamedTuple):
    """How many records there are by category, facility and year (the newest first)."""

    categories: Counter[str]
    facilities: Counter[UUID]
    years: Counter[int]


class OwnRecordInFull(NamedTuple):
    """`visit` counts what the same facility wrote for the same day, this record included."""

    record: OwnRecord
    facts: list[Fact]
    visit: int
    settings: Settings


async def page(actor: Actor, asked: Asked, *, after: str | None = None, count: int = 50) -> OwnPage:
    """The actor's own, told records. Raises `UnknownPlace` for an `after` no page gave."""
    place = _place(after) if after else None
    count = min(max(count, 1), MOST_ROWS)
    async with unit_of_work(actor) as tx:
        state = await stored.settings_in(tx)
        aside = [] if asked.with_aside else await closed_in(tx, actor)
        wanted = _wanted(asked, aside)
        rows = await own_queries.page(tx, most_shown(actor), wanted, place, count + 1)
        records = [
            _record(row, state.directive)._replace(by=by_tag(row["source_facility_id"], row["by"]))
            for row in rows
            if row["record_id"]
        ]
        await _note(tx, actor, records[:count])
    more = _after(records[count - 1]) if len(records) > count else None
    return OwnPage(_visits(records[:count]), rows[0]["total"], more, state, bool(aside))


async def shelves(actor: Actor, *, with_aside: bool = False) -> Shelves:
    async with unit_of_work(actor) as tx:
        aside = [] if with_aside else await closed_in(tx, actor)
        rows = await own_queries.counts(tx, most_shown(actor), aside)
    found = Shelves(Counter(), Counter(), Counter())
    for row in sorted(rows, key=lambda row: -int(row["year"])):
        found.categories[row["category"]] += row["records"]
        found.facilities[row["facility_id"]] += row["records"]
        found.years[row["year"]] += row["records"]
    return found


async def one(actor: Actor, record_id: UUID) -> OwnRecordInFull:
    """Raises `NotFound`, alike for what is absent, untold, or somebody else's."""
    async with unit_of_work(actor) as tx:
        state = await stored.settings_in(tx)
        row = await own_queries.one(tx, most_shown(actor), record_id)
        if row is not None:
            await _note(tx, actor, [_record(row, state.directive)])
            text = await own_entries.opened_in(tx, row["body"])
    if row is None:
        raise NotFound
    body = parse.decode(text.encode(), max_bytes=len(text) * 4)
    record = _record(row, state.directive)._replace(by=by_of(row["source_facility_id"], body))
    return OwnRecordInFull(record, facts_of(body), row["visit"], state)


async def holders(actor: Actor) -> set[UUID]:
    """Facilities that wrote records the actor may know of."""
    async with unit_of_work(actor) as tx:
        return set(await own_queries.sources(tx, most_shown(actor)))


def most_shown(actor: Actor) -> int:
    """The highest sensitivity: a minor's restricted records are not for who acts for them."""
    return SECRET if actor.is_shown_restricted else NORMAL


async def _note(tx: Transaction, actor: Actor, shown: Iterable[OwnRecord]) -> None:
    """A proxy's look is an event: which records, by kind."""
    records = list(shown)
    if not actor.is_proxy or not records:
        return
    kinds = Counter(each.category for each in records)
    await access_log.append(
        tx,
        EventName.PROXY_LOOKED,
        detail={
            "resources": [
                {"type": "", "category": category, "count": count}
                for category, count in sorted(kinds.items())
            ],
            "ids": [each.record_id for each in records],
        },
    )


def _wanted(asked: Asked, aside: Sequence[str]) -> Wanted:
    year = asked.year
    since, until = (date(year, 1, 1), date(year, 12, 31)) if year else (None, None)
    return Wanted(asked.category, asked.facility_id, since, until, asked.words, aside)


def _record(row: asyncpg.Record, directive: Directive) -> OwnRecord:
    which = Which(
        row["record_id"],
        row["category"],
        row["source_facility_id"],
        row["effective_on"],
        row["sensitivity"],
    )
    return OwnRecord(
        record_id=which.record_id,
        category=which.category,
        title=row["title"],
        on=which.on,
        facility_id=which.facility_id,
        sensitivity=which.sensitivity,
        choices=choices_of(directive, which, clock.now()),
    )


def _visits(records: Iterable[OwnRecord]) -> list[Visit]:
    """A stable order: whatever a proxy wrote on a day comes after what the others did."""
    found = list[Visit]()
    for (on, facility_id), each in groupby(records, key=lambda each: (each.on, each.facility_id)):
        day = list(each)
        for is_by_proxy in (False, True):
            some = [one for one in day if (one.by == "proxy") is is_by_proxy]
            if some:
                found.append(Visit(on, facility_id, some, is_by_proxy))
    return found


def _after(record: OwnRecord) -> str:
    return f"{record.on.isoformat()}_{record.facility_id}_{record.record_id}"


def _place(text: str) -> Place:
    try:
        on, facility_id, record_id = text.split("_")
        return Place(date.fromisoformat(on), UUID(facility_id), UUID(record_id))
    except ValueError as error:
        raise UnknownPlace from error
