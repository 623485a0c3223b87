"""What is written into a child's book: measurements, checkups and milestones."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal
from uuid import UUID

from msgspec.structs import replace

from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.child import kinds
from api.phr.child.grams import in_kilos
from api.phr.child.kinds import PAIRS
from api.phr.child.reading import Child
from api.phr.child.reminding import remind_in
from api.phr.child.service import child_in
from api.phr.entries import service as store
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import read_day
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry, Wish

What = Literal["growth", "checkup", "milestone"]
WHATS: Final[tuple[What, ...]] = ("growth", "checkup", "milestone")


async def write(
    actor: Actor,
    book_id: UUID,
    what: What,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    entry_id: UUID | None = None,
    version: int = 0,
    key: str = "",
) -> Entry:
    """A new entry, or a change of one; what came under this key already as it is.

    Raises `EntryFaults`, `EntryChanged`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        kind = kind_of(of, what, read_day(fields.get("on", "")) or of.birth_on)
        if entry_id is not None:
            await _of_book(tx, actor, kind, book_id, entry_id)
        named = f"{book_id}:{key}" if key else ""
        if what == "milestone":
            own = entry_id or store.id_of_name(tx, kind, named)
            await _refuse_twice(tx, actor, kind, book_id, fields, own)
        wish = Wish(kind, in_kilos(fields), str(book_id), sure, entry_id, version, key=named)
        (entry,) = await store.write_all_in(tx, actor, [wish])
        if what == "checkup":
            await remind_in(tx, actor, of)
    return entry


async def entry(actor: Actor, book_id: UUID, what: What, entry_id: UUID) -> tuple[Child, Entry]:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        kind = kind_of(of, what, of.birth_on)
        return of, await _of_book(tx, actor, kind, book_id, entry_id)


async def remove_entry(
    actor: Actor, book_id: UUID, what: What, entry_id: UUID, version: int | None = None
) -> None:
    """Every version, for good. Raises `NotFound`, and as `remove_in`."""
    async with store.removing(actor, [entry_id]), unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        await _of_book(tx, actor, kind_of(of, what, of.birth_on), book_id, entry_id)
        await store.remove_in(tx, actor, [entry_id], version)
        if what == "checkup":
            await remind_in(tx, actor, of)


def kind_of(of: Child, what: What, on: date) -> Kind:
    """As what is written of this child on a day is read."""
    kind = kinds.at_birth(PAIRS[what], is_self=of.is_self)
    if what == "growth":
        return kinds.grown_on(kind, of.sex, of.birth_on, of.gestation, on, of.birth)
    return replace(kind, earliest=of.birth_on)


async def _of_book(
    tx: Transaction, actor: Actor, kind: Kind, book_id: UUID, entry_id: UUID
) -> Entry:
    found = await store.one_in(tx, actor, [kind], entry_id)
    if found.book != str(book_id):
        raise NotFound
    return found


async def _refuse_twice(
    tx: Transaction,
    actor: Actor,
    kind: Kind,
    book_id: UUID,
    fields: Mapping[str, str],
    entry_id: UUID | None,
) -> None:
    there = await store.entries_in(tx, actor, [kind], book=str(book_id))
    if any(
        each.values["which"] == fields.get("which") and each.entry_id != entry_id for each in there
    ):
        raise EntryFaults({"which": "error.child.milestone_twice"}, values=fields)
