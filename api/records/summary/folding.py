"""The same thing written several times is shown once: how each section is drawn together."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from msgspec import structs

from api.fhir.codes import DRUG_NOT_CODED, ICD10_SYSTEMS
from api.records.mapping import codings_of, name_of
from api.records.medicines import folded_drug, folded_name
from api.records.parse import Json, as_object, as_objects
from api.records.summary.sections import (
    ALLERGIES,
    DIRECTIVES,
    IMMUNIZATIONS,
    MEDICINES,
    PAST,
    PREGNANCY,
    PROBLEMS,
    PROCEDURES,
    RESULTS,
    VITALS,
    Entry,
)

MOST_REPORTS: Final = 10
# Said of whatever has no code of its own, or of several things at once: no name of one thing.
_NO_NAMES: Final = ICD10_SYSTEMS | {DRUG_NOT_CODED}
_UNCODED: Final = re.compile(r"0*9{3,}|NOCODED|unknown|UNK", re.IGNORECASE)


def _folded(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Those that mean the same thing together, the newest first: they share a code, or a name."""
    groups: list[list[Entry]] = []
    group_of: dict[object, list[Entry]] = {}
    for entry in entries:
        names = _names(entry)
        group = [entry]
        for known in {
            id(group_of[name]): group_of[name] for name in names if name in group_of
        }.values():
            group += known
            groups = [each for each in groups if each is not known]
        groups.append(group)
        group_of |= dict.fromkeys([n for each in group for n in _names(each)], group)
    for group in groups:
        group.sort(key=_newness, reverse=True)
    return sorted(groups, key=_newest, reverse=True)


def _newest(group: Sequence[Entry]) -> tuple[date, UUID]:
    return _newness(group[0])


def _newness(entry: Entry) -> tuple[date, UUID]:
    return entry.on, entry.sources[0].record_id


def _names(entry: Entry) -> set[str]:
    """By its codes and words, at its place of the body: left is not right."""
    places = entry.body.get("bodySite")
    place = "+".join(sorted(folded_name(name_of(each)) for each in _concepts(places)))
    words = {name_of(entry.concept)}
    names = set()
    for system, code, display in codings_of(entry.concept):
        if system and code and system not in _NO_NAMES and not _UNCODED.fullmatch(code):
            names.add(f"{system}|{code}")
        words.add(display)
    fold = folded_drug if entry.section == MEDICINES.name else folded_name
    names |= {fold(each) for each in words} - {""}
    return {f"{name}@{place}" for name in names}


def _concepts(value: object) -> list[Json]:
    return as_objects(value) if isinstance(value, list) else [as_object(value)]


def _once(entries: list[Entry]) -> Iterator[Entry]:
    for found in _folded(entries):
        facilities = [each for each in found if "own" not in each.marks]
        group = facilities + [each for each in found if "own" in each.marks]
        newest = group[0]
        marks = {mark for each in group for mark in each.marks}
        if facilities:
            marks -= {"own"}
        if any("unconfirmed" not in each.marks for each in facilities or group):
            marks -= {"unconfirmed"}
        if any("untold" not in each.marks for each in group):
            marks -= {"untold"}
        ends = [each.until for each in group if each.until is not None]
        yield structs.replace(
            newest,
            on=min(each.on for each in group),
            until=max(ends, default=None),
            marks=tuple(sorted(marks)),
            sources=tuple(source for each in group for source in each.sources),
            others=tuple(_of_others(group)),
        )


def _of_others(group: list[Entry]) -> Iterator[Json]:
    """The newest of each further facility."""
    seen = {group[0].sources[0].facility_id}
    for each in group[1:]:
        if each.sources[0].facility_id not in seen:
            seen.add(each.sources[0].facility_id)
            yield each.body


def _high_first(entries: list[Entry]) -> Iterator[Entry]:
    yield from sorted(_once(entries), key=lambda each: "high" not in each.marks)


def _newest_of_each(entries: list[Entry]) -> Iterator[Entry]:
    own = [each for each in entries if "own" in each.marks]
    others = [each for each in entries if "own" not in each.marks]
    for group in sorted([*_folded(others), *_folded(own)], key=_newest, reverse=True):
        newest = group[0]
        same = [each for each in group if each.on == newest.on and _same(each, newest)]
        yield structs.replace(newest, sources=tuple(s for each in same for s in each.sources))


def _same(one: Entry, other: Entry) -> bool:
    values = [
        {name: value for name, value in each.body.items() if name.startswith("value")}
        for each in (one, other)
    ]
    return values[0] == values[1]


def _results(entries: list[Entry]) -> Iterator[Entry]:
    yield from _newest_of_each([e for e in entries if e.resource_type != "DiagnosticReport"])
    yield from [e for e in entries if e.resource_type == "DiagnosticReport"][:MOST_REPORTS]


def _by_day(entries: list[Entry]) -> Iterator[Entry]:
    """The same thing on the same day is one."""
    seen: dict[tuple[object, date], Entry] = {}
    for entry in entries:
        key = (min(_names(entry), default=""), entry.on)
        known = seen.get(key)
        if known is None:
            seen[key] = entry
        elif "own" in known.marks and "own" not in entry.marks:
            seen[key] = structs.replace(entry, sources=entry.sources + known.sources)
        else:
            seen[key] = structs.replace(known, sources=known.sources + entry.sources)
    yield from seen.values()


FOLD: Final[dict[str, Callable[[list[Entry]], Iterable[Entry]]]] = {
    ALLERGIES.name: _high_first,
    MEDICINES.name: _once,
    PROBLEMS.name: _once,
    IMMUNIZATIONS.name: _by_day,
    RESULTS.name: _results,
    PROCEDURES.name: _by_day,
    VITALS.name: _newest_of_each,
    PAST.name: _once,
    DIRECTIVES.name: _by_day,
    PREGNANCY.name: _newest_of_each,
}
