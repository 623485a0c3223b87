"""Pregnancies as they are kept: read whole, one open at a time, marked and written anew."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from api.consent.facts import NORMAL, RESTRICTED, SECRET
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import NotFound
from api.phr.entries import service as entries
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry, Wish
from api.phr.maternal import kinds
from api.phr.maternal.book import Book, Written, book_of
from api.phr.maternal.errors import PregnancyOpen

CLOSED_BY: Final = "is_closed"


async def books_in(tx: Transaction, actor: Actor) -> list[Book]:
    known = await entries.entries_in(tx, actor, kinds.KINDS)
    found = [
        book_of(
            _written(head), (_written(each) for each in known if each.book == str(head.entry_id))
        )
        for head in known
        if head.kind == kinds.PREGNANCY.name
    ]
    return sorted((each for each in found if each), key=lambda each: each.due_on, reverse=True)


async def head_in(tx: Transaction, actor: Actor, pregnancy_id: UUID) -> Entry:
    return await entries.one_in(tx, actor, [kinds.PREGNANCY], pregnancy_id)


async def book_in(tx: Transaction, actor: Actor, pregnancy_id: UUID) -> Book:
    head = await head_in(tx, actor, pregnancy_id)
    of_book = await entries.entries_in(tx, actor, kinds.OF_BOOK, book=str(pregnancy_id))
    found = book_of(_written(head), map(_written, of_book))
    if found is None:
        raise NotFound
    return found


async def check_none_open_in(tx: Transaction, actor: Actor, but: UUID | None = None) -> None:
    if any(each.state == "open" and each.id != but for each in await books_in(tx, actor)):
        raise PregnancyOpen


def id_of(tx: Transaction, kind: Kind, key: str) -> UUID | None:
    """Of what came already under the sender's own name for it."""
    return entries.id_of_key(tx.subject, kind, key) if key and tx.subject else None


def entry_of(now: Book, entry_id: UUID) -> Written:
    found = next((each for each in now.whole[1:] if each.entry_id == entry_id), None)
    if found is None:
        raise NotFound
    return found


async def mark_in(tx: Transaction, actor: Actor, now: Book, is_closed: str) -> None:
    head = now.head._replace(values={**now.head.values, CLOSED_BY: is_closed})
    # Whoever is shown nothing restricted would lose sight of what they keep for somebody.
    is_delicate = bool(is_closed) and actor.is_shown_restricted
    written = [head, *now.entries] if is_delicate else [head]
    await write_anew_in(tx, actor, written, RESTRICTED if is_delicate else NORMAL, SECRET)


async def write_anew_in(
    tx: Transaction, actor: Actor, written: Sequence[Written], least: int, most: int
) -> None:
    wishes = [
        Wish(
            kind=kinds.OF_NAME[each.kind],
            fields=each.values,
            entry_id=each.entry_id,
            version=each.version,
            is_sure=True,
            least=least,
            most=most,
        )
        for each in written
    ]
    await entries.write_all_in(tx, actor, wishes)


def _written(entry: Entry) -> Written:
    return Written(
        entry.entry_id,
        entry.kind,
        entry.version,
        entry.on,
        entry.values,
        entry.by,
        entry.written_at,
    )
