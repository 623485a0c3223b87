"""A file of measurements as rows of cells: whatever a spreadsheet or an app writes."""

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_LINES: Final = 10_000
MAX_COLUMNS: Final = 60
_PICTURES: Final = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xd8\xff", b"\x89PNG")
_MARKS: Final = ("\t", ",", ";")
# Apps write lines about themselves above the headings.
_SEARCHED: Final = 20


class Row(NamedTuple):
    """`number` is the line of the file, as an editor counts it."""

    number: int
    cells: tuple[str, ...]


class NoTable(Exception):
    """`reason`: empty, large, lines, kind (not a table in text), encoding, broken."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def rows_of(body: bytes) -> list[Row]:
    """Rows that hold something; at most `MAX_LINES` beside a header. Raises `NoTable`."""
    if len(body) > MAX_BYTES:
        raise NoTable("large")
    if body.startswith(_PICTURES):
        raise NoTable("kind")
    text = _text(body)
    if not text.strip():
        raise NoTable("empty")
    found: list[Row] = []
    try:
        for row in _rows(text):
            if any(row.cells):
                found.append(row)
            if len(found) > MAX_LINES + 1:
                raise NoTable("lines")
    except csv.Error:
        raise NoTable("broken") from None
    if not found:
        raise NoTable("empty")
    return found


def _text(body: bytes) -> str:
    """UTF-8 with its mark or without, UTF-16 by its mark, else the Shift_JIS of Windows."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp932"]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise NoTable("kind")
        return text
    raise NoTable("encoding")


def _rows(text: str) -> Iterator[Row]:
    lines = text.splitlines(keepends=True)
    begins = "".join(lines[:_SEARCHED])
    mark = max(_MARKS, key=begins.count)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    began = 1
    for cells in reader:
        yield Row(began, tuple(cell.strip() for cell in cells[:MAX_COLUMNS]))
        began = reader.line_num + 1
