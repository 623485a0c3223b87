"""The books somebody keeps: what was written last in each, and what comes next."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr import due
from api.phr.checkup import kinds as checkup
from api.phr.due import Due, DueKind
from api.phr.entries import service as entries
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Newest
from api.phr.immunization import kinds as immunization
from api.phr.maternal import kinds as maternal
from api.phr.maternal import schedule
from api.phr.maternal import service as pregnancies
from api.phr.vitals import kinds as vitals


class Book(NamedTuple):
    """`name` is that of its texts; `path` its page; `due` what of it is told when its day comes."""

    name: str
    path: str
    kinds: tuple[Kind, ...]
    due: DueKind | None = None


class Standing(NamedTuple):
    """`title` and `written_at` of what was written last, None in an empty book. `next` is the day
    of the next notice, with why."""

    book: Book
    entries: int
    title: str
    written_at: datetime | None
    next: Due | None


# In the order they stand.
BOOKS: Final = (
    Book("vitals", "/book/vitals", vitals.KINDS),
    Book("checkup", "/book/checkups", checkup.KINDS),
    Book("pregnancy", "/book/pregnancy", maternal.KINDS, "visit"),
    Book("vaccines", "/book/vaccines", immunization.KINDS, "immunization"),
)


async def standings(actor: Actor, books: Sequence[Book] = BOOKS) -> list[Standing]:
    """Raises nothing: who has no book finds empty ones."""
    async with unit_of_work(actor) as tx:
        newest = await entries.newest_in(tx, actor)
        following = await due.next_in(tx)
    if {each.kind for each in newest} & {each.name for each in maternal.KINDS}:
        following |= await _next_visit(actor)
    return [
        _standing(book, newest, following.get(book.due) if book.due else None) for book in books
    ]


async def _next_visit(actor: Actor) -> dict[DueKind, Due]:
    """Of the pregnancy that is going on; no notice is sent of it."""
    book = await pregnancies.open_book(actor)
    planned = book.visits(clock.today_in_japan()) if book else []
    visit = schedule.following(planned)
    return {"visit": Due(visit.from_on, "opens")} if visit else {}


def ends_on(what: Due) -> date:
    """The day a notice is about: a period that ends is told of a week before."""
    return what.on + due.NOTICE if what.why == "ends" else what.on


def _standing(book: Book, newest: Sequence[Newest], following: Due | None) -> Standing:
    names = {kind.name for kind in book.kinds}
    own = [each for each in newest if each.kind in names]
    last = max(own, key=lambda each: each.written_at, default=None)
    return Standing(
        book,
        sum(each.entries for each in own),
        last.title if last else "",
        last.written_at if last else None,
        following,
    )
