"""What there is one of only: a pregnancy that goes on, a birth of each, a book of oneself."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.phr.child.kinds import BOOK
from api.phr.entries.kinds import values_of
from api.phr.maternal import dates
from api.phr.maternal.kinds import BIRTH, NEWBORN, PREGNANCY
from api.records.bringing_in.reading import Item, Left

REASON: Final = "pregnancy"

New = tuple[UUID, Item]
Names = Set[tuple[str, str, str]]


class Kept(NamedTuple):
    """`changed`: other births of pregnancies whose birth is here."""

    new: list[New]
    left: Counter[Left]
    changed: int


def named(names: Names) -> Set[str]:
    """The ids of records that are here, whoever may see them, as far as their names say them."""
    return {value.rsplit(":", 1)[-1] for _, _, value in names}


def own_book(names: Names) -> str:
    """The book of oneself that is here, whoever may see it; "" where there is none."""
    return next((book for kind, book, entry in _parts(names) if _is_head(kind, book, entry)), "")


def is_own_book(item: Item) -> bool:
    return item.own is not None and _is_head(*item.own)


def within(new: Sequence[New], books: Mapping[str, str], names: Names, open_here: Set[str]) -> Kept:
    """Of the pregnancies that go on only one, and none where one goes on here, each with all that
    hangs on it. `books`: as what the file's books are known here; `open_here`: those that go on."""
    born = {book for kind, book, _ in _parts(names) if kind == BIRTH.name}
    taken, changed = _births(new, books, born)
    born |= {_book(item, books) for _, item in taken if _kind(item) == BIRTH.name}
    begun = [each for each in taken if _goes_on(*each, born)]
    begun.sort(key=lambda each: (each[1].on or date.min, each[0]))
    over = begun if open_here - born else begun[:-1]
    gone = {str(record_id) for record_id, _ in over}
    left = Counter(
        Left(REASON, item.resource_type)
        for record_id, item in taken
        if str(record_id) in gone or _book(item, books) in gone
    )
    kept = [
        (record_id, item)
        for record_id, item in taken
        if str(record_id) not in gone and _book(item, books) not in gone
    ]
    return Kept(kept, left, changed)


def _births(new: Sequence[New], books: Mapping[str, str], born: Set[str]) -> tuple[list[New], int]:
    """Without a second birth of a pregnancy, and its newborns."""
    there, other = set(born), set[str]()
    kept = list[New]()
    for each in sorted(new, key=lambda each: _kind(each[1]) != BIRTH.name):
        kind, book = _kind(each[1]), _book(each[1], books)
        if kind == BIRTH.name and book in there:
            other.add(book)
        elif kind != NEWBORN.name or book not in other:
            kept.append(each)
            if kind == BIRTH.name:
                there.add(book)
    ids = {record_id for record_id, _ in kept}
    return [each for each in new if each[0] in ids], len(new) - len(kept)


def _goes_on(record_id: UUID, item: Item, born: Set[str]) -> bool:
    if _kind(item) != PREGNANCY.name or str(record_id) in born:
        return False
    values = values_of(PREGNANCY, item.resource)
    return not values.get("is_closed") and dates.due_in(values) is not None


def _kind(item: Item) -> str:
    return item.own.kind if item.own is not None else ""


def _book(item: Item, books: Mapping[str, str]) -> str:
    return books.get(item.own.book, item.own.book) if item.own is not None else ""


def _is_head(kind: str, book: str, entry: str) -> bool:
    return kind == BOOK.own.name and book == entry


def _parts(names: Names) -> Iterable[list[str]]:
    found = (value.split(":") for _, _, value in names)
    return (each for each in found if len(each) == 3)
