"""All forms of one taking out, written together in one pass; nothing is held but the last piece."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from api.core.crypto import new_token
from api.records.taking_out import resources
from api.records.taking_out.booklet import Booklet, Person
from api.records.taking_out.csv_zip import Tables
from api.records.taking_out.lines import Line
from api.records.taking_out.resources import Json
from api.records.taking_out.rules import CHAPTERS, File, Form, chapter_of
from api.records.taking_out.sealed_file import Writer, key_of


class Forms:
    """`begin` a category, `add` its records; categories come in the order of the chapters."""

    def __init__(
        self, folder: Path, key: bytes, forms: Sequence[Form], locale: str, person: Person, on: date
    ) -> None:
        self._names: dict[Form, str] = {form: new_token() for form in forms}
        self._out: dict[Form, Writer] = {
            form: Writer(folder / name, key_of(key, name)) for form, name in self._names.items()
        }
        self._records = 0
        self._entries = 0
        self._chapters = list(CHAPTERS)
        self._tables = Tables(self._out["csv"], locale) if "csv" in self._out else None
        self._booklet = (
            Booklet(self._out["pdf"], locale, person, on) if "pdf" in self._out else None
        )
        if "fhir" in self._out:
            self._out["fhir"].write(resources.head())

    def put(self, found: Sequence[Json]) -> None:
        """Into the Bundle alone."""
        out = self._out.get("fhir")
        if out is None:
            return
        for each in found:
            out.write(b"," + resources.entry(each) if self._entries else resources.entry(each))
            self._entries += 1

    def begin(self, category: str, label: str) -> None:
        if self._tables is not None:
            self._tables.begin(label)
        self._turn_to(chapter_of(category))
        if self._booklet is not None:
            self._booklet.heading(label)

    def add(self, found: Sequence[Json], lines: Sequence[Line]) -> None:
        self.put(found)
        if self._tables is not None:
            self._tables.add(list(lines))
        if self._booklet is not None:
            self._booklet.add(list(lines))
        self._records += len(lines)

    def finish(self, timestamp: str) -> tuple[File, ...]:
        """All of them are on the disk."""
        self._turn_to("")
        if "fhir" in self._out:
            self._out["fhir"].write(resources.tail(timestamp))
        if self._tables is not None:
            self._tables.finish()
        if self._booklet is not None:
            self._booklet.finish()
        for each in self._out.values():
            each.finish()
        return tuple(
            File(form, self._names[form], self._records, out.size)
            for form, out in self._out.items()
        )

    def abandon(self) -> None:
        for each in self._out.values():
            each.abandon()

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
