"""Doses written, read and removed, with what the rules say of them; and the days they come due."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.child import service as children
from api.phr.child.reading import Child
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.entries import service as store
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry, Wish
from api.phr.immunization import adults, engine, reminding
from api.phr.immunization.adults import Offer
from api.phr.immunization.engine import Person
from api.phr.immunization.judging import judged
from api.phr.immunization.kinds import OF_CHILD, OWN, vaccine_of
from api.phr.immunization.plans import Dose, Plan


class Whose(NamedTuple):
    """A child of a keeper's book, or the account's participant; then `book_id` is None.
    `is_quiet`: no day ahead is shown or told."""

    name: str
    person: Person
    book_id: UUID | None
    is_quiet: bool = False

    @property
    def book(self) -> str:
        return str(self.book_id or "")

    @property
    def kind(self) -> Kind:
        return OF_CHILD if self.book_id else OWN


class Vaccinations(NamedTuple):
    """`entries` newest day first; `elsewhere` are doses that facilities recorded. `offers`: of the
    routine of older people, of oneself alone; `days`: when a notice says that something is due, of
    oneself where a dose is written."""

    whose: Whose
    entries: list[Entry]
    elsewhere: list[Dose]
    plans: list[Plan]
    beside: list[Dose]
    offers: list[Offer]
    today: date
    days: Sequence[Due] = ()

    @property
    def next_notice(self) -> date | None:
        return min((each.on for each in self.days if each.on >= self.today), default=None)

    def entry(self, dose: Dose) -> Entry | None:
        return next((each for each in self.entries if str(each.entry_id) == dose.of), None)


async def vaccinations(
    actor: Actor, book_id: UUID | None, elsewhere: Sequence[Dose] = ()
) -> Vaccinations:
    """Of a child, or of oneself without `book_id`. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        whose = await whose_in(tx, actor, book_id)
        entries = await _entries_in(tx, actor, whose)
    return _said(whose, entries, elsewhere)


async def write(
    actor: Actor,
    book_id: UUID | None,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    entry_id: UUID | None = None,
    version: int = 0,
    elsewhere: Sequence[Dose] = (),
    key: str = "",
) -> Entry:
    """A new dose, or a change of one; what came under this key already as it is.

    Raises `EntryFaults`, `EntryChanged`, `NotFound`."""
    async with unit_of_work(actor) as tx:
        whose = await whose_in(tx, actor, book_id)
        before = await _entries_in(tx, actor, whose)
        if entry_id is not None and all(each.entry_id != entry_id for each in before):
            raise NotFound
        key = f"{whose.book}:{key}" if key else ""
        own = entry_id or store.id_of_name(tx, whose.kind, key)
        others = [each for each in before if each.entry_id != own]
        today = clock.today_in_japan()
        kind = judged(whose.kind, whose.person, _doses(others, elsewhere), today)
        wish = Wish(kind, fields, whose.book, sure, entry_id, version, key=key)
        (entry,) = await store.write_all_in(tx, actor, [wish])
        await _note_due_in(tx, whose, [entry, *others], elsewhere)
    return entry


async def remove(
    actor: Actor,
    book_id: UUID | None,
    entry_id: UUID,
    elsewhere: Sequence[Dose] = (),
    version: int | None = None,
) -> None:
    """Every version, for good. Raises `NotFound`, and as `remove_in`."""
    async with store.removing(actor, [entry_id]), unit_of_work(actor) as tx:
        whose = await whose_in(tx, actor, book_id)
        before = await _entries_in(tx, actor, whose)
        left = [each for each in before if each.entry_id != entry_id]
        if len(left) == len(before):
            raise NotFound
        await store.remove_in(tx, actor, [entry_id], version)
        await _note_due_in(tx, whose, left, elsewhere)


async def one(actor: Actor, book_id: UUID | None, entry_id: UUID) -> tuple[Whose, Entry]:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        whose = await whose_in(tx, actor, book_id)
        found = await store.one_in(tx, actor, [whose.kind], entry_id)
        if whose.book_id and found.book != whose.book:
            raise NotFound
        return whose, found


async def follow_in(tx: Transaction, actor: Actor, child: Child) -> None:
    """The days to come, anew: of a child's book just begun, corrected, or taken over."""
    whose = _whose(child)
    await _note_due_in(tx, whose, await _entries_in(tx, actor, whose), ())


async def whose_in(tx: Transaction, actor: Actor, book_id: UUID | None) -> Whose:
    """Raises `NotFound`; of a book of oneself the doses are one's own, without a book."""
    if book_id is not None:
        return _whose(await children.child_in(tx, actor, book_id))
    person = await children.person_in(tx)
    if person is None:
        raise NotFound
    return Whose(person.name, Person(person.birth_on, person.sex or ""), None)


async def note_all_in(tx: Transaction, actor: Actor, elsewhere: Sequence[Dose] = ()) -> None:
    """The same of every child and of oneself: after a whole life was brought in, or by new rules.
    Of oneself where a dose is written; `elsewhere`: those that facilities recorded."""
    for child in await children.children_in(tx, actor):
        await follow_in(tx, actor, child)
    whose = await whose_in(tx, actor, None)
    await _note_due_in(tx, whose, await _entries_in(tx, actor, whose), elsewhere)


async def days_in(
    tx: Transaction, actor: Actor, book_of: Sequence[Child]
) -> list[tuple[Due, str, str]]:
    """What is to be told of these children, and of oneself where a dose is written, by the doses
    the actor is shown; with the child's name and book, "" for oneself."""
    days: list[tuple[Due, str, str]] = []
    for whose in map(_whose, book_of):
        said = _said(whose, await _entries_in(tx, actor, whose), ())
        days += [(each, whose.name if whose.book_id else "", whose.book) for each in said.days]
    own = await whose_in(tx, actor, None)
    said = _said(own, await _entries_in(tx, actor, own), ())
    return [*days, *((each, "", "") for each in said.days)]


def _whose(child: Child) -> Whose:
    book = None if child.is_self else child.book_id
    is_quiet = child.is_quiet and not child.is_self
    return Whose(child.name, Person(child.birth_on, child.sex), book, is_quiet)


async def _note_due_in(
    tx: Transaction, whose: Whose, entries: list[Entry], elsewhere: Sequence[Dose]
) -> None:
    said = _said(whose, entries, elsewhere)
    await due.set_in(
        tx,
        "immunization",
        said.days,
        said.today,
        book=whose.book,
        rules=reminding.rules_on(said.today),
    )


async def _entries_in(tx: Transaction, actor: Actor, whose: Whose) -> list[Entry]:
    book = whose.book if whose.book_id else None
    return await store.entries_in(tx, actor, [whose.kind], book=book)


def _said(whose: Whose, entries: list[Entry], elsewhere: Sequence[Dose]) -> Vaccinations:
    today = clock.today_in_japan()
    birth_on, sex = whose.person
    doses = [adults.of_age(each, birth_on) for each in _doses(entries, elsewhere)]
    plans = engine.plans(whose.person, doses, today)
    is_own = whose.book_id is None
    days: list[Due] = []
    if (entries or not is_own) and not whose.is_quiet:
        days += reminding.of_plans(plans, today)
    if entries and is_own:
        days += reminding.of_offers(adults.ahead(birth_on, sex, doses, today), today)
    return Vaccinations(
        whose,
        entries,
        list(elsewhere),
        plans,
        engine.beside(doses, today),
        adults.offers(birth_on, sex, doses, today) if is_own else [],
        today,
        days,
    )


def _doses(entries: Sequence[Entry], elsewhere: Sequence[Dose]) -> list[Dose]:
    """A dose that a facility recorded too is one."""
    own = [Dose(vaccine_of(each.values), each.on, str(each.entry_id)) for each in entries]
    written = {(each.vaccine, each.on) for each in own}
    return [*own, *(each for each in elsewhere if (each.vaccine, each.on) not in written)]
