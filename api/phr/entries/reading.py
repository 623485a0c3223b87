"""Entries read: whoever acts for somebody is shown nothing restricted, and each look is told."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from api.access_log import keystore
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.entries import queries
from api.phr.entries.entry import Entry, Newest, entry_of, kind_of
from api.phr.entries.kinds import Kind
from api.phr.entries.paging import Place
from api.phr.entries.standing import Line, most_shown, note_in, subject_of

# Others are served between so many opened.
_IN_ONE_GO: Final = 250


async def entries(
    actor: Actor,
    kinds: Sequence[Kind],
    *,
    book: str | None = None,
    since: date | None = None,
    until: date | None = None,
    most: int | None = None,
    after: Place | None = None,
) -> list[Entry]:
    """As `entries_in`."""
    async with unit_of_work(actor) as tx:
        return await entries_in(
            tx, actor, kinds, book=book, since=since, until=until, most=most, after=after
        )


async def entries_in(
    tx: Transaction,
    actor: Actor,
    kinds: Sequence[Kind],
    *,
    book: str | None = None,
    since: date | None = None,
    until: date | None = None,
    most: int | None = None,
    after: Place | None = None,
) -> list[Entry]:
    """Newest day first, all of them: rules count on it. `since` and `until` are days within; who
    passes `most` tells that there are more, or leads on by `after`."""
    names = [each.name for each in kinds]
    shown = most_shown(actor)
    rows = await queries.listed(tx, names, book, since, until, shown, most, after)
    return await _read(tx, actor, kinds, rows)


async def unshown_in(tx: Transaction, actor: Actor, kinds: Sequence[Kind]) -> list[Entry]:
    """To decide something by: nothing of them is shown, so nobody looked."""
    names = [each.name for each in kinds]
    rows = await queries.listed(tx, names, None, None, None, most_shown(actor), None)
    return await _read(tx, actor, kinds, rows, is_shown=False)


async def beside_in(
    tx: Transaction,
    actor: Actor,
    kind: Kind,
    book: str | None,
    on: date,
    but: UUID | None,
    most: int,
) -> list[Entry]:
    """Those about a day, to decide something by: the nearest so many up to it and as many after it,
    the newest first, but one."""
    rows = await queries.beside(tx, kind.name, book, on, but, most_shown(actor), most)
    return await _read(tx, actor, [kind], rows, is_shown=False)


async def head_in(tx: Transaction, kind: Kind) -> UUID | None:
    """The entry that is a book of its own, also where the actor may not be shown it."""
    return await queries.head(tx, kind.name)


async def newest_in(tx: Transaction, actor: Actor) -> list[Newest]:
    """One for each kind there is an entry of."""
    rows = await queries.newest(tx, most_shown(actor))
    if rows and actor.is_proxy:
        seen = [Line(row["record_id"], row["resource_type"], row["category"]) for row in rows]
        await note_in(tx, EventName.PROXY_LOOKED, seen)
    return [Newest(row["kind"], row["title"], row["recorded_at"], row["entries"]) for row in rows]


async def one(actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> Entry:
    """As it stands. Raises `NotFound`, alike for absent, somebody else's, another kind's."""
    async with unit_of_work(actor) as tx:
        return await one_in(tx, actor, kinds, entry_id)


async def one_in(tx: Transaction, actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> Entry:
    """As `one`."""
    rows = await queries.current(tx, [entry_id], most_shown(actor))
    found = await _read(tx, actor, kinds, rows)
    if not found:
        raise NotFound
    return found[0]


async def several_in(
    tx: Transaction, actor: Actor, kinds: Sequence[Kind], entry_ids: Sequence[UUID]
) -> list[Entry]:
    """Those of them that are there, as they stand."""
    rows = await queries.current(tx, entry_ids, most_shown(actor))
    return await _read(tx, actor, kinds, rows)


async def history(actor: Actor, kinds: Sequence[Kind], entry_id: UUID) -> list[Entry]:
    """Every version, the newest first. Raises as `one`."""
    async with unit_of_work(actor) as tx:
        rows = await queries.versions(tx, entry_id, most_shown(actor))
        found = await _read(tx, actor, kinds, rows)
    if not found:
        raise NotFound
    return found


async def _read(
    tx: Transaction,
    actor: Actor,
    kinds: Sequence[Kind],
    rows: Sequence[asyncpg.Record],
    *,
    is_shown: bool = True,
) -> list[Entry]:
    by_name = {each.name: each for each in kinds}
    wanted = [row for row in rows if kind_of(row) in by_name]
    if not wanted:
        return []
    subject = subject_of(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject])).get(subject)
    found = list[Entry]()
    for place, row in enumerate(wanted):
        if place % _IN_ONE_GO == _IN_ONE_GO - 1:
            await asyncio.sleep(0)
        kind = by_name[kind_of(row)]
        found.append(entry_of(row, kind, subject, cipher))
    if actor.is_proxy and is_shown:
        seen = {row["record_id"]: by_name[kind_of(row)] for row in wanted}
        lines = (Line(each, of.resource_type, of.category) for each, of in seen.items())
        await note_in(tx, EventName.PROXY_LOOKED, lines)
    return found
