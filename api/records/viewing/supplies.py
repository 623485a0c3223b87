"""One prescription, dispensing or injection, read from its record: which drug, for how long."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from api.fhir.codes import GENERAL_NAME, YJ
from api.records.mapping import codings_of, drug_of, name_of
from api.records.parse import Json, as_object, as_objects, as_text, digits_of, read_day
from api.records.viewing.series import decimal_of

KINDS: Final = ("prescription", "dispensing", "injection")
LONGEST: Final = 400  # days; more is a slip of the pen
_SAME: Final = 9
_DAYS_OF: Final = {"d": 1, "日": 1, "日分": 1, "day": 1, "days": 1, "wk": 7, "週": 7, "週間": 7}
_AS_NEEDED: Final = re.compile("頓|必要時|疼痛時|発熱時|発作時")
_NEVER: Final = frozenset({"cancelled", "entered-in-error", "draft", "not-done", "declined"})
_WIDE_FORM: Final = re.compile(r"^【般】")


class Source(NamedTuple):
    """The record a supply stands in."""

    record_id: UUID
    category: str
    facility_id: UUID
    on: date
    title: str
    marks: tuple[str, ...]
    body: Json


class Supply(NamedTuple):
    """One prescription, dispensing or injection. `days` is None where it does not say how long;
    then it counts for its own day."""

    source: Source
    name: str
    code: str
    usage: str
    amount: str
    start: date
    days: int | None
    is_as_needed: bool

    @property
    def end(self) -> date:
        """The last day it reaches."""
        return self.start + timedelta(days=(self.days or 1) - 1)

    @property
    def drug(self) -> str:
        if len(self.code) >= _SAME:
            return self.code[:_SAME]
        return _folded(self.name)


def supplies_of(sources: Iterable[Source]) -> list[Supply]:
    """What counts as taken up: nothing cancelled, and nothing entered in error."""
    return [_supply(each) for each in sources if as_text(each.body.get("status")) not in _NEVER]


def _supply(source: Source) -> Supply:
    body = source.body
    dosages = [
        *as_objects(body.get("dosageInstruction")),
        *as_objects(body.get("dosage")),
        *([body["dosage"]] if isinstance(body.get("dosage"), dict) else []),
    ]
    start, until = _span(body, dosages, source.on)
    days = days_of_supply(body, dosages)
    if until is not None:
        days = min(max((until - start).days + 1, 1), LONGEST)
    is_as_needed = _is_as_needed(dosages)
    concept = drug_of(body)
    return Supply(
        source,
        name_of(concept) or source.title,
        _code(concept),
        next(filter(None, map(_usage, dosages)), ""),
        _amount(body),
        start,
        None if is_as_needed else days,
        is_as_needed,
    )


def days_of_supply(body: Json, dosages: Sequence[Json]) -> int | None:
    """For how many days it was given: as said, else amount through daily dose, else None."""
    supply = as_object(body.get("dispenseRequest"))
    said = [supply.get("expectedSupplyDuration"), body.get("daysSupply")]
    said += [
        as_object(as_object(each.get("timing")).get("repeat")).get("boundsDuration")
        for each in dosages
    ]
    for duration in said:
        days = _days(as_object(duration))
        if days is not None:
            return days
    amount = as_object(supply.get("quantity") or body.get("quantity"))
    daily = [_daily(each, amount) for each in dosages]
    given = decimal_of(amount.get("value"))
    if given is None or len(daily) != 1 or daily[0] is None or daily[0] <= 0:
        return None
    return _bounded(given / daily[0])


def _days(duration: Json) -> int | None:
    value = decimal_of(duration.get("value"))
    unit = as_text(duration.get("code")) or as_text(duration.get("unit"))
    factor = _DAYS_OF.get(unit) or _DAYS_OF.get(as_text(duration.get("unit")))
    return None if value is None or factor is None else _bounded(value * factor)


def _bounded(days: Decimal) -> int | None:
    """Whole days; a part of a day counts as none."""
    return int(days) if 1 <= days <= LONGEST else None


def _daily(dosage: Json, amount: Json) -> Decimal | None:
    """The dose of a day, where it is told in the unit of the amount and by frequency."""
    repeat = as_object(as_object(dosage.get("timing")).get("repeat"))
    doses = [as_object(each.get("doseQuantity")) for each in as_objects(dosage.get("doseAndRate"))]
    frequency, period = decimal_of(repeat.get("frequency")), decimal_of(repeat.get("period"))
    if len(doses) != 1 or repeat.get("periodUnit") != "d" or not frequency or not period:
        return None
    dose = decimal_of(doses[0].get("value"))
    is_same_unit = as_text(doses[0].get("unit")) == as_text(amount.get("unit"))
    return dose * frequency / period if dose is not None and is_same_unit else None


def _span(body: Json, dosages: Sequence[Json], fallback: date) -> tuple[date, date | None]:
    """The first day, and the last where the record names it."""
    for dosage in dosages:
        for extension in as_objects(dosage.get("extension")):
            if as_text(extension.get("url")).endswith("PeriodOfUse"):
                start = read_day(as_object(extension.get("valuePeriod")).get("start"))
                if start is not None:
                    return start, None
    for name in ("effectivePeriod", "effectiveDateTime", "whenHandedOver", "whenPrepared"):
        value = body.get(name)
        if isinstance(value, dict):
            start = read_day(value.get("start"))
            if start is not None:
                end = read_day(value.get("end"))
                return start, end if end is not None and end >= start else None
        elif value is not None and (start := read_day(value)) is not None:
            return start, None
    return read_day(body.get("authoredOn")) or fallback, None


def _is_as_needed(dosages: Sequence[Json]) -> bool:
    return any(
        each.get("asNeededBoolean") is True
        or isinstance(each.get("asNeededCodeableConcept"), dict)
        or bool(_AS_NEEDED.search(_usage(each)))
        for each in dosages
    )


def _usage(dosage: Json) -> str:
    written = as_text(dosage.get("text"))
    return written or name_of(as_object(as_object(dosage.get("timing")).get("code")))


def _amount(body: Json) -> str:
    supply = as_object(body.get("dispenseRequest"))
    quantity = as_object(supply.get("quantity") or body.get("quantity"))
    written = digits_of(quantity.get("value"))
    return f"{written} {as_text(quantity.get('unit'))}".strip() if written else ""


def _code(concept: Json) -> str:
    for wanted in (YJ, GENERAL_NAME):
        for system, code, _ in codings_of(concept):
            if system == wanted and len(code) == 12:
                return code
    return ""


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", _WIDE_FORM.sub("", name)).casefold()
    return re.sub(r"\s+", "", plain)
