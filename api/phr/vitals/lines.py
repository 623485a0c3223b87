"""What each line of a file becomes, before anything is kept: entries, or what is wrong with it."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import date, time
from typing import Final, NamedTuple

from api.phr.entries.kinds import Kind
from api.phr.entries.typed import params_of, read
from api.phr.vitals.columns import Column, Headings, headings_of
from api.phr.vitals.kinds import sorted_out
from api.phr.vitals.moments import read_clock, read_moment
from api.phr.vitals.table import NoTable, Row, rows_of

# What devices and people write where nothing was measured.
_NOTHING: Final = frozenset(
    ("-", "--", "---", "ー", "―", "–", "—", "*", "na", "n/a", "null", "なし")
)
_MEALS: Final = {"glucose": "", "fasting": "fasting", "after_meal": "after"}


class Draft(NamedTuple):
    """`values` with "on" and "time"; `sure` says yes to what is odd in them."""

    kind: Kind
    values: dict[str, str]
    sure: str
    is_held: bool = False


class LineFault(NamedTuple):
    """`column` is a meaning of `columns.NAMES`; `key` the message, with `params`."""

    column: str
    key: str
    params: tuple[tuple[str, str], ...] = ()


class Line(NamedTuple):
    """`number` counts from the first line of the file, the headings too."""

    number: int
    drafts: tuple[Draft, ...]
    faults: tuple[LineFault, ...]


class Table(NamedTuple):
    """The columns as they were understood, and what each line holds."""

    columns: tuple[Column, ...]
    lines: list[Line]


Mark = tuple[object, ...]


def read_table(body: bytes, today: date, now: time) -> Table:
    """Raises `NoTable`, also for one without a day and something measured (`headings`).

    A line with a fault becomes nothing: half of a line is not what its writer meant.
    """
    rows = rows_of(body)
    headings = headings_of(rows)
    if headings is None:
        raise NoTable("headings")
    below = rows[headings.place + 1 :]
    if not below:
        raise NoTable("empty")
    return Table(headings.columns, list(_lines(below, headings, today, now)))


def mark_of(kind: str, values: dict[str, str]) -> Mark:
    """Two entries with the same mark say the same of the same moment."""
    return (kind, *sorted((name, value) for name, value in values.items() if value))


def with_held(table: Table, held: Collection[Mark]) -> Table:
    """Marks what is stored already, or stands in an earlier line."""
    seen = set(held)
    lines = []
    for line in table.lines:
        drafts = []
        for draft in line.drafts:
            mark = mark_of(draft.kind.name, draft.values)
            drafts.append(draft._replace(is_held=mark in seen))
            seen.add(mark)
        lines.append(line._replace(drafts=tuple(drafts)))
    return table._replace(lines=lines)


def _lines(rows: Sequence[Row], headings: Headings, today: date, now: time) -> Iterator[Line]:
    for row in rows:
        drafts, faults = _read(_meant(row, headings.columns), today, now)
        yield Line(row.number, () if faults else tuple(drafts), tuple(faults))


def _meant(row: Row, columns: Sequence[Column]) -> dict[str, str]:
    cells = zip(columns, row.cells, strict=False)
    return {column.meaning: _cell(cell) for column, cell in cells if column.meaning}


def _cell(cell: str) -> str:
    written = unicodedata.normalize("NFKC", cell).strip()
    return "" if written.casefold() in _NOTHING else written


def _read(cells: dict[str, str], today: date, now: time) -> tuple[list[Draft], list[LineFault]]:
    moment, clock = read_moment(cells.pop("on", "")), read_clock(cells.pop("time", ""))
    faults = []
    if moment is None:
        faults.append(LineFault("on", "vitals.import.fault.day"))
    if clock is None:
        faults.append(LineFault("time", "error.own.time"))
    if moment is None or clock is None:
        return [], faults
    when = {"on": moment.on.isoformat(), "time": clock or moment.time}
    drafts: list[Draft] = []
    for values, names in _entries(cells):
        for kind, mine in sorted_out(values):
            typed = read(kind, {**when, **mine}, today, now)
            for name, key in typed.faults.items():
                params = tuple(params_of(kind, name).items())
                faults.append(LineFault(names.get(name, name), key, params))
            said = {name: value for name, value in typed.values.items() if value}
            drafts.append(Draft(kind, said, typed.sure))
    if not drafts and not faults:
        faults.append(LineFault("on", "error.own.empty"))
    return drafts, list(dict.fromkeys(faults))


def _entries(cells: dict[str, str]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Fields of the forms, with the columns they are of: each reading of glucose is its own."""
    yield {name: value for name, value in cells.items() if name not in _MEALS}, {}
    for column, meal in _MEALS.items():
        if value := cells.get(column, ""):
            yield {"glucose": value, "meal": meal}, {"glucose": column}
