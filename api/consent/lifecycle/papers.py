"""A list of consents on paper: each line read into what was signed, or what is wrong with it.

Columns, by their names in the first line: `card` (16 digits), `birth_date`, `choice` (participate
or refuse), `facilities` (a scheme's code, or facility codes separated by `;`), `signed_on`, `until`
(optional: the last day the facilities may see) and `scan` (a file's name). Days are written
2026-11-05 or 2026/11/5.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from api.consent.settings.rows import LIFETIME
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.enrolling.birth_date import BirthDateFault, parse_birth_date
from api.identity.my_number import contains_my_number
from api.identity.typed import normalise_digits

COLUMNS: Final = ("card", "birth_date", "choice", "facilities", "signed_on", "until", "scan")
OPTIONAL: Final = frozenset({"until"})
MOST_LINES: Final = 100_000
_DAY: Final = re.compile(r"(\S+?)[-/](\d{1,2})[-/](\d{1,2})")

Reason = Literal[
    "my_number",
    "columns",
    "characters",
    "card",
    "birth_date",
    "choice",
    "facilities",
    "signed_on",
    "until",
    "until_of_scheme",
    "scan_name",
    "duplicate",
    "unknown_person",
    "closed",
    "unknown_facility",
    "unknown_scheme",
    "scan_missing",
    "scan_format",
    "newer_choice",
    "settings",
]


class Fault(Struct, frozen=True):
    """`params` never hold what is on the line but the code of a facility, or another line."""

    line: int
    reason: Reason
    params: dict[str, str | int] = {}


class Paper(Struct, frozen=True):
    """One line read; `scheme` or `facility_codes`, neither for whoever refuses."""

    line: int
    card: CardNumber
    birth_on: date
    choice: Literal["participate", "refuse"]
    signed_on: date
    scan: str
    scheme: str | None = None
    facility_codes: tuple[str, ...] = ()
    until: date | None = None

    def hash(self, scan: bytes) -> bytes:
        """The same for the same paper, whatever its line and file are called."""
        said = (
            self.card.digits,
            self.birth_on,
            self.choice,
            self.scheme,
            *sorted(self.facility_codes),
            self.signed_on,
            self.until,
            sha256(scan).hexdigest(),
        )
        return sha256("|".join(map(str, said)).encode()).digest()


class NotAList(ValueError):
    """The file as a whole cannot be read; `reason` is encoding, header or too_long."""

    def __init__(self, reason: Literal["encoding", "header", "too_long"], **params: str) -> None:
        super().__init__(reason)
        self.reason, self.params = reason, params


def read(
    table: bytes, *, scheme: CardScheme, schemes: frozenset[str], today: date
) -> list[Paper | list[Fault]]:
    """Every line of the list but the first and the blank ones, in order. Raises `NotAList`.

    `schemes`: the codes the network offers. UTF-8, or Shift_JIS as a Japanese Excel writes it.
    """
    lines = csv.DictReader(io.StringIO(_text(table), newline=""), restkey="", restval="")
    try:
        names = [(name or "").strip().lower() for name in lines.fieldnames or ()]
    except csv.Error as error:
        raise NotAList("header", names="CSV") from error
    lines.fieldnames = names
    missing = [each for each in COLUMNS if each not in names and each not in OPTIONAL]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown or len(set(names)) < len(names):
        raise NotAList("header", names=", ".join(missing or unknown)[:200])
    found: list[Paper | list[Fault]] = []
    first: dict[str, int] = {}
    try:
        for number, cells in _cells(lines):
            if len(found) >= MOST_LINES:
                raise NotAList("too_long")
            read = _read(number, cells, scheme, schemes, today)
            if isinstance(read, Paper):
                earlier = first.setdefault(read.card.digits, number)
                if earlier != number:
                    read = [Fault(number, "duplicate", {"line": earlier})]
            found.append(read)
    except csv.Error as error:
        raise NotAList("header", names="CSV") from error
    return found


def _text(table: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return table.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAList("encoding")


def _cells(lines: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, str] | None]]:
    """The line's number in the file; None for one with more cells than columns."""
    for row in lines:
        if any(value for value in row.values()):
            is_too_long = "" in row
            cells = {k: v.strip() for k, v in row.items() if isinstance(v, str)}
            yield lines.line_num, None if is_too_long else cells


def _read(
    line: int,
    cells: dict[str, str] | None,
    card_scheme: CardScheme,
    schemes: frozenset[str],
    today: date,
) -> Paper | list[Fault]:
    if cells is None:
        return [Fault(line, "columns")]
    if not all(cell.isprintable() for cell in cells.values()):
        return [Fault(line, "characters")]
    if any(map(_may_be_my_number, cells.values())):
        return [Fault(line, "my_number")]
    card = CardNumber.parse(cells["card"], card_scheme)
    birth_on = _birth(cells["birth_date"], today)
    signed_on, until = _day(cells["signed_on"]), _day(cells.get("until", ""))
    choice, named = cells["choice"].lower(), _named(cells["facilities"])
    faults: dict[Reason, bool] = {
        "card": isinstance(card, CardFault),
        "birth_date": birth_on is None,
        "choice": choice not in ("participate", "refuse"),
        "facilities": bool(named) and choice == "refuse",
        "signed_on": signed_on is None or not (birth_on or signed_on) <= signed_on <= today,
        "until": bool(cells.get("until"))
        and (
            until is None
            or until < max(signed_on or today, today)
            or until.year > today.year + LIFETIME
            or choice == "refuse"
        ),
        "until_of_scheme": bool(cells.get("until")) and _is_scheme(named),
        "scan_name": not _is_plain_name(cells["scan"]),
        "unknown_scheme": _is_scheme(named) and named[0] not in schemes,
    }
    found = [Fault(line, reason) for reason, is_so in faults.items() if is_so]
    if found or isinstance(card, CardFault) or birth_on is None or signed_on is None:
        return found
    is_scheme = _is_scheme(named)
    return Paper(
        line,
        card,
        birth_on,
        "participate" if choice == "participate" else "refuse",
        signed_on,
        cells["scan"],
        named[0] if is_scheme else None,
        () if is_scheme else named,
        until,
    )


def _may_be_my_number(cell: str) -> bool:
    return contains_my_number(cell) or len(normalise_digits(cell)) == 12


def _named(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()))


def _is_scheme(named: tuple[str, ...]) -> bool:
    return len(named) == 1 and not named[0].isdigit()


def _is_plain_name(name: str) -> bool:
    return bool(name) and len(name) <= 200 and not set(name) & set("/\\:\0") and name[0] != "."


def _birth(text: str, today: date) -> date | None:
    parts = _DAY.fullmatch(text)
    if parts is None:
        return None
    born = parse_birth_date(parts[1], parts[2], parts[3], today)
    return None if isinstance(born, BirthDateFault) else born


def _day(text: str) -> date | None:
    parts = _DAY.fullmatch(text)
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None
    except ValueError:
        return None
