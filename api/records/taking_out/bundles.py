"""The Bundle, in as many files as it takes for each of them to be brought in by itself."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from api.records.taking_out import resources
from api.records.taking_out.resources import Json
from api.records.taking_out.sealed_file import Writer

MOST_ENTRIES: Final = 90_000


class Part:
    """One file. `written` are the entries in it that others may hang on, `wanted` those that some
    of it hang on."""

    def __init__(self, out: Writer) -> None:
        self.out, self.entries, self.records = out, 0, 0
        self.written: set[str] = set()
        self.wanted: set[str] = set()
        out.write(resources.head())

    def put(self, resource: Json) -> None:
        entry = resources.entry(resource)
        self.out.write(b"," + entry if self.entries else entry)
        self.entries += 1
        name = resources.own_name(resource)
        if name is not None:
            self.written.add(name.entry)
            self.wanted.add(name.book)


class Bundles:
    """Each file says whose it is and holds what its entries hang on: it is read without the others.
    `open_next` makes a file; once one has `most` bytes the next begins."""

    def __init__(self, open_next: Callable[[], Writer], most: int) -> None:
        self._open_next, self._most = open_next, most
        self._person: Json = {}
        self._books: Mapping[str, Json] = {}
        self.parts = [Part(open_next())]

    def about(self, person: Json, books: Mapping[str, Json]) -> None:
        """Before all else. `books`: the entries that others hang on, by their ids."""
        self._person, self._books = person, books
        self.parts[0].put(person)

    def put(self, resource: Json, *, is_record: bool = True) -> None:
        part = self.parts[-1]
        if part.out.size >= self._most or part.entries >= MOST_ENTRIES:
            part = Part(self._open_next())
            part.put(self._person)
            self.parts.append(part)
        part.put(resource)
        part.records += is_record

    def finish(self, timestamp: str) -> None:
        for number, part in enumerate(self.parts, 1):
            for each in _lacking(part, self._books):
                part.put(each)
            is_one_of_several = len(self.parts) > 1
            part.out.write(resources.tail(timestamp, number if is_one_of_several else 0))


def _lacking(part: Part, books: Mapping[str, Json]) -> Iterator[Json]:
    for book in sorted(part.wanted - part.written):
        if book in books:
            yield books[book]
