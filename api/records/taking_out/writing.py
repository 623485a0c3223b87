"""All forms of one taking out, written together in one pass; nothing is held but the last piece."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from api.core.crypto import new_token
from api.records.taking_out.booklet import Booklet, Person
from api.records.taking_out.bundles import Bundles
from api.records.taking_out.csv_zip import Tables
from api.records.taking_out.lines import Line
from api.records.taking_out.resources import Json
from api.records.taking_out.rules import CHAPTERS, PART_BYTES, File, Form, chapter_of
from api.records.taking_out.sealed_file import Writer, key_of


class Forms:
    """`begin` a category, `add` its records; categories come in the order of the chapters."""

    def __init__(
        self, folder: Path, key: bytes, forms: Sequence[Form], locale: str, person: Person, on: date
    ) -> None:
        self._folder, self._key = folder, key
        self._names: dict[Writer, str] = {}
        self._out: dict[Form, Writer] = {form: self._open() for form in forms if form != "fhir"}
        self._bundles = Bundles(self._open, PART_BYTES) if "fhir" in forms else None
        self._records = 0
        self._chapters = list(CHAPTERS)
        self._tables = Tables(self._out["csv"], locale) if "csv" in self._out else None
        self._booklet = (
            Booklet(self._out["pdf"], locale, person, on) if "pdf" in self._out else None
        )

    def about(self, person: Json, books: Mapping[str, Json], consent: Json | None) -> None:
        """Before the first record; of the Bundle alone."""
        if self._bundles is not None:
            self._bundles.about(person, books)
            if consent is not None:
                self._bundles.put(consent, is_record=False)

    def begin(self, category: str, label: str) -> None:
        if self._tables is not None:
            self._tables.begin(label)
        self._turn_to(chapter_of(category))
        if self._booklet is not None:
            self._booklet.heading(label)

    def add(self, found: Sequence[Json], lines: Sequence[Line]) -> None:
        if self._bundles is not None:
            for each in found:
                self._bundles.put(each)
        if self._tables is not None:
            self._tables.add(list(lines))
        if self._booklet is not None:
            self._booklet.add(list(lines))
        self._records += len(lines)

    def finish(self, timestamp: str) -> tuple[File, ...]:
        """All of them are on the disk."""
        self._turn_to("")
        if self._bundles is not None:
            self._bundles.finish(timestamp)
        if self._tables is not None:
            self._tables.finish()
        if self._booklet is not None:
            self._booklet.finish()
        for each in self._names:
            each.finish()
        parts = self._bundles.parts if self._bundles is not None else []
        bundles = [
            File("fhir", self._names[each.out], each.records, each.out.size, number)
            for number, each in enumerate(parts, 1)
        ]
        others = [
            File(form, self._names[out], self._records, out.size) for form, out in self._out.items()
        ]
        return *bundles, *others

    def abandon(self) -> None:
        for each in self._names:
            each.abandon()

    def _open(self) -> Writer:
        name = new_token()
        writer = Writer(self._folder / name, key_of(self._key, name))
        self._names[writer] = name
        return writer

    def _turn_to(self, chapter: str) -> None:
        """Chapters that are passed over are in the booklet too, and say that nothing is there."""
        while self._chapters and (not chapter or chapter in self._chapters):
            turned = self._chapters.pop(0)
            if self._booklet is not None:
                self._booklet.begin(turned)
                if turned != chapter:
                    self._booklet.nothing()
            if turned == chapter:
                return
