"""A child's book goes to the child's own account: offered by a code, taken within seven days.

Nothing is copied and nothing stays behind: one transaction takes every entry with its history out
of the keeper's records and puts it into the child's, as entries about themselves.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.database import Transaction, go_on_as, unit_of_work
from api.core.errors import NotFound
from api.identity import attempts
from api.identity.typed import is_digits, normalise_digits
from api.phr.child import kinds, queries, service
from api.phr.child.errors import CodeRefused, CodeThrottled, OtherBirthDay
from api.phr.child.kinds import BOOK, Pair
from api.phr.child.reading import Child
from api.phr.due import service as due
from api.phr.entries import moving
from api.phr.entries import service as store
from api.phr.entries.moving import Version

LASTS: Final = timedelta(days=7)
DIGITS: Final = 12
TRIES: Final = 10

# Every kind a child's book holds, twice; rooms whose entries stand in it add theirs.
_PAIRS: Final[list[Pair]] = [BOOK, *kinds.PAIRS.values()]


def pairs() -> tuple[Pair, ...]:
    """Each kind of a child's book with the one it becomes."""
    return tuple(_PAIRS)


def also_moves(pairs: Iterable[Pair]) -> None:
    """Kinds of another room that stand in children's books."""
    _PAIRS.extend(each for each in pairs if each not in _PAIRS)


class Line(NamedTuple):
    """How many entries of one kind move; `title` is theirs in records."""

    kind: str
    title: str
    entries: int


class Content(NamedTuple):
    """What moves, as the keeper and the one who takes it see beforehand."""

    name: str
    birth_on: date
    lines: list[Line]

    @property
    def total(self) -> int:
        return sum(each.entries for each in self.lines)


class Code(NamedTuple):
    """`digits` are known once, to whoever made the offer."""

    digits: str
    expires_at: datetime

    @property
    def grouped(self) -> str:
        return "-".join(self.digits[at : at + 4] for at in range(0, DIGITS, 4))


class Offer(NamedTuple):
    made_at: datetime
    expires_at: datetime


async def content(actor: Actor, book_id: UUID) -> tuple[Child, Content, Offer | None]:
    """For the keeper: the child, what would move, and the offer that waits. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        of = await _keepers_in(tx, actor, book_id)
        row = await queries.open_offer(tx, book_id)
        offer = Offer(row["made_at"], row["expires_at"]) if row else None
        return of, await _content_in(tx, of), offer


async def offer(actor: Actor, book_id: UUID) -> Code:
    """A new code in place of an earlier one. Raises `NotFound`, also for a book of oneself."""
    expires_at = clock.now() + LASTS
    async with unit_of_work(actor) as tx:
        await _keepers_in(tx, actor, book_id)
        await queries.call_off(tx, book_id)
        for _ in range(TRIES):
            digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            if await queries.add_offer(tx, book_id, _hash(digits), expires_at):
                await access_log.append(tx, EventName.CHILD_BOOK_OFFERED, detail={})
                return Code(digits, expires_at)
    raise RuntimeError("no free code for a child's book")


async def call_off(actor: Actor, book_id: UUID) -> None:
    """Ends the offer that waits, if any."""
    async with unit_of_work(actor) as tx:
        until = await queries.call_off(tx, book_id)
        if until is not None and until > clock.now():
            await access_log.append(tx, EventName.CHILD_BOOK_CALLED_OFF, detail={})


async def look(actor: Actor, typed: str) -> Content:
    """What a code brings, for whoever is to take it; nothing moves.

    Raises `CodeRefused`, `CodeThrottled` and `OtherBirthDay`.
    """
    keeper, _ = await _found(actor, typed)
    person = await service.person(actor)
    async with unit_of_work(_plain(actor), subject=keeper) as tx:
        row = await queries.offer_of_code(tx, _hash(normalise_digits(typed)))
        if row is None:
            raise CodeRefused
        of = await service.child_in(tx, _plain(actor), row["book_id"])
        if of.birth_on != person.birth_on:
            raise OtherBirthDay
        return await _content_in(tx, of)


async def take(actor: Actor, typed: str) -> UUID:
    """Moves the book into the actor's account, or into that of whom they act for; answers its id.

    Raises as `look`, and `NotTakingPart`.
    """
    keeper, _ = await _found(actor, typed)
    plain = _plain(actor)
    async with unit_of_work(plain, subject=keeper) as tx:
        await moving.hold_in(tx)
        book_id = await queries.take(tx, _hash(normalise_digits(typed)))
        if book_id is None:
            raise CodeRefused
        of = await service.child_in(tx, plain, book_id)
        versions = await moving.take_out_in(tx, str(book_id))
        await due.forget_book_in(tx, str(book_id))
        await access_log.append(tx, EventName.CHILD_BOOK_LEFT, detail=_told(versions))
        await go_on_as(tx, actor)
        if tx.subject == keeper:
            raise CodeRefused
        return await _put_in(tx, actor, of, versions)


async def _put_in(tx: Transaction, actor: Actor, of: Child, versions: Sequence[Version]) -> UUID:
    level = await moving.hold_in(tx)
    person = await service.person_in(tx)
    if person is None or person.birth_on != of.birth_on:
        raise OtherBirthDay
    book_id = await store.head_in(tx, BOOK.own) or of.book_id
    made = [_own(each) for each in versions]
    await moving.put_in(tx, made, str(book_id), level)
    await access_log.append(tx, EventName.CHILD_BOOK_TAKEN, detail=_told(versions))
    theirs = of._replace(book_id=book_id, is_self=True, is_quiet=False)
    await service.followed_in(tx, actor, theirs)
    return book_id


def _own(version: Version) -> Version:
    """The same about the participant themselves, coded for every reader."""
    for pair in _PAIRS:
        if pair.of_child.name == version.kind:
            return version.read_anew(pair.of_child, pair.own)
    raise LookupError("an entry of a child's book that nobody moves")


def _plain(actor: Actor) -> Actor:
    """Whoever is at the door in their own name, also where they act for somebody."""
    if not actor.is_proxy:
        return actor
    return replace(
        actor,
        participant_id=actor.own_participant_id,
        own_participant_id=None,
        principal_name=None,
        powers=None,
        is_shown_restricted=True,
    )


async def _found(actor: Actor, typed: str) -> tuple[UUID, UUID]:
    """Keeper and book. A try that hits costs nothing; every other one counts."""
    digits = normalise_digits(typed)
    if actor.account_id is None:
        raise NotFound
    if not is_digits(digits, DIGITS):
        raise CodeRefused
    tried = attempts.child_book_keys(actor.account_id)
    async with unit_of_work(actor) as tx:
        wait = await attempts.charge(tx, tried)
        row = None if wait else await queries.offer_of_code(tx, _hash(digits))
        if row is not None:
            await attempts.refund(tx, tried)
        await attempts.sweep(tx)
    if wait:
        raise CodeThrottled(wait)
    if row is None:
        raise CodeRefused
    return row["participant_id"], row["book_id"]


async def _keepers_in(tx: Transaction, actor: Actor, book_id: UUID) -> Child:
    of = await service.child_in(tx, actor, book_id)
    if of.is_self:
        raise NotFound
    return of


async def _content_in(tx: Transaction, of: Child) -> Content:
    counts = Counter(await moving.content_in(tx, str(of.book_id)))
    lines = [Line(kind, title, count) for (kind, title), count in sorted(counts.items())]
    return Content(of.name, of.birth_on, lines)


def _told(versions: Iterable[Version]) -> dict[str, Any]:
    current = [each for each in versions if each.is_current]
    counts = Counter((each.resource_type, each.category) for each in current)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": lines, "ids": [each.record_id for each in current]}


def _hash(digits: str) -> bytes:
    return runtime.keys().keyed_hash("child_book", digits)


__all__ = (
    "Code",
    "Content",
    "Line",
    "Offer",
    "also_moves",
    "call_off",
    "content",
    "look",
    "offer",
    "take",
)
