"""One's wishes: one statement and one list of people, each with its versions, and documents.

Nobody writes them for somebody else: no door here names a power a proxy could have, but for
reading.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.directives import comparing, paper, people
from api.phr.directives.comparing import Change
from api.phr.directives.errors import DocumentRefused, TooManyDocuments, TooManyPeople
from api.phr.directives.kinds import DOCUMENT, KINDS, PEOPLE, QUESTIONS, STATEMENT, WORDS
from api.phr.directives.people import Person
from api.phr.entries import service as entries
from api.phr.entries.errors import EntryChanged
from api.phr.entries.fields import Values
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry, Wish

# There is one statement and one list, each under a name of its own.
_ONLY = "1"
# The name they are all taken back under.
_ALL = "wishes"


class Wishes(NamedTuple):
    """As they stand; `documents` the newest day first."""

    statement: Entry | None
    people: Entry | None
    documents: list[Entry]

    @property
    def entries(self) -> list[Entry]:
        return [each for each in (self.statement, self.people) if each] + self.documents


class Version(NamedTuple):
    """`changes` is what it made different from the one before; all of it, of the first."""

    entry: Entry
    changes: list[Change]


class Document(NamedTuple):
    """`body`: the file byte for byte."""

    title: str
    media_type: str
    body: bytes


async def wishes(actor: Actor) -> Wishes:
    """The statement and the people as they stand, None where nothing was said."""
    found = await entries.entries(actor, KINDS)
    only = {each.kind: each for each in reversed(found)}  # of what was brought in too, the newest
    documents = [each for each in found if each.kind == DOCUMENT.name]
    return Wishes(only.get(STATEMENT.name), only.get(PEOPLE.name), documents)


async def statement(actor: Actor) -> Entry | None:
    """Without the documents, which are large."""
    return await _only(actor, STATEMENT)


async def called(actor: Actor) -> Entry | None:
    """Whom to call, without the rest."""
    return await _only(actor, PEOPLE)


async def called_in(actor: Actor, version: int) -> tuple[Person, ...]:
    """Whom the list of this version names; nobody where there is none."""
    now = await _only(actor, PEOPLE)
    if now is None:
        return ()
    found = [now]
    if now.version != version:
        found = await entries.history(actor, [PEOPLE], now.entry_id)
    return next((people.people_of(each.values) for each in found if each.version == version), ())


async def state(actor: Actor, fields: Values, version: int, sure: str = "") -> Entry:
    """The statement anew, of today; `version` is the one that was shown, 0 for none.

    Raises `EntryFaults`, `EntryChanged`, `NotTakingPart`.
    """
    async with unit_of_work(actor) as tx:
        return await _write_in(tx, actor, STATEMENT, fields, version, sure)


async def call(actor: Actor, wanted: Sequence[Person], version: int) -> Entry | None:
    """The list of people anew, in this order; None where it is empty and gone now. Raises as
    `state` does, and `TooManyPeople`."""
    if len(wanted) > people.MOST:
        raise TooManyPeople(people.MOST)
    async with unit_of_work(actor) as tx:
        if not wanted:
            await _let_go_in(tx, actor, version)
            return None
        return await _write_in(tx, actor, PEOPLE, people.values_of(wanted), version)


async def versions(actor: Actor) -> list[Version]:
    """Of the statement, the newest first; none where nothing was stated."""
    now = await statement(actor)
    if now is None:
        return []
    found = await entries.history(actor, [STATEMENT], now.entry_id)
    older: list[Values] = [*(each.values for each in found[1:]), {}]
    names = [*QUESTIONS, *WORDS]
    return [
        Version(entry, comparing.changes(before, entry.values, names))
        for entry, before in zip(found, older, strict=True)
    ]


async def add_document(actor: Actor, title: str, dated: str, body: bytes, key: str = "") -> Entry:
    """`dated`: the day that stands on it; what came under this key already is left as it is.

    Raises `DocumentRefused` for what is no document that can be kept, `TooManyDocuments`, and as
    `state` does.
    """
    fault = paper.fault_of(body)
    if fault:
        raise DocumentRefused(fault)
    fields = await asyncio.to_thread(paper.typed, title, dated, body)
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        held = await entries.entries_in(tx, actor, [DOCUMENT])
        own = entries.id_of_name(tx, DOCUMENT, key)
        if len(held) >= paper.MOST_DOCUMENTS and all(each.entry_id != own for each in held):
            raise TooManyDocuments
        wish = _wish(DOCUMENT, fields)._replace(key=key)
        (entry,) = await entries.write_all_in(tx, actor, [wish])
        return entry


async def document(actor: Actor, entry_id: UUID) -> Document:
    """Raises `NotFound`."""
    values = (await entries.one(actor, [DOCUMENT], entry_id)).values
    body = await asyncio.to_thread(paper.body_of, values["content"])
    return Document(values["title"], paper.MEDIA[values["media"]], body)


async def remove_document(actor: Actor, entry_id: UUID) -> None:
    """For good. Raises `NotFound`, also for an entry of another kind."""
    async with entries.removing(actor, [entry_id]), unit_of_work(actor) as tx:
        await entries.one_in(tx, actor, [DOCUMENT], entry_id)
        await entries.remove_in(tx, actor, [entry_id])


async def revoke(actor: Actor) -> int:
    """All of it, every version, for good; how many there were. Raises `NotFound` for none."""
    async with entries.removing(actor, book=_ALL), unit_of_work(actor) as tx:
        found = await entries.entries_in(tx, actor, KINDS)
        if not found:
            raise NotFound
        return await entries.remove_in(tx, actor, [each.entry_id for each in found], book=_ALL)
    return 0


async def _only(actor: Actor, kind: Kind) -> Entry | None:
    return next(iter(await entries.entries(actor, [kind])), None)


async def _write_in(
    tx: Transaction, actor: Actor, kind: Kind, fields: Values, version: int, sure: str = ""
) -> Entry:
    await stored.locked_settings_in(tx)  # two first ones at once come one after the other
    known = await entries.entries_in(tx, actor, [kind])
    if known:
        wish = _wish(kind, fields, sure)._replace(entry_id=known[0].entry_id, version=version)
    elif version:
        raise EntryChanged
    else:
        wish = _wish(kind, fields, sure)._replace(key=_ONLY)
    (entry,) = await entries.write_all_in(tx, actor, [wish])
    return entry


def _wish(kind: Kind, fields: Values, sure: str = "") -> Wish:
    """Of the day it is written: what is wished is wished from that day on."""
    return Wish(kind, {**fields, "on": clock.today_in_japan().isoformat()}, sure=sure)


async def _let_go_in(tx: Transaction, actor: Actor, version: int) -> None:
    await stored.locked_settings_in(tx)
    known = await entries.entries_in(tx, actor, [PEOPLE])
    if not known:
        return
    if known[0].version != version:
        raise EntryChanged
    await entries.remove_in(tx, actor, [known[0].entry_id])
