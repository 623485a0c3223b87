"""Which records make up a patient summary, and in which section they stand: record bodies in,
entries out. Nothing here knows who asks: it is given what they may see.

- Whatever was entered in error is in no section.
- An allergy that was refuted, or is over, is left out; one not confirmed is marked so. What one
  facility refuted does not take away what another wrote.
- A disease that is over stands under past illness; refuted ones are left out, suspected ones
  marked.
- A medicine is current if it was not stopped, and the days it was given for reach today, or it was
  given within the last 100 days.
- The same thing written by several facilities is shown once, with all of them as its sources.
- Of each test and each vital sign the newest value stands; of reports the newest ten.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct, structs

from api.fhir.codes import DRUG_NOT_CODED, ICD10_SYSTEMS, LOINC
from api.records.mapping import codings_of, drug_of, name_of
from api.records.parse import Json, as_object, as_objects, as_text, digits_of, read_day

Mark = Literal["unconfirmed", "untold", "high"]

RECENT_DAYS: Final = 100
MOST_REPORTS: Final = 10
MOST_OF_A_SECTION: Final = 200


class Section(NamedTuple):
    """`code` is its LOINC code; `is_always_there` whether it stands there empty too."""

    name: str
    code: str
    display: str
    is_always_there: bool


ALLERGIES: Final = Section("allergies", "48765-2", "Allergies and adverse reactions Document", True)
MEDICINES: Final = Section("medicines", "10160-0", "History of Medication use Narrative", True)
PROBLEMS: Final = Section("problems", "11450-4", "Problem list - Reported", True)
IMMUNIZATIONS: Final = Section("immunizations", "11369-6", "History of Immunization note", True)
RESULTS: Final = Section(
    "results", "30954-2", "Relevant diagnostic tests/laboratory data note", True
)
PROCEDURES: Final = Section("procedures", "47519-4", "History of Procedures Document", True)
VITALS: Final = Section("vitals", "8716-3", "Vital signs note", False)
PAST: Final = Section("past", "11348-0", "History of Past illness note", False)
DIRECTIVES: Final = Section("directives", "42348-3", "Advance healthcare directives", False)
PREGNANCY: Final = Section("pregnancy", "10162-6", "History of pregnancies Narrative", False)
# Required ones first, then in the order of the guide.
SECTIONS: Final = (
    ALLERGIES,
    MEDICINES,
    PROBLEMS,
    IMMUNIZATIONS,
    RESULTS,
    PROCEDURES,
    VITALS,
    PAST,
    DIRECTIVES,
    PREGNANCY,
)

MEDICATION_TYPES: Final = (
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
)
TYPES: Final = (
    "AllergyIntolerance",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Immunization",
    *MEDICATION_TYPES,
    "Observation",
    "Procedure",
)

_NOT_TAKEN: Final = frozenset(
    {"cancelled", "declined", "draft", "entered-in-error", "intended", "not-done", "not-taken"}
    | {"on-hold", "preparation", "revoked", "stopped"}
)
_NOT_A_RESULT: Final = frozenset({"cancelled", "entered-in-error", "registered", "unknown"})
_NOT_DONE: Final = frozenset({"entered-in-error", "not-done", "preparation", "stopped"})
_OVER: Final = frozenset({"inactive", "resolved", "remission"})
_UNSURE: Final = frozenset({"unconfirmed", "provisional", "differential"})
_OF_PREGNANCY: Final = frozenset({"82810-3", "11778-8", "11779-6", "11780-4", "11640-0"})
_OF_DIRECTIVES: Final = frozenset(
    {"42348-3", "42349-1", "64298-3", "75320-2", "81334-5", "86533-7"}
)
# Said of whatever has no code of its own, or of several things at once: no name of one thing.
_NO_NAMES: Final = ICD10_SYSTEMS | {DRUG_NOT_CODED}
_UNCODED: Final = re.compile(r"0*9{3,}|NOCODED|unknown|UNK", re.IGNORECASE)
_NOT_WORDS: Final = re.compile(r"[\s　・,、，()（）\[\]【】「」般]+")


class Given(NamedTuple):
    """A record as it was read, with the name of the facility that wrote it."""

    record_id: UUID
    resource_type: str
    category: str
    facility_id: UUID
    is_told: bool
    on: date
    body: Json


class Source(NamedTuple):
    """Where an entry comes from."""

    record_id: UUID
    facility_id: UUID
    on: date


class Entry(Struct, frozen=True, kw_only=True):
    """What one line of the summary says. `body` is that of the newest of its sources, `others` are
    those of other facilities; `on` to `until` is the time it is about, `marks` what must be said
    with it."""

    section: str
    title: str
    on: date
    until: date | None = None
    marks: tuple[Mark, ...] = ()
    sources: tuple[Source, ...]
    body: Json
    resource_type: str
    concept: Json
    others: tuple[Json, ...] = ()


class Summary(NamedTuple):
    """Entries by the name of their section, in the order they are to be read."""

    entries: dict[str, tuple[Entry, ...]]

    @property
    def record_ids(self) -> set[UUID]:
        return {
            source.record_id
            for entries in self.entries.values()
            for entry in entries
            for source in entry.sources
        }


def summary_of(given: Iterable[Given], today: date) -> Summary:
    """The summary of these records as of today; the same for any order of them."""
    found: dict[str, list[Entry]] = {section.name: [] for section in SECTIONS}
    for each in sorted(given, key=lambda each: (each.on, each.record_id), reverse=True):
        entry = _entry(each, today)
        if entry is not None:
            found[entry.section].append(entry)
    return Summary(
        {name: tuple(_FOLD[name](entries))[:MOST_OF_A_SECTION] for name, entries in found.items()}
    )


def is_current(resource_type: str, body: Json, on: date, today: date) -> bool:
    """Whether a medicine is still to be reckoned with."""
    if as_text(body.get("status")) in _NOT_TAKEN:
        return False
    if on > today:
        return False
    return today <= max(on + timedelta(days=RECENT_DAYS), given_until(body, on) or on)


def given_until(body: Json, on: date) -> date | None:
    """The last day a medicine was given for, where the record says one."""
    period = as_object(body.get("effectivePeriod"))
    supply = as_object(body.get("dispenseRequest"))
    ends = [read_day(period.get("end"))]
    days = _days(supply.get("expectedSupplyDuration") or body.get("daysSupply"))
    if days:
        ends.append(on + timedelta(days=days - 1))
    return max((each for each in ends if each is not None), default=None)


def is_entered_in_error(body: Json) -> bool:
    stated = {*_codes(body.get("verificationStatus")), as_text(body.get("status"))}
    return "entered-in-error" in stated


def _entry(each: Given, today: date) -> Entry | None:
    read = _READERS.get(each.resource_type)
    if read is None or is_entered_in_error(each.body):
        return None
    found = read(each, today)
    if found is None or each.is_told:
        return found
    return structs.replace(found, marks=("untold", *found.marks))


def _plain(
    each: Given,
    section: Section,
    concept: object,
    *,
    until: date | None = None,
    marks: tuple[Mark, ...] = (),
) -> Entry | None:
    codes = (code for _, code, _ in codings_of(concept) if code)
    title = name_of(concept) or next(codes, "")
    if not title:
        return None
    return Entry(
        section=section.name,
        title=" ".join(title.split()),
        on=each.on,
        until=until,
        marks=marks,
        sources=(Source(each.record_id, each.facility_id, each.on),),
        body=each.body,
        resource_type=each.resource_type,
        concept=as_object(concept),
    )


def _allergy(each: Given, today: date) -> Entry | None:
    verified = _codes(each.body.get("verificationStatus"))
    if "refuted" in verified or _codes(each.body.get("clinicalStatus")) & _OVER:
        return None
    marks: tuple[Mark, ...] = ("unconfirmed",) if verified & _UNSURE else ()
    if each.body.get("criticality") == "high":
        marks = ("high", *marks)
    return _plain(each, ALLERGIES, each.body.get("code"), marks=marks)


def _condition(each: Given, today: date) -> Entry | None:
    verified = _codes(each.body.get("verificationStatus"))
    if "refuted" in verified:
        return None
    period = as_object(each.body.get("abatementPeriod"))
    ended = read_day(each.body.get("abatementDateTime")) or read_day(period.get("end"))
    is_over = bool(_codes(each.body.get("clinicalStatus")) & _OVER) or (
        ended is not None and ended <= today
    )
    marks: tuple[Mark, ...] = ("unconfirmed",) if verified & _UNSURE else ()
    section = PAST if is_over else PROBLEMS
    return _plain(each, section, each.body.get("code"), until=ended, marks=marks)


def _medicine(each: Given, today: date) -> Entry | None:
    if not is_current(each.resource_type, each.body, each.on, today):
        return None
    until = given_until(each.body, each.on)
    return _plain(each, MEDICINES, drug_of(each.body), until=until)


def _immunization(each: Given, today: date) -> Entry | None:
    if each.body.get("status") != "completed":
        return None
    return _plain(each, IMMUNIZATIONS, each.body.get("vaccineCode"))


def _observation(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_A_RESULT:
        return None
    if _loinc(each.body.get("code")) & _OF_PREGNANCY:
        return _plain(each, PREGNANCY, each.body.get("code"))
    section = {"lab": RESULTS, "infection": RESULTS, "vitals": VITALS}.get(each.category)
    return None if section is None else _plain(each, section, each.body.get("code"))


def _report(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_A_RESULT:
        return None
    if not as_text(each.body.get("conclusion")) and not each.body.get("conclusionCode"):
        return None  # its results stand for themselves
    return _plain(each, RESULTS, each.body.get("code"))


def _procedure(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) in _NOT_DONE:
        return None
    return _plain(each, PROCEDURES, each.body.get("code"))


def _document(each: Given, today: date) -> Entry | None:
    if as_text(each.body.get("status")) != "current":
        return None
    if not _loinc(each.body.get("type")) & _OF_DIRECTIVES:
        return None
    return _plain(each, DIRECTIVES, each.body.get("type"))


_READERS: Final[dict[str, Callable[[Given, date], Entry | None]]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Immunization": _immunization,
    "MedicationAdministration": _medicine,
    "MedicationDispense": _medicine,
    "MedicationRequest": _medicine,
    "MedicationStatement": _medicine,
    "Observation": _observation,
    "Procedure": _procedure,
}


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
    return sorted(groups, key=lambda group: _newness(group[0]), reverse=True)


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
    names |= {folded_name(each) for each in words} - {""}
    return {f"{name}@{place}" for name in names}


def _concepts(value: object) -> list[Json]:
    return as_objects(value) if isinstance(value, list) else [as_object(value)]


def folded_name(name: str) -> str:
    """Width, case, spaces, brackets and the mark of a general name make no other thing."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", name).lower())


def _once(entries: list[Entry]) -> Iterator[Entry]:
    for group in _folded(entries):
        newest = group[0]
        marks = {mark for each in group for mark in each.marks}
        if any("unconfirmed" not in each.marks for each in group):
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
    for group in _folded(entries):
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
        seen[key] = (
            entry
            if known is None
            else structs.replace(known, sources=known.sources + entry.sources)
        )
    yield from seen.values()


_FOLD: Final[dict[str, Callable[[list[Entry]], Iterable[Entry]]]] = {
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


def _codes(concept: object) -> frozenset[str]:
    return frozenset(code for _, code, _ in codings_of(concept)) - {""}


def _loinc(concept: object) -> frozenset[str]:
    return frozenset(code for system, code, _ in codings_of(concept) if system == LOINC)


def _days(quantity: object) -> int:
    """A duration in days; 0 where it says none that a calendar can hold."""
    try:
        number = int(Decimal(digits_of(as_object(quantity).get("value"))))
    except (InvalidOperation, ValueError, OverflowError):
        return 0
    unit = as_text(as_object(quantity).get("code")) or as_text(as_object(quantity).get("unit"))
    days = number * {"wk": 7, "週": 7, "mo": 30, "月": 30}.get(unit, 1)
    return days if 0 < days <= 3660 else 0
