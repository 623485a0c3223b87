"""A pregnancy begun, corrected, followed and closed: one open at a time, held by the lock on the
participant's settings."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from api.consent import stored
from api.consent.facts import NORMAL, RESTRICTED, SECRET
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr.due import service as due
from api.phr.entries import service as entries
from api.phr.entries.fields import read_day
from api.phr.entries.service import Entry, Wish
from api.phr.maternal import dates, kept, kinds, minors
from api.phr.maternal.book import Book, Newborn
from api.phr.maternal.errors import BirthThere, NoBirthYet, PregnancyClosed
from api.phr.maternal.reminding import remind_in


class Asked(NamedTuple):
    """`sure` says yes to odd values; `version` is the one that is changed; `key` names a new entry
    for whoever sends it twice."""

    fields: Mapping[str, str]
    sure: str = ""
    version: int = 0
    key: str = ""


class Dated(NamedTuple):
    """A due date as it stood since `written_at`."""

    due_on: date
    dated_by: str
    written_at: datetime


async def books(actor: Actor) -> list[Book]:
    """The latest first, those that were closed too."""
    async with unit_of_work(actor) as tx:
        return await kept.books_in(tx, actor)


async def open_book(actor: Actor) -> Book | None:
    """The one that goes on, if any."""
    return next((each for each in await books(actor) if each.state == "open"), None)


async def book(actor: Actor, pregnancy_id: UUID) -> Book:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        return await kept.book_in(tx, actor, pregnancy_id)


async def begin(actor: Actor, asked: Asked) -> UUID:
    """Raises `PregnancyOpen`, `EntryFaults`, `NotTakingPart`."""
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        there = kept.id_of(tx, kinds.PREGNANCY, asked.key)
        await kept.check_none_open_in(tx, actor, but=there)
        wish = _head(asked, {})._replace(least=await minors.least_in(tx, actor))
        (entry,) = await entries.write_all_in(tx, actor, [wish])
        await remind_in(tx, await kept.book_in(tx, actor, entry.entry_id))
    return entry.entry_id


async def correct(actor: Actor, pregnancy_id: UUID, asked: Asked) -> None:
    """Other days or figures; earlier ones are kept. Raises `EntryFaults`, `EntryChanged`,
    `NotFound`, `NotTakingPart`."""
    async with unit_of_work(actor) as tx:
        before = await kept.head_in(tx, actor, pregnancy_id)
        wish = _head(asked, before.values)._replace(entry_id=pregnancy_id, version=asked.version)
        await entries.write_all_in(tx, actor, [wish])
        await remind_in(tx, await kept.book_in(tx, actor, pregnancy_id))


async def due_dates(actor: Actor, pregnancy_id: UUID) -> list[Dated]:
    """As they were held, the newest first, each once. Raises `NotFound`."""
    found = list[Dated]()
    for each in reversed(await entries.history(actor, [kinds.PREGNANCY], pregnancy_id)):
        due_on = dates.due_in(each.values)
        said = each.values.get("dated_by", "")
        if due_on and (not found or found[-1][:2] != (due_on, said)):
            found.append(Dated(due_on, said, each.written_at))
    return found[::-1]


async def close(actor: Actor, pregnancy_id: UUID) -> None:
    """Without a birth and without a question; as delicate from now on as how a pregnancy ended
    is in the records of facilities. Raises `NotFound`, `BirthThere`."""
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        now = await kept.book_in(tx, actor, pregnancy_id)
        if now.state == "born":
            raise BirthThere
        await kept.mark_in(tx, actor, now, "yes")
        await due.forget_book_in(tx, str(pregnancy_id))


async def reopen(actor: Actor, pregnancy_id: UUID) -> None:
    """Raises `NotFound`, `PregnancyOpen`."""
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        now = await kept.book_in(tx, actor, pregnancy_id)
        if now.state == "closed":
            if now.birth is None:
                await kept.check_none_open_in(tx, actor)
            await kept.mark_in(tx, actor, now, "")
            await remind_in(tx, await kept.book_in(tx, actor, pregnancy_id))


async def is_kept(actor: Actor, pregnancy_id: UUID) -> bool | None:
    """Whether a minor keeps it from whoever acts for them; None where that is not theirs to say."""
    async with unit_of_work(actor) as tx:
        head = await kept.head_in(tx, actor, pregnancy_id)
        is_theirs = await minors.has_own_say_in(tx, actor) and not head.values.get(kept.CLOSED_BY)
    return head.level >= RESTRICTED if is_theirs else None


async def show_to_proxies(actor: Actor, pregnancy_id: UUID, *, is_shown: bool) -> None:
    """By the minor alone, and taken back as easily. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        now = await kept.book_in(tx, actor, pregnancy_id)
        if now.state == "closed" or not await minors.has_own_say_in(tx, actor):
            raise NotFound
        bounds = (NORMAL, NORMAL) if is_shown else (RESTRICTED, SECRET)
        await kept.write_anew_in(tx, actor, now.whole, *bounds)


async def remove(actor: Actor, pregnancy_id: UUID, version: int | None = None) -> None:
    """With all that was written in it, for good. Raises `NotFound`, and `EntryChanged` where its
    day was corrected since `version`."""
    async with entries.removing(actor, [pregnancy_id]), unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        await kept.head_in(tx, actor, pregnancy_id)
        await entries.unchanged_in(tx, actor, pregnancy_id, version)
        await due.forget_book_in(tx, str(pregnancy_id))
        await entries.remove_book_in(tx, actor, str(pregnancy_id))
        await entries.remove_in(tx, actor, [pregnancy_id])


async def write(
    actor: Actor, pregnancy_id: UUID, kind_name: str, asked: Asked, entry_id: UUID | None = None
) -> UUID:
    """A new entry, or with `entry_id` a change of it. Raises `NotFound`, `EntryFaults`,
    `EntryChanged`, `BirthThere`, `NoBirthYet`, `PregnancyClosed`, `NotTakingPart`."""
    kind = next((each for each in kinds.OF_BOOK if each.name == kind_name), None)
    if kind is None:
        raise NotFound
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        now = await kept.book_in(tx, actor, pregnancy_id)
        if entry_id is not None and kept.entry_of(now, entry_id).kind != kind.name:
            raise NotFound
        head = await kept.head_in(tx, actor, pregnancy_id)
        wish = Wish(
            kind=kinds.within(kind, now.due_on, now.leaps),
            fields=asked.fields,
            book=str(pregnancy_id),
            sure=asked.sure,
            entry_id=entry_id,
            version=asked.version,
            key=f"{pregnancy_id}:{asked.key}" if asked.key else "",
            least=_least(now, head, actor),
        )
        following = list[Wish]()
        if kind is kinds.NEWBORN:
            wish = _of_newborn(now, wish, actor)
        elif kind is kinds.BIRTH:
            following = _of_birth(tx, now, wish)
            least = max((int(each.values["number"]) for each in now.newborns), default=0)
            wish = wish._replace(kind=kinds.birth(now.due_on, least))
        entry, *_ = await entries.write_all_in(tx, actor, [wish, *following])
        if kind in (kinds.VISIT, kinds.BIRTH):
            await remind_in(tx, await kept.book_in(tx, actor, pregnancy_id))
    return entry.entry_id


async def remove_entry(
    actor: Actor, pregnancy_id: UUID, entry_id: UUID, version: int | None = None
) -> None:
    """For good; a birth with its newborns, and the pregnancy is open again.

    Raises `NotFound`, `PregnancyOpen`, and as `remove_in`.
    """
    async with entries.removing(actor, [entry_id]), unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        now = await kept.book_in(tx, actor, pregnancy_id)
        gone = [kept.entry_of(now, entry_id)]
        if now.birth is not None and entry_id == now.birth.entry_id:
            if now.state == "born":
                await kept.check_none_open_in(tx, actor)
            gone += now.newborns
        await entries.remove_in(tx, actor, [each.entry_id for each in gone], version)
        await remind_in(tx, await kept.book_in(tx, actor, pregnancy_id))


async def note_all_in(tx: Transaction, actor: Actor) -> None:
    """The days of every pregnancy's checkups, anew."""
    for each in await kept.books_in(tx, actor):
        await remind_in(tx, each)


async def newborn(actor: Actor, entry_id: UUID, number: int) -> Newborn | None:
    """Of a birth's entry, what a child's book begins with; nothing where there is no such child."""
    async with unit_of_work(actor) as tx:
        try:
            birth = await entries.one_in(tx, actor, [kinds.BIRTH], entry_id)
            found = await kept.book_in(tx, actor, UUID(birth.book))
        except NotFound:
            return None
    return found.newborn(number)


def _head(asked: Asked, before: Mapping[str, str]) -> Wish:
    """Whether it is closed is not for a form to say."""
    today = clock.today_in_japan()
    fields = {**asked.fields, kept.CLOSED_BY: before.get(kept.CLOSED_BY, "")}
    due_on = dates.due_in({name: _day(fields.get(name, "")) for name in ("edd", "lmp")})
    on = min(today, max(dates.begin_of(due_on), kinds.PREGNANCY.earliest)) if due_on else today
    fields |= {"on": on.isoformat(), "time": ""}
    return Wish(kind=kinds.pregnancy(today), fields=fields, sure=asked.sure, key=asked.key)


def _of_birth(tx: Transaction, now: Book, wish: Wish) -> list[Wish]:
    """The newborns are of the birth's day, also when that is corrected."""
    is_new = wish.entry_id is None
    if is_new and now.birth and now.birth.entry_id != kept.id_of(tx, kinds.BIRTH, wish.key):
        raise BirthThere
    if now.state == "closed":
        raise PregnancyClosed
    return [
        Wish(
            kind=kinds.NEWBORN,
            fields={**each.values, "on": wish.fields.get("on", "")},
            entry_id=each.entry_id,
            version=each.version,
            is_sure=True,
        )
        for each in now.newborns
    ]


def _of_newborn(now: Book, wish: Wish, actor: Actor) -> Wish:
    """One who died is as delicate as a pregnancy that was closed, and of their size nothing is
    asked."""
    if now.birth is None:
        raise NoBirthYet
    if wish.fields.get("is_parted"):
        least = RESTRICTED if actor.is_shown_restricted else wish.least
        wish = wish._replace(least=least, is_sure=True)
    elif any(
        each.values.get("is_parted") for each in now.newborns if each.entry_id == wish.entry_id
    ):
        wish = wish._replace(most=max(wish.least, NORMAL))
    others = (each for each in now.newborns if each.entry_id != wish.entry_id)
    taken = {each.values.get("number", "") for each in others}
    most = int(now.birth.values.get("babies", "1"))
    return wish._replace(
        kind=kinds.numbered(most, frozenset(taken)),
        fields={**wish.fields, "on": now.birth.on.isoformat()},
    )


def _day(typed: str) -> str:
    on = read_day(typed)
    return on.isoformat() if on else ""


def _least(now: Book, head: Entry, actor: Actor) -> int:
    """As delicate as the pregnancy it is of."""
    is_delicate = now.state == "closed" or head.level >= RESTRICTED
    return RESTRICTED if is_delicate and actor.is_shown_restricted else NORMAL
