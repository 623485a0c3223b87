"""A file of measurements, looked at before it is kept, and taken back in one go."""

import asyncio
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.phr.entries import service as entries
from api.phr.entries.kinds import JAPAN
from api.phr.entries.service import Wish
from api.phr.vitals.errors import TableRefused
from api.phr.vitals.kinds import KINDS
from api.phr.vitals.lines import Draft, Mark, Table, mark_of, read_table, with_held
from api.phr.vitals.table import MAX_LINES, NoTable

# Events name what they tell of; so many at a time.
_AT_ONCE: Final = 1000
_MOST_HELD: Final = 200_000


class Kept(NamedTuple):
    """`book` takes it back. `held` were stored already, `faulty` lines were left out."""

    book: UUID
    added: int
    held: int
    faulty: int


async def look(actor: Actor, body: bytes) -> Table:
    """Raises `TableRefused`; keeps nothing."""
    table = await _read(body)
    async with unit_of_work(actor) as tx:
        return await _compared(tx, actor, table)


async def keep(actor: Actor, body: bytes) -> Kept:
    """The lines without a fault that are not stored yet, in one transaction.

    Raises as `look`, and `NotTakingPart`.
    """
    table = await _read(body)
    book = uuid7()
    async with unit_of_work(actor) as tx:
        table = await _compared(tx, actor, table)
        drafts = [draft for line in table.lines for draft in line.drafts]
        new = [each for each in drafts if not each.is_held]
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            await entries.write_all_in(tx, actor, [_wish(each, book) for each in part])
    faulty = sum(bool(line.faults) for line in table.lines)
    return Kept(book, len(new), len(drafts) - len(new), faulty)


async def undo(actor: Actor, book: UUID) -> int:
    """What one file brought, for good. Raises `NotFound`."""
    async with entries.removing(actor, book=_book(book)), unit_of_work(actor) as tx:
        gone = await entries.remove_book_in(tx, actor, _book(book))
        if not gone:
            raise NotFound
        return gone
    return 0


async def _read(body: bytes) -> Table:
    now = clock.now().astimezone(JAPAN)
    try:
        return await asyncio.to_thread(read_table, body, now.date(), now.time())
    except NoTable as refused:
        raise TableRefused(refused.reason, most=f"{MAX_LINES:,}") from None


async def _compared(tx: Transaction, actor: Actor, table: Table) -> Table:
    drafts = [draft for line in table.lines for draft in line.drafts]
    if not drafts:
        return table
    days = [date.fromisoformat(each.values["on"]) for each in drafts]
    names = {each.kind.name for each in drafts}
    kinds = [each for each in KINDS if each.name in names]
    found = await entries.entries_in(
        tx, actor, kinds, since=min(days), until=max(days), most=_MOST_HELD
    )
    held: set[Mark] = {mark_of(each.kind, each.values) for each in found}
    return with_held(table, held)


def _wish(draft: Draft, book: UUID) -> Wish:
    """What is odd was shown, and said yes to, before."""
    return Wish(draft.kind, draft.values, book=_book(book), is_read=True)


def _book(book: UUID) -> str:
    """Nobody takes another room's book back by its id."""
    return f"vitals-file-{book}"
