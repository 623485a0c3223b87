"""The books somebody keeps: what was written last in each, and what comes next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.phr.checkup import kinds as checkup
from api.phr.child import kinds as of_children
from api.phr.child import reminding
from api.phr.child import service as children
from api.phr.child.reading import Child
from api.phr.directives import kinds as directives
from api.phr.due import service as due
from api.phr.due.rules import NOTICE, Due, DueKind
from api.phr.entries import service as entries
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Newest
from api.phr.immunization import kinds as immunization
from api.phr.immunization import service as vaccinations
from api.phr.maternal import kinds as maternal
from api.phr.maternal import schedule
from api.phr.maternal import service as pregnancies
from api.phr.maternal.book import Book as Pregnancy
from api.phr.notes import kinds as notes
from api.phr.vitals import kinds as vitals


class Book(NamedTuple):
    """`name` is that of its texts; `path` its page; `due` what of it is told when its day comes."""

    name: str
    path: str
    kinds: tuple[Kind, ...]
    due: DueKind | None = None


class Standing(NamedTuple):
    """`title` and `written_at` of what was written last, None in an empty book. `next` is the day
    of the next notice, with why; `whose` and `child` name the child it is of, "" for oneself."""

    book: Book
    entries: int
    title: str
    written_at: datetime | None
    next: Due | None
    whose: str = ""
    child: str = ""


# With the name of the child it is of, and of its book, "" for oneself.
Next = tuple[Due, str, str]
FAR: Final = timedelta(days=366)
# In the order they stand.
BOOKS: Final = (
    Book("vitals", "/book/vitals", vitals.KINDS),
    Book("checkup", "/book/checkups", checkup.KINDS),
    Book("medication", "/book/medications", (notes.MEDICATION,)),
    Book("allergy", "/book/allergies", (notes.ALLERGY,)),
    Book("doctor", "/book/doctors", (notes.DOCTOR,)),
    Book("wish", "/book/wishes", directives.KINDS),
    Book("school", "/book/school-checkups", (notes.SCHOOL,)),
    Book("pregnancy", "/book/pregnancy", maternal.KINDS, "visit"),
    Book("children", "/book/children", of_children.KINDS, "checkup"),
    Book("vaccines", "/book/vaccines", immunization.KINDS, "immunization"),
)


async def standings(actor: Actor, books: Sequence[Book] = BOOKS) -> list[Standing]:
    """Raises nothing: who has no book finds empty ones."""
    async with unit_of_work(actor) as tx:
        newest = await entries.newest_in(tx, actor)
        if actor.is_shown_restricted:
            following = await _named_in(tx, actor, await due.next_in(tx))
        else:
            following = await _next_shown_in(tx, actor)
    if _is_far(following.get("immunization"), clock.today_in_japan()):
        following.pop("immunization")
    # Days alone would tell somebody of a pregnancy they are not shown.
    following.pop("visit", None)
    if any(each.kind in maternal.OF_NAME for each in newest):
        shown = [each for each in await pregnancies.books(actor) if each.state != "closed"]
        newest = [each for each in newest if each.kind not in maternal.OF_NAME]
        newest += _of_pregnancies(shown)
        following |= _next_visit(shown)
    return [
        _standing(book, newest, *following.get(book.due, (None, "", "")))
        if book.due
        else _standing(book, newest)
        for book in books
    ]


async def _named_in(
    tx: Transaction, actor: Actor, found: Mapping[DueKind, tuple[Due, str]]
) -> dict[DueKind, Next]:
    if not any(book for _, book in found.values()):
        return {kind: (what, "", "") for kind, (what, _) in found.items()}
    of = {str(each.book_id): _whose(each) for each in await children.children_in(tx, actor)}
    return {kind: (what, *of.get(book, ("", ""))) for kind, (what, book) in found.items()}


def _whose(child: Child) -> tuple[str, str]:
    return ("", "") if child.is_self else (child.name, str(child.book_id))


async def _next_shown_in(tx: Transaction, actor: Actor) -> dict[DueKind, Next]:
    """What was noted follows from all that is written; this only from what the actor may read."""
    today, books = clock.today_in_japan(), await children.children_in(tx, actor)
    days: dict[DueKind, list[Next]] = {
        "checkup": [
            (day, *_whose(each))
            for each in books
            for day in await reminding.days_in(tx, actor, each)
        ],
        "immunization": await vaccinations.days_in(tx, actor, books),
    }
    ahead = {kind: [each for each in of if each[0].on >= today] for kind, of in days.items()}
    return {kind: min(of) for kind, of in ahead.items() if of}


def _is_far(found: Next | None, today: date) -> bool:
    """Of oneself years ahead: what is offered at 65 is noted long before, and is no news."""
    return found is not None and not found[2] and found[0].on - today > FAR


def _of_pregnancies(shown: Sequence[Pregnancy]) -> list[Newest]:
    """What a pregnancy held that was closed without a birth is not spoken of."""
    of_kind: dict[str, list[datetime]] = {}
    for book in shown:
        for each in book.whole:
            of_kind.setdefault(each.kind, []).append(each.written_at)
    return [
        Newest(kind, maternal.OF_NAME[kind].title, max(written), len(written))
        for kind, written in of_kind.items()
    ]


def _next_visit(shown: Sequence[Pregnancy]) -> dict[DueKind, Next]:
    """Of the pregnancy that is going on, also where its days have begun."""
    book = next((each for each in shown if each.state == "open"), None)
    planned = book.visits(clock.today_in_japan()) if book else []
    visit = schedule.following(planned)
    if visit is None:
        return {}
    if visit.state == "now":
        return {"visit": (Due(visit.until_on - NOTICE, "ends"), "", "")}
    return {"visit": (Due(visit.from_on, "opens"), "", "")}


def ends_on(what: Due) -> date:
    """The day a notice is about: a period that ends is told of a week before."""
    return what.on + NOTICE if what.why == "ends" else what.on


def _standing(
    book: Book,
    newest: Sequence[Newest],
    following: Due | None = None,
    whose: str = "",
    child: str = "",
) -> Standing:
    names = {kind.name for kind in book.kinds}
    own = [each for each in newest if each.kind in names]
    last = max(own, key=lambda each: each.written_at, default=None)
    return Standing(
        book,
        sum(each.entries for each in own),
        last.title if last else "",
        last.written_at if last else None,
        following,
        whose,
        child,
    )
