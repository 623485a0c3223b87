"""The books of children: begun, read, written and removed. Everything stands in the own entries."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.phr import due
from api.phr.child import kinds, queries
from api.phr.child.errors import OwnBookExists
from api.phr.child.growth import MEASURES, SEXES, Sex
from api.phr.child.kinds import BOOK, PAIRS
from api.phr.child.reading import Child, Measured, gestation_of
from api.phr.entries import service as store
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import plain, read_day
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry, Wish

What = Literal["growth", "checkup", "milestone"]
WHATS: Final[tuple[What, ...]] = ("growth", "checkup", "milestone")
MOST: Final = 5000
# Babies are weighed in grams: "3215g" is 3.215 kg. Without its unit a number is what the form asks.
_GRAMS: Final = re.compile(r"(\d{3,6})\s*(g|グラム)", re.ASCII | re.IGNORECASE)


class Book(NamedTuple):
    """A child and all that is written of them, newest day first."""

    child: Child
    growth: list[Entry]
    checkups: list[Entry]
    milestones: list[Entry]

    @property
    def measured(self) -> list[Measured]:
        return [Measured(each.entry_id, each.on, each.values) for each in self.growth]


# What other rooms do in the same transaction once a book was begun, corrected, or taken over.
Follower = Callable[[Transaction, Actor, Child], Awaitable[None]]
_FOLLOWERS: Final[list[Follower]] = []


def also_follows(follower: Follower) -> None:
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


async def followed_in(tx: Transaction, actor: Actor, of: Child) -> None:
    for follower in _FOLLOWERS:
        await follower(tx, actor, of)


class Person(NamedTuple):
    """The account's participant; `sex` where it is one the survey knows."""

    name: str
    sex: Sex | None
    birth_on: date


async def children(actor: Actor) -> list[Child]:
    """The book of oneself first, then the eldest."""
    async with unit_of_work(actor) as tx:
        return await children_in(tx, actor)


async def children_in(tx: Transaction, actor: Actor) -> list[Child]:
    found = await store.entries_in(tx, actor, BOOK, most=MOST)
    heads = [each for each in found if each.book == str(each.entry_id)]
    person = await person_in(tx) if any(_is_own(each) for each in heads) else None
    listed = [_child(each, person) for each in heads]
    return sorted(listed, key=lambda each: (not each.is_self, each.birth_on, each.book_id))


async def child(actor: Actor, book_id: UUID) -> Child:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await child_in(tx, actor, book_id)


async def child_in(tx: Transaction, actor: Actor, book_id: UUID) -> Child:
    head = await store.one_in(tx, actor, BOOK, book_id)
    if head.book != str(book_id):
        raise NotFound
    return _child(head, await person_in(tx) if _is_own(head) else None)


async def book(actor: Actor, book_id: UUID) -> Book:
    """The child and every entry in one query. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        found = await store.entries_in(tx, actor, kinds.KINDS, book=str(book_id), most=MOST)
        head = next((each for each in found if each.entry_id == book_id), None)
        if head is None:
            raise NotFound
        person = await person_in(tx) if _is_own(head) else None
    by_kind: dict[str, list[Entry]] = {}
    for each in found:
        by_kind.setdefault(each.kind.removeprefix("own-"), []).append(each)
    return Book(
        _child(head, person),
        by_kind.get(kinds.GROWTH.name, []),
        by_kind.get(kinds.CHECKUP.name, []),
        by_kind.get(kinds.MILESTONE.name, []),
    )


async def person(actor: Actor) -> Person:
    async with unit_of_work(actor) as tx:
        found = await person_in(tx)
    if found is None:
        raise NotFound
    return found


async def person_in(tx: Transaction) -> Person | None:
    row = await queries.person(tx)
    if row is None:
        return None
    return Person(
        row["name"], next((each for each in SEXES if each == row["sex"]), None), row["birth_on"]
    )


async def begin(
    actor: Actor, fields: Mapping[str, str], *, sure: str = "", is_self: bool = False
) -> Child:
    """A new book. Raises `EntryFaults`, `OwnBookExists`, `NotTakingPart`."""
    kind = kinds.at_birth(BOOK, is_self=is_self)
    async with unit_of_work(actor) as tx:
        person = await person_in(tx)
        if is_self:
            _refuse_other_birth_day(person, fields)
            if any(each.is_self for each in await children_in(tx, actor)):
                raise OwnBookExists
        if tx.subject is None:
            raise NotFound
        key = str(uuid7())
        name = str(store.id_of_key(tx.subject, kind, key))
        wish = Wish(kind, _in_kilos(fields), book=name, sure=sure, key=key)
        (head,) = await store.write_all_in(tx, actor, [wish])
        await followed_in(tx, actor, _child(head, person))
    return _child(head, person)


async def amend(
    actor: Actor, book_id: UUID, fields: Mapping[str, str], *, version: int, sure: str = ""
) -> Child:
    """Raises `EntryFaults`, `EntryChanged`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        before = await child_in(tx, actor, book_id)
        person = await person_in(tx)
        if before.is_self:
            _refuse_other_birth_day(person, fields)
        kind = kinds.at_birth(BOOK, is_self=before.is_self)
        wish = Wish(kind, _in_kilos(fields), sure=sure, entry_id=book_id, version=version)
        (head,) = await store.write_all_in(tx, actor, [wish])
        await followed_in(tx, actor, _child(head, person))
    return _child(head, person)


async def remove(actor: Actor, book_id: UUID) -> int:
    """The book with everything in it, for good; how many entries. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await child_in(tx, actor, book_id)
        await queries.call_off(tx, book_id)
        await due.forget_book_in(tx, str(book_id))
        return await store.remove_book_in(tx, actor, str(book_id))


async def write(
    actor: Actor,
    book_id: UUID,
    what: What,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    entry_id: UUID | None = None,
    version: int = 0,
) -> Entry:
    """A new entry, or a change of one. Raises `EntryFaults`, `EntryChanged`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        kind = kind_of(of, what, read_day(fields.get("on", "")) or of.birth_on)
        if entry_id is not None:
            await _of_book(tx, actor, kind, book_id, entry_id)
        if what == "milestone":
            await _refuse_twice(tx, actor, kind, book_id, fields, entry_id)
        wish = Wish(kind, _in_kilos(fields), str(book_id), sure, entry_id, version)
        (entry,) = await store.write_all_in(tx, actor, [wish])
    return entry


async def entry(actor: Actor, book_id: UUID, what: What, entry_id: UUID) -> tuple[Child, Entry]:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        kind = kind_of(of, what, of.birth_on)
        return of, await _of_book(tx, actor, kind, book_id, entry_id)


async def remove_entry(actor: Actor, book_id: UUID, what: What, entry_id: UUID) -> None:
    """Every version, for good. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await child_in(tx, actor, book_id)
        await _of_book(tx, actor, kind_of(of, what, of.birth_on), book_id, entry_id)
        await store.remove_in(tx, actor, [entry_id])


def kind_of(of: Child, what: What, on: date) -> Kind:
    """As what is written of this child on a day is read."""
    kind = kinds.at_birth(PAIRS[what], is_self=of.is_self)
    if what == "growth":
        return kinds.grown_on(kind, of.sex, of.birth_on, of.gestation, on)
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


def _refuse_other_birth_day(person: Person | None, fields: Mapping[str, str]) -> None:
    on = read_day(fields.get("on", ""))
    if on is not None and (person is None or person.birth_on != on):
        raise EntryFaults({"on": "error.child.not_my_birth_day"}, values=fields)


def _is_own(head: Entry) -> bool:
    return head.kind == BOOK.own.name


def _child(head: Entry, person: Person | None) -> Child:
    values = head.values
    sex = next(each for each in SEXES if each == values["sex"])
    name = values.get("name") or (person.name if person is not None else "")
    return Child(
        book_id=head.entry_id,
        name=name,
        sex=sex,
        birth_on=head.on,
        gestation=gestation_of(values.get("weeks", ""), values.get("days", "")),
        is_self=_is_own(head),
        version=head.version,
        birth={each: values[each] for each in (*MEASURES, "chest") if each in values},
    )


def _in_kilos(fields: Mapping[str, str]) -> Mapping[str, str]:
    written = unicodedata.normalize("NFKC", fields.get("weight", "")).replace(",", "").strip()
    grams = _GRAMS.fullmatch(written)
    if grams is None:
        return fields
    return {**fields, "weight": plain(f"{Decimal(grams[1]) / 1000:.3f}")}


def values_of(head: Child) -> dict[str, str]:
    """As the form of a book takes them."""
    weeks, days = ("", "") if head.gestation is None else map(str, head.gestation)
    return {
        "on": head.birth_on.isoformat(),
        "name": "" if head.is_self else head.name,
        "sex": head.sex,
        "weeks": weeks,
        "days": days,
        **head.birth,
    }


__all__: Sequence[str] = (
    "WHATS",
    "Book",
    "Child",
    "Person",
    "What",
    "amend",
    "begin",
    "book",
    "child",
    "child_in",
    "children",
    "children_in",
    "entry",
    "kind_of",
    "person",
    "remove",
    "remove_entry",
    "values_of",
    "write",
)
