"""A ZIP with one table for each category, written from front to end: nothing of it is held back."""

import csv
import io
import re
import zipfile
from typing import IO, Final, cast

from api.core import i18n
from api.core.spreadsheet import harmless
from api.records.taking_out.lines import Line

COLUMNS: Final = ("day", "time", "title", "item", "value", "source", "id")
_NOT_IN_A_NAME: Final = re.compile(r'[\\/:*?"<>|\s.]+')
# The same content is the same file, whenever it is made.
_MADE: Final = (1980, 1, 1, 0, 0, 0)


class Tables:
    """Lines come category by category; `label` names the table of each."""

    def __init__(self, out: object, locale: str) -> None:
        self._zip = zipfile.ZipFile(cast(IO[bytes], out), "w", zipfile.ZIP_DEFLATED)
        self._locale = locale
        self._table: IO[bytes] | None = None
        self._number = 0

    def begin(self, label: str) -> None:
        self._end()
        self._number += 1
        name = f"{self._number:02}_{_NOT_IN_A_NAME.sub('_', label)[:60]}.csv"
        info = zipfile.ZipInfo(name, _MADE)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._table = self._zip.open(info, "w", force_zip64=True)
        self._table.write("\ufeff".encode())
        self._write([[i18n.text(self._locale, f"taking_out.csv.{each}") for each in COLUMNS]])

    def add(self, lines: list[Line]) -> None:
        """Of a record without anything to say more there is a row all the same."""
        self._write(
            [line.on.isoformat(), line.time, line.title, item, value, line.source, line.record_id]
            for line in lines
            for item, value in line.said(self._locale) or [("", "")]
        )

    def finish(self) -> None:
        self._end()
        self._zip.close()

    def _write(self, rows: object) -> None:
        if self._table is None:
            raise LookupError("no table was begun")
        text = io.StringIO(newline="")
        table = csv.writer(text)
        for row in cast(list[list[str]], rows):
            table.writerow([harmless(cell) for cell in row])
        self._table.write(text.getvalue().encode())

    def _end(self) -> None:
        if self._table is not None:
            self._table.close()
            self._table = None
