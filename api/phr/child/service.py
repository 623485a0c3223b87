"""The books of children: begun, read, written and removed. Everything stands in the own entries."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.consent import stored
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.phr.child import kinds, queries, reminding
from api.phr.child.errors import OwnBookExists
from api.phr.child.grams import in_kilos
from api.phr.child.growth import MEASURES, SEXES, Sex
from api.phr.child.kinds import BOOK
from api.phr.child.reading import Child, Measured, gestation_of
from api.phr.due import service as due
from api.phr.entries import service as store
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import YES, read_day
from api.phr.entries.service import Entry, Wish


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
    """For other rooms, once each."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


async def followed_in(tx: Transaction, actor: Actor, of: Child) -> None:
    """What hangs on a book is written anew."""
    await reminding.remind_in(tx, actor, of)
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
    """As `children`."""
    found = await store.entries_in(tx, actor, BOOK)
    heads = [each for each in found if each.book == str(each.entry_id)]
    person = await person_in(tx) if any(_is_own(each) for each in heads) else None
    listed = [_child(each, person) for each in heads]
    return sorted(listed, key=lambda each: (not each.is_self, each.birth_on, each.book_id))


async def child(actor: Actor, book_id: UUID) -> Child:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await child_in(tx, actor, book_id)


async def child_in(tx: Transaction, actor: Actor, book_id: UUID) -> Child:
    """As `child`."""
    head = await store.one_in(tx, actor, BOOK, book_id)
    if head.book != str(book_id):
        raise NotFound
    return _child(head, await person_in(tx) if _is_own(head) else None)


async def book(actor: Actor, book_id: UUID) -> Book:
    """The child and every entry in one query. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        found = await store.entries_in(tx, actor, kinds.KINDS, book=str(book_id))
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
    """Raises `NotFound` where nobody is acted for."""
    async with unit_of_work(actor) as tx:
        found = await person_in(tx)
    if found is None:
        raise NotFound
    return found


async def person_in(tx: Transaction) -> Person | None:
    """None where the transaction is about nobody."""
    row = await queries.person(tx)
    if row is None:
        return None
    return Person(
        row["name"], next((each for each in SEXES if each == row["sex"]), None), row["birth_on"]
    )


async def begin(
    actor: Actor,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    is_self: bool = False,
    key: str = "",
) -> Child:
    """A new book; the one that came under this key already as it is. Raises `EntryFaults`,
    `OwnBookExists`, `NotTakingPart`."""
    kind = kinds.at_birth(BOOK, is_self=is_self)
    async with unit_of_work(actor) as tx:
        if tx.subject is None:
            raise NotFound
        await stored.locked_settings_in(tx)  # the same sent twice comes one after the other
        person = await person_in(tx)
        key = key or str(uuid7())
        book_id = store.id_of_key(tx.subject, kind, key)
        there = await children_in(tx, actor)
        if found := next((each for each in there if each.book_id == book_id), None):
            return found
        if is_self:
            _refuse_other_birth_day(person, fields)
            if await store.head_in(tx, BOOK.own) is not None:
                raise OwnBookExists
        name = str(book_id)
        wish = Wish(kind, in_kilos(fields), book=name, sure=sure, key=key)
        (head,) = await store.write_all_in(tx, actor, [wish])
        made = _child(head, person)
        await followed_in(tx, actor, made)
    return made


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
        wish = Wish(kind, in_kilos(fields), sure=sure, entry_id=book_id, version=version)
        (head,) = await store.write_all_in(tx, actor, [wish])
        changed = _child(head, person)
        await followed_in(tx, actor, changed)
    return changed


async def remove(actor: Actor, book_id: UUID, version: int | None = None) -> int:
    """The book with everything in it, for good; how many entries. Raises `NotFound`, and
    `EntryChanged` where whose it is was corrected since `version`."""
    async with store.removing(actor, [book_id]), unit_of_work(actor) as tx:
        await child_in(tx, actor, book_id)
        await store.unchanged_in(tx, actor, book_id, version)
        await queries.call_off(tx, book_id)
        await due.forget_book_in(tx, str(book_id))
        return await store.remove_book_in(tx, actor, str(book_id))
    return 0


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
        is_quiet=bool(values.get("is_quiet")),
    )


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
        **({"is_quiet": YES} if head.is_quiet else {}),
    }
