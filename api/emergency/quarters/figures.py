"""The published figures of a quarter: a fold over its openings, without what could name somebody.

What is few is not said, and neither is what would let it be worked out: a cell alone among shown
ones, or a total that holds what is hidden.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

LEAST: Final = 5
# After the quarter, for the reviews of its last days, which are due in seven.
SETTLING: Final = timedelta(days=14)
FIRST_MONTHS: Final = (1, 4, 7, 10)
PARTS: Final = ("tier", "reason", "identification", "renewal", "review", "notice")


class Quarter(NamedTuple):
    """Of Japan's calendar; `number` from 1."""

    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, FIRST_MONTHS[self.number - 1], 1)

    @property
    def following(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def before(self) -> "Quarter":
        return Quarter(self.year - (self.number == 1), (self.number + 2) % 4 + 1)

    @property
    def published_on(self) -> date:
        return self.following.first + SETTLING

    @property
    def code(self) -> str:
        return f"{self.year}-{self.number}"


class Opening(NamedTuple):
    """So many openings that are alike in all that is published. `review`: justified,
    not_justified or pending; `days` until it was found, whole ones."""

    facility_id: UUID
    tier: str
    reason: str
    identification: str
    is_renewed: bool
    is_by_officer: bool
    is_held: bool
    review: str
    is_overdue: bool
    days: int | None
    openings: int


class Facility(Struct, frozen=True):
    """One facility's quarter. None stands where it is not said: `openings` below five, a cell that
    is few or would give a few away. `parts` by name and code; each part sums to all openings, or is
    empty.

    `median_days` from opening to finding, of five findings at least.
    """

    facility_id: UUID
    openings: int | None
    parts: Mapping[str, Mapping[str, int | None]]
    median_days: float | None


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month - 1) // 3 + 1)


def quarter_named(code: str) -> Quarter | None:
    year, _, number = code.partition("-")
    if not (
        year.isascii() and year.isdigit() and len(year) == 4 and number in ("1", "2", "3", "4")
    ):
        return None
    return Quarter(int(year), int(number)) if int(year) >= 2000 else None


def is_published(quarter: Quarter, today: date) -> bool:
    return today >= quarter.published_on


def newest_published(today: date) -> Quarter:
    quarter = quarter_of(today).before
    return quarter if is_published(quarter, today) else quarter.before


def counted(openings: Iterable[Opening], *, is_whole: bool = False) -> list[Facility]:
    """By facility, the most openings first; `is_whole` hides nothing."""
    of: dict[UUID, list[Opening]] = {}
    for each in openings:
        of.setdefault(each.facility_id, []).append(each)
    found = [_facility(facility_id, rows, is_whole) for facility_id, rows in of.items()]
    return sorted(found, key=lambda each: (-(each.openings or 0), each.facility_id))


def total(facilities: Iterable[Facility]) -> int:
    """Of the facilities whose openings are said: nothing can be taken off it."""
    return sum(each.openings or 0 for each in facilities)


def shown(cells: Mapping[str, int], least: int = LEAST) -> dict[str, int | None]:
    """The cells of one part, with those hidden that are few, and as many more as keep the hidden
    ones from being worked out: two at least, of twice `least` together. Where there are no such
    the part is left out, its codes too: so many cells of so many openings would say it all."""
    few = {code for code, count in cells.items() if 0 < count < least}
    if not few:
        return dict(cells)
    hidden = set(few)
    others = sorted((count, code) for code, count in cells.items() if count >= least)
    for _, code in others:
        if len(hidden) >= 2 and sum(cells[each] for each in hidden) >= 2 * least:
            break
        hidden.add(code)
    if len(hidden) < 2 or sum(cells[each] for each in hidden) < 2 * least:
        return {}
    return {code: None if code in hidden else count for code, count in cells.items()}


def review_of(opening: Opening) -> str:
    """One that is found late is found; one that is not found when it was due is overdue."""
    return "overdue" if opening.review == "pending" and opening.is_overdue else opening.review


def _facility(facility_id: UUID, rows: Sequence[Opening], is_whole: bool) -> Facility:
    number = sum(each.openings for each in rows)
    parts: dict[str, Counter[str]] = {name: Counter() for name in PARTS}
    days: list[int] = []
    for each in rows:
        for name, code in (
            ("tier", each.tier),
            ("reason", each.reason),
            ("identification", each.identification),
            ("renewal", "renewed" if each.is_renewed else "once"),
            ("review", review_of(each)),
            ("notice", "held" if each.is_held else "sent"),
        ):
            parts[name][code] += each.openings
        if each.days is not None:
            days += [each.days] * each.openings
    if number < LEAST and not is_whole:
        return Facility(facility_id, None, {}, None)
    return Facility(
        facility_id,
        number,
        {name: dict(cells) if is_whole else shown(cells) for name, cells in parts.items()},
        median(days) if days and (is_whole or len(days) >= LEAST) else None,
    )


def median(days: Sequence[int]) -> float:
    ordered, middle = sorted(days), len(days) // 2
    if len(days) % 2:
        return float(ordered[middle])
    return (ordered[middle - 1] + ordered[middle]) / 2
