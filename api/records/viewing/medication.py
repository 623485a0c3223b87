"""Which drugs somebody had, when, and where two sources overlap: marks with reasons, no advice.

A drug is one by the first nine characters of its YJ or general-name code, of one class by the
first four; where either has neither code, by its folded name.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.records.medicines import BRIDGED
from api.records.viewing.supplies import Supply

# 療養担当規則 art. 20: a prescription may be filled on its day and the three after it.
FILLED_WITHIN: Final = timedelta(days=3)
_CLASS: Final = 4

Overlapping = Literal["same", "name", "class"]


class Period(NamedTuple):
    """`end` is the last day; `is_open` where some supply in it did not say how long."""

    kind: str
    facility_id: UUID
    start: date
    end: date
    is_open: bool


class Drug(NamedTuple):
    """One line of the overview, its newest supply first."""

    key: str
    name: str
    supplies: tuple[Supply, ...]
    periods: tuple[Period, ...]

    @property
    def newest(self) -> Supply:
        return self.supplies[0]

    @property
    def end(self) -> date:
        return max(each.end for each in self.supplies)

    @property
    def is_as_needed(self) -> bool:
        return all(each.is_as_needed for each in self.supplies)

    @property
    def says_how_long(self) -> bool:
        return any(each.days for each in self.supplies)

    def is_current(self, today: date) -> bool:
        """Whether any source still gives it: one that stopped it does not speak for the others."""
        return any(each.course.is_current(today) for each in self.supplies)

    def halted(self, today: date) -> Supply | None:
        """The newest that was stopped or put on hold, while its days reach today or nothing newer
        came."""
        found = (each for each in self.supplies if each.course.is_halted)
        return next(
            (each for each in found if each is self.newest or each.course.reaches(today)), None
        )


class Overlap(NamedTuple):
    """Two sources at the same time, from `start` to `end`; of `same` both drugs are one, of `name`
    they are so by their name, for their codes cannot be compared."""

    kind: Overlapping
    one: Supply
    other: Supply
    start: date
    end: date


def drugs_of(supplies: Sequence[Supply]) -> list[Drug]:
    """A line for each drug, the one that reaches furthest first."""
    by_drug: dict[str, list[Supply]] = {}
    for supply in sorted(supplies, key=lambda each: (each.start, each.source.record_id.bytes)):
        by_drug.setdefault(supply.drug, []).append(supply)
    drugs = [
        Drug(key, members[-1].name, tuple(reversed(members)), tuple(_periods(members)))
        for key, members in by_drug.items()
    ]
    return sorted(drugs, key=lambda each: (-each.end.toordinal(), each.name))


def overlaps_of(supplies: Sequence[Supply]) -> list[Overlap]:
    """The same drug, or one of its class, from two facilities at the same time, newest first; one
    for each time without a pause.

    What a pharmacy hands out on a prescription is that prescription, and no second source. What is
    taken only when needed, does not say for how long, or was stopped overlaps nothing.
    """
    met: dict[tuple[str, ...], list[Overlap]] = {}
    lasting = [
        each for each in _unfilled(supplies) if each.course.days and not each.course.is_halted
    ]
    for one, other in combinations(lasting, 2):
        kind = _kind(one, other)
        start, end = max(one.start, other.start), min(one.end, other.end)
        if kind is None or start > end:
            continue
        first, second = sorted((one, other), key=lambda each: str(each.source.facility_id))
        pair = (
            kind,
            first.drug,
            second.drug,
            str(first.source.facility_id),
            str(second.source.facility_id),
        )
        met.setdefault(pair, []).append(Overlap(kind, first, second, start, end))
    found = [each for several in met.values() for each in _run_on(several)]
    return sorted(found, key=lambda each: (each.kind == "class", -each.end.toordinal()))


def _run_on(overlaps: Sequence[Overlap]) -> list[Overlap]:
    """Those of one pair, as one where no more than a short gap is between."""
    found: list[Overlap] = []
    for each in sorted(overlaps, key=lambda each: (each.start, each.end)):
        if found and each.start <= found[-1].end + BRIDGED + timedelta(days=1):
            found[-1] = each._replace(start=found[-1].start, end=max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def _kind(one: Supply, other: Supply) -> Overlapping | None:
    if one.source.facility_id == other.source.facility_id:
        return None
    if one.drug == other.drug:
        return "same" if one.code and other.code else "name"
    is_class = len(one.code) >= _CLASS and one.code[:_CLASS] == other.code[:_CLASS]
    return "class" if is_class else None


def _unfilled(supplies: Sequence[Supply]) -> list[Supply]:
    """Without dispensings that fill a prescription which is here too."""
    written = [each for each in supplies if each.source.category == "prescription"]

    def fills(supply: Supply) -> bool:
        return any(
            each.drug == supply.drug and each.start <= supply.start <= each.start + FILLED_WITHIN
            for each in written
        )

    return [each for each in supplies if each.source.category != "dispensing" or not fills(each)]


def _periods(members: Sequence[Supply]) -> Iterable[Period]:
    """Members are in order of their start; those of one kind and place run on over short gaps."""
    running: dict[tuple[str, UUID], Period] = {}
    ended: list[Period] = []
    for each in members:
        place = (each.source.category, each.source.facility_id)
        now = running.get(place)
        if now is not None and each.start <= now.end + BRIDGED + timedelta(days=1):
            end, is_open = max(now.end, each.end), now.is_open or each.days is None
            running[place] = now._replace(end=end, is_open=is_open)
            continue
        if now is not None:
            ended.append(now)
        running[place] = Period(*place, each.start, each.end, each.days is None)
    return sorted([*ended, *running.values()], key=lambda each: (each.start, each.kind))
