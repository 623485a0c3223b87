"""The shelf of checkups: read from every source, typed in, corrected, removed.

Reading one's own writes no row of the access log; a proxy's look does.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.checkup.kinds import CHECKUP
from api.phr.checkup.thresholds import Sex
from api.phr.entries import service as entries
from api.phr.entries.service import Entry, Wish
from api.records import parse, queries
from api.records.checkups import queries as checkup_queries
from api.records.checkups.judging import Person
from api.records.checkups.reading import (
    Checkup,
    Line,
    checkups_of,
    newest_first,
    typed_values,
)
from api.records.own.service import most_shown

# Others are served between so many read.
_IN_ONE_GO: Final = 250
_SEXES: Final = ("male", "female")


class Shelf(NamedTuple):
    """Newest first."""

    checkups: list[Checkup]
    person: Person


async def shelf(actor: Actor) -> Shelf:
    async with unit_of_work(actor) as tx:
        person = await queries.person(tx)
        rows = await entries.opened_rows_in(tx, await checkup_queries.told(tx, most_shown(actor)))
        typed = await entries.entries_in(tx, actor, [CHECKUP])
        if actor.is_proxy and rows:
            await _note(tx, rows)
    if person is None:
        raise NotFound
    sex = cast(Sex, person["sex"]) if person["sex"] in _SEXES else None
    lines = list[Line]()
    for place, row in enumerate(rows, 1):
        if place % _IN_ONE_GO == 0:
            await asyncio.sleep(0)
        lines.append(_line(row))
    found = [*checkups_of(lines), *(_of_entry(each) for each in typed)]
    return Shelf(newest_first(found), Person(person["birth_on"], sex))


def one_of(shelf: Shelf, checkup_id: UUID) -> Checkup:
    """By its own id, or that of any record in it. Raises `NotFound`."""
    for each in shelf.checkups:
        if checkup_id == each.checkup_id or checkup_id in each.ids:
            return each
    raise NotFound


async def typed(actor: Actor, checkup_id: UUID) -> Entry:
    """What was typed in, to be corrected. Raises `NotFound`."""
    return await entries.one(actor, [CHECKUP], checkup_id)


async def write(
    actor: Actor,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    checkup_id: UUID | None = None,
    version: int = 0,
    key: str = "",
) -> Entry:
    """A new one, or a correction of `version`. Raises as `entries.write`."""
    wish = Wish(CHECKUP, fields, sure=sure, entry_id=checkup_id, version=version, key=key)
    return await entries.write(actor, wish)


async def remove(actor: Actor, checkup_id: UUID, version: int | None = None) -> None:
    """What was typed in, every version, for good. Raises `NotFound` for anything else, and as
    `remove_in`."""
    async with entries.removing(actor, [checkup_id]), unit_of_work(actor) as tx:
        await entries.one_in(tx, actor, [CHECKUP], checkup_id)
        await entries.remove_in(tx, actor, [checkup_id], version)


def _of_entry(entry: Entry) -> Checkup:
    return Checkup(
        checkup_id=entry.entry_id,
        on=entry.on,
        source="typed",
        place=entry.values.get("place", ""),
        program=entry.values.get("program", ""),
        values=typed_values(entry.values),
        ids=frozenset({entry.entry_id}),
        version=entry.version,
        by=entry.by,
    )


def _line(row: Mapping[str, Any]) -> Line:
    body = row["body"]
    return Line(
        record_id=row["record_id"],
        resource_type=row["resource_type"],
        facility_id=row["source_facility_id"],
        is_own=row["is_own"],
        on=row["effective_on"],
        system=row["identifier_system"] or "",
        identifier=row["identifier_value"] or "",
        body=None if body is None else parse.decode(body.encode(), max_bytes=len(body) * 4),
    )


async def _note(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    kinds = Counter((row["resource_type"], row["category"]) for row in rows)
    await access_log.append(
        tx,
        EventName.PROXY_LOOKED,
        detail={
            "resources": [
                {"type": resource_type, "category": category, "count": count}
                for (resource_type, category), count in sorted(kinds.items())
            ],
            "ids": [row["record_id"] for row in rows],
        },
    )
