"""Measurements over time: stored Observations in, one series for each test and unit out.

Units are never mixed: a test that came in two units gives two series. Nothing is converted. What a
participant wrote down of somebody else (a child) is in no series of theirs.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from api.fhir.codes import JLAC10, LOINC
from api.records.mapping import codings_of, name_of
from api.records.own.plain import unit_said
from api.records.parse import Json, as_object, as_objects, as_text, decimal_of, digits_of
from api.records.provenance import By, by_of, is_of_somebody_else

# JLAC10: what is measured, how it is told apart, in which material. The method behind them may
# differ between laboratories; it is said, and does not part the series.
_SAME_TEST: Final = 12
# Height, weight, BMI and heart rate go by LOINC in vital signs, by JLAC10 in checkups and SS-MIX2.
_LOINC_OF: Final = {
    "9N001": "8302-2",
    "9N006": "29463-7",
    "9N011": "39156-5",
    "9N121": "8867-4",
}
# Systolic before diastolic pressure, as everybody says them: LOINC, and JLAC10 of checkups.
_PRESSURES: Final = ("8480-6", "9A75", "8462-4", "9A76")
_NOT_CODED: Final = "9" * 17
_LITRE: Final = re.compile(r"/(d|m|u|n|p|f)?l\b", re.IGNORECASE)


class Origin(NamedTuple):
    """Who says so: each has a mark of its own. `by` is "" for a facility."""

    facility_id: UUID
    by: By


class Source(NamedTuple):
    """The record a value stands in."""

    record_id: UUID
    facility_id: UUID
    on: date
    at: datetime | None
    marks: tuple[str, ...]
    body: Json
    is_checkup: bool = False
    is_new: bool = False

    @property
    def origin(self) -> Origin:
        return Origin(self.facility_id, by_of(self.facility_id, self.body))


class Range(NamedTuple):
    """A reference range, open on a side that is None."""

    low: Decimal | None
    high: Decimal | None


class Value(NamedTuple):
    """`text` is what the sender wrote. `number` is None for what cannot be drawn; a `comparator`
    (<, <=, >, >=) says that the true value lies beyond it."""

    source: Source
    text: str
    number: Decimal | None
    comparator: str
    range: Range | None
    range_text: str
    interpretation: str
    method: str

    @property
    def flag(self) -> str:
        """`high`, `low` or "": as the sender said, else against the range that came with it."""
        if self.interpretation:
            return _FLAGS.get(self.interpretation, "")
        if self.number is None or self.range is None:
            return ""
        low, high = self.range
        if high is not None and self.number > high and self.comparator not in ("<", "<="):
            return "high"
        if low is not None and self.number < low and self.comparator not in (">", ">="):
            return "low"
        return ""


class Series(NamedTuple):
    """One test in one unit, the oldest value first. `key` names it in an address."""

    key: str
    name: str
    unit: str
    values: tuple[Value, ...]

    @property
    def numbers(self) -> list[Value]:
        return [each for each in self.values if each.number is not None]

    @property
    def words(self) -> list[Value]:
        """What cannot be drawn: results in words."""
        return [each for each in self.values if each.number is None]

    @property
    def origins(self) -> list[Origin]:
        """Facilities first, then the participant's own: by how much they wrote, so that the first
        mark is the commonest."""
        counted = Counter(each.source.origin for each in self.values)
        found = [origin for origin, _ in counted.most_common()]
        return sorted(found, key=lambda each: bool(each.by))

    @property
    def range(self) -> Range | None:
        """The newest one that came; ranges differ between laboratories."""
        return next((each.range for each in reversed(self.values) if each.range), None)

    @property
    def has_several_methods(self) -> bool:
        return len({each.method for each in self.values if each.method}) > 1

    @property
    def has_several_ranges(self) -> bool:
        return len({each.range for each in self.values if each.range}) > 1


_FLAGS: Final = {"H": "high", "HH": "high", "HU": "high", "L": "low", "LL": "low", "LU": "low"}


def series_of(sources: Iterable[Source]) -> list[Series]:
    """Every test that was measured, those measured most often first; the upper blood pressure
    before the lower."""
    found: dict[tuple[str, str], list[tuple[str, str, Value]]] = {}
    for source in sources:
        for name, test, unit, value in _values(source):
            found.setdefault((test, _folded_unit(unit)), []).append((name, unit, value))
    made = [_series(test, members) for (test, _), members in found.items()]
    return sorted(made, key=lambda each: (-len(each.values), _place(each), each.name, each.unit))


def _place(series: Series) -> int:
    """Blood pressure stands together, before what was measured as often."""
    found = (place for place, code in enumerate(_PRESSURES) if series.key.startswith(code))
    return next(found, len(_PRESSURES))


def _series(test: str, members: Sequence[tuple[str, str, Value]]) -> Series:
    ordered = sorted(members, key=lambda each: _moment(each[2].source))
    name, unit, _ = ordered[-1]
    key = f"{test}|{unit}" if unit else test
    return Series(key, name, unit_said(unit), tuple(value for _, _, value in ordered))


def _moment(source: Source) -> tuple[date, float]:
    return source.on, source.at.timestamp() if source.at else 0.0


def _values(source: Source) -> Iterable[tuple[str, str, str, Value]]:
    """Name, test, unit and value: of the observation itself, or of each of its parts."""
    body = source.body
    if as_text(body.get("status")) in ("cancelled", "entered-in-error"):
        return
    if is_of_somebody_else(body):
        return
    whole = name_of(body.get("code"))
    for holder in [body, *as_objects(body.get("component"))]:
        text, number, comparator, unit = _value(holder)
        if not text:
            continue
        name = whole if holder is body else name_of(holder.get("code"))
        test, method = _test(holder.get("code"), name)
        ranged, range_text = _range(holder)
        value = Value(
            source,
            text,
            number,
            comparator,
            ranged,
            range_text,
            _interpretation(holder),
            method,
        )
        yield name, test, unit, value


def _test(code: object, name: str) -> tuple[str, str]:
    """What is measured, and by which method where the code tells."""
    codings = codings_of(code)
    for system, value, _ in codings:
        is_jlac = system == JLAC10 or "JLAC10" in system
        if is_jlac and len(value) == len(_NOT_CODED) and value != _NOT_CODED:
            loinc = _LOINC_OF.get(value[:5])
            return (loinc, "") if loinc else (value[:_SAME_TEST], value[_SAME_TEST:15])
    for system, value, _ in codings:
        if system == LOINC and value:
            return value, ""
    return unicodedata.normalize("NFKC", name).casefold().strip(), ""


def _folded_unit(unit: str) -> str:
    """Widths, brackets, the micro sign and the case of litre are ways of writing; no more is."""
    plain = unit_said(unicodedata.normalize("NFKC", unit)).replace(" ", "").replace("μ", "u")
    return _LITRE.sub(lambda found: found.group(0).lower(), plain)


def _value(holder: Json) -> tuple[str, Decimal | None, str, str]:
    """Text, number, comparator and unit of whatever `value[x]` holds."""
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        number = decimal_of(quantity.get("value"))
        comparator = as_text(quantity.get("comparator"))
        unit = as_text(quantity.get("unit")) or as_text(quantity.get("code"))
        written = digits_of(quantity.get("value"))
        return (f"{comparator}{written}" if written else ""), number, comparator, unit
    for key in ("valueInteger", "valueDecimal"):
        if key in holder:
            return digits_of(holder[key]), decimal_of(holder[key]), "", ""
    text = as_text(holder.get("valueString")) or name_of(holder.get("valueCodeableConcept"))
    number, comparator = _number_in(text)
    return text.strip(), number, comparator, ""


def _number_in(text: str) -> tuple[Decimal | None, str]:
    """A result written as text: "< 0.5" is a number with its comparator, "(+)" is none."""
    plain = unicodedata.normalize("NFKC", text).replace("≦", "<=").replace("≧", ">=")
    found = re.fullmatch(r"\s*(<=|>=|<|>)?\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*", plain, re.ASCII)
    if found is None:
        return None, ""
    return Decimal(found.group(2)), found.group(1) or ""


def _range(holder: Json) -> tuple[Range | None, str]:
    for span in as_objects(holder.get("referenceRange")):
        low = decimal_of(as_object(span.get("low")).get("value"))
        high = decimal_of(as_object(span.get("high")).get("value"))
        text = as_text(span.get("text"))
        if low is not None or high is not None:
            said = text or f"{'' if low is None else low}〜{'' if high is None else high}"
            return Range(low, high), said
        if text:
            return None, text
    return None, ""


def _interpretation(holder: Json) -> str:
    for concept in as_objects(holder.get("interpretation")):
        for coding in as_objects(concept.get("coding")):
            if coding.get("code"):
                return as_text(coding["code"])
    return ""
