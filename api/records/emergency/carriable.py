"""What of somebody's records can stand on the card they carry: record bodies in, lines out."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.emergency.cards.content import LONGEST_LINE, Line, LineKind, LineMark, shortened
from api.fhir.codes import LOINC
from api.records.mapping import codings_of
from api.records.own.plain import facts_of
from api.records.parse import as_object, as_text, read_day
from api.records.provenance import by_of, is_of_somebody_else
from api.records.summary.rules import MEDICATION_TYPES, is_entered_in_error, summary_of
from api.records.summary.sections import (
    ALLERGIES,
    MEDICINES,
    PROBLEMS,
    PROCEDURES,
    RESULTS,
    Entry,
    Given,
)

TYPES: Final = (
    "AllergyIntolerance",
    "Condition",
    "DeviceUseStatement",
    *MEDICATION_TYPES,
    "Observation",
    "Procedure",
)
_DEVICE: Final = "DeviceUseStatement"
# An operation after which something stays in the body, by the words in its name.
_STAYS: Final = (
    "ペースメーカ",
    "除細動器",
    "植込",
    "植え込",
    "埋込",
    "埋め込",
    "人工関節",
    "人工骨頭",
    "人工弁",
    "人工血管",
    "弁置換",
    "関節置換",
    "ステント",
    "クリッピング",
    "コイル塞栓",
    "シャント",
    "眼内レンズ",
    "人工内耳",
)
# ABO group, Rh type, both together.
_BLOOD: Final = frozenset({"883-9", "10331-7", "882-1"})
_BLOOD_JLAC10: Final = ("5H010", "5H020")
_LONGEST_BLOOD: Final = 20


_OWN: Final = "（本人の記入）"
_MARKS: Final[tuple[LineMark, ...]] = ("high", "unconfirmed")


class Row(NamedTuple):
    """A told record with its sensitivity, and the title it stands under in lists."""

    given: Given
    title: str
    sensitivity: int


class Offer(NamedTuple):
    """One line that may be carried. `is_usual`: ticked unless the participant says otherwise, which
    nothing delicate is."""

    record_id: UUID
    line: Line
    on: date
    is_usual: bool


class Offers(NamedTuple):
    """`blood` is "" where no record says it."""

    lines: list[Offer]
    blood: str


Naming = Callable[[Entry, Row], tuple[LineKind, str] | None]


def offers_of(rows: Iterable[Row], today: date) -> Offers:
    """The same for any order of the records."""
    known = {row.given.record_id: row for row in rows if not is_of_somebody_else(row.given.body)}
    summary = summary_of((row.given for row in known.values()), today)
    found = [
        *_of(summary.entries[ALLERGIES.name], known, _allergy),
        *_of(summary.entries[PROCEDURES.name], known, _implant),
        *_of(summary.entries[MEDICINES.name], known, lambda entry, _: ("medicine", entry.title)),
        *_of(summary.entries[PROBLEMS.name], known, lambda entry, _: ("condition", entry.title)),
        *_of(summary.entries[RESULTS.name], known, _infection),
        *_devices(known.values(), today),
    ]
    once: dict[tuple[LineKind, str], Offer] = {}
    for each in found:
        once.setdefault((each.line.kind, each.line.text), each)
    return Offers(list(once.values()), _blood(known.values()))


def _of(entries: Iterable[Entry], known: dict[UUID, Row], named: Naming) -> Iterator[Offer]:
    for entry in entries:
        newest = known[entry.sources[0].record_id]
        found = named(entry, newest)
        if found is None:
            continue
        kind, text = found
        mark: LineMark = next((each for each in _MARKS if each in entry.marks), "")
        delicate = any(known[source.record_id].sensitivity for source in entry.sources)
        if "own" in entry.marks:
            text = shortened(text, LONGEST_LINE - len(_OWN)) + _OWN if mark else text
        line = Line(
            kind, shortened(text), mark or ("own" if "own" in entry.marks else ""), delicate
        )
        is_usual = not delicate and kind != "infection"
        yield Offer(newest.given.record_id, line, entry.on, is_usual)


def _allergy(entry: Entry, newest: Row) -> tuple[LineKind, str]:
    kind: LineKind = (
        "contraindication" if newest.given.category == "contraindication" else "allergy"
    )
    return kind, entry.title


def _implant(entry: Entry, _: Row) -> tuple[LineKind, str] | None:
    return ("implant", entry.title) if any(word in entry.title for word in _STAYS) else None


def _infection(entry: Entry, newest: Row) -> tuple[LineKind, str] | None:
    if newest.given.category != "infection":
        return None
    values = [fact.value for fact in facts_of(entry.body) if fact.kind == "result" and fact.value]
    return "infection", " ".join([entry.title, *values[:1]])


def _devices(rows: Iterable[Row], today: date) -> Iterator[Offer]:
    """What a record says somebody has in or on their body still."""
    for row in sorted(rows, key=lambda row: (row.given.on, row.given.record_id), reverse=True):
        body = row.given.body
        if row.given.resource_type != _DEVICE or is_entered_in_error(body):
            continue
        ended = read_day(as_object(body.get("timingPeriod")).get("end"))
        if as_text(body.get("status")) != "active" or (ended is not None and ended <= today):
            continue
        if row.title:
            line = Line("implant", shortened(row.title), "", bool(row.sensitivity))
            yield Offer(row.given.record_id, line, row.given.on, not row.sensitivity)


def _blood(rows: Iterable[Row]) -> str:
    """From the newest record of each of its tests, as they say it; never what was typed by hand."""
    said: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.given.on, row.given.record_id), reverse=True):
        body = row.given.body
        if row.given.resource_type != "Observation" or is_entered_in_error(body):
            continue
        if by_of(row.given.facility_id, body) in ("self", "proxy", "device"):
            continue
        for system, code, _ in codings_of(body.get("code")):
            is_blood = (system == LOINC and code in _BLOOD) or code.startswith(_BLOOD_JLAC10)
            values = [fact.value for fact in facts_of(body) if fact.kind == "result"]
            if is_blood and values and values[0]:
                said.setdefault(code[:5], values[0])
    return shortened(" ".join(said[code] for code in sorted(said)), _LONGEST_BLOOD)
