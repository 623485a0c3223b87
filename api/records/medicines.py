"""What a medication record says of itself: for how long it was given, whether it goes on, and by
which name its drug is compared. The page for clinicians and the patient summary both read it here.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from api.records.mapping import name_of
from api.records.parse import (
    Json,
    as_object,
    as_objects,
    as_text,
    decimal_of,
    digits_of,
    read_day,
)

LONGEST: Final = 400  # days of one supply; more is a slip of the pen
# What was left over bridges a short gap; a longer one is a pause.
BRIDGED: Final = timedelta(days=7)
# Where no days are told: as long as prescriptions are shared (JP-CLINS, 処方: 100日間か直近3回).
RECENT: Final = timedelta(days=100)
# Nothing was given, or nothing is to be believed.
NEVER: Final = frozenset(
    {"cancelled", "declined", "draft", "entered-in-error", "intended", "not-done", "not-taken"}
    | {"preparation"}
)
# It was given, and somebody said to take it no further.
HALTED: Final = frozenset({"on-hold", "revoked", "stopped"})

_LONGEST_PERIOD: Final = 3660  # days; a period said to end later has no end
_DAYS_OF: Final = {
    **dict.fromkeys(("d", "日", "日分", "日間", "day", "days"), 1),
    **dict.fromkeys(("wk", "週", "週間", "週分"), 7),
    **dict.fromkeys(("mo", "月", "月分", "か月", "ヶ月", "カ月"), 30),
}
_AS_NEEDED: Final = re.compile("頓|必要時|疼痛時|発熱時|発作時")
_GENERAL: Final = re.compile(r"[【\[(]般[】\])]")
_MAKER: Final = re.compile("「[^」]*」$")
_NOT_WORDS: Final = re.compile(r"[\s・,、，()\[\]【】「」]+")


class Course(NamedTuple):
    """One supply of a drug. `days` is None where it does not say how long; then it counts for its
    own day. `goes_on`: whoever takes it says that they do, and no last day."""

    start: date
    days: int | None
    is_as_needed: bool
    status: str
    is_injection: bool
    goes_on: bool = False

    @property
    def end(self) -> date:
        """The last day it reaches."""
        return self.start + timedelta(days=(self.days or 1) - 1)

    @property
    def is_halted(self) -> bool:
        return self.status in HALTED

    def reaches(self, today: date) -> bool:
        """Within its days and what may be left over; where none are said, for `RECENT`. An
        injection without days is of its own day."""
        if self.start > today:
            return False
        if self.goes_on:
            return True
        if self.days is None and not self.is_injection:
            return today <= self.start + RECENT
        return today <= self.end + BRIDGED

    def is_current(self, today: date) -> bool:
        """Whether it is still to be reckoned with."""
        return self.status not in NEVER | HALTED and self.reaches(today)


def course_of(body: Json, written: date, *, is_injection: bool = False) -> Course:
    """`written` is its day where the record names none."""
    dosages = dosages_of(body)
    start, until = _span(body, dosages, written)
    days = _days_of_supply(body, dosages)
    if until is not None and (until - start).days < _LONGEST_PERIOD:
        days = max((until - start).days + 1, 1)
    is_as_needed = any(map(_is_as_needed, dosages))
    return Course(
        start,
        None if is_as_needed else days,
        is_as_needed,
        as_text(body.get("status")),
        is_injection,
        _goes_on(body),
    )


def _goes_on(body: Json) -> bool:
    """Told by the patient, as active and without an end."""
    told = as_objects(as_object(body.get("category")).get("coding"))
    return (
        body.get("resourceType") == "MedicationStatement"
        and body.get("status") == "active"
        and any(each.get("code") == "patientspecified" for each in told)
        and "end" not in as_object(body.get("effectivePeriod"))
    )


def dosages_of(body: Json) -> list[Json]:
    return [
        *as_objects(body.get("dosageInstruction")),
        *as_objects(body.get("dosage")),
        *([body["dosage"]] if isinstance(body.get("dosage"), dict) else []),
    ]


def usage_of(dosage: Json) -> str:
    written = as_text(dosage.get("text"))
    return written or name_of(as_object(as_object(dosage.get("timing")).get("code")))


def folded_name(name: str) -> str:
    """Width, case, spaces, brackets and the mark of a general name make no other thing. What stands
    in a bracket stays: it may be what tells two things apart."""
    plain = _GENERAL.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _NOT_WORDS.sub("", plain)


def folded_drug(name: str) -> str:
    """As `folded_name`, without the maker, whom a Japanese trade name has in 「」 at its end."""
    return folded_name(_MAKER.sub("", unicodedata.normalize("NFKC", name).strip()))


def _days_of_supply(body: Json, dosages: Sequence[Json]) -> int | None:
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
    """A number without a unit is one of days."""
    value = decimal_of(duration.get("value"))
    units = [as_text(duration.get(name)) for name in ("code", "unit") if duration.get(name)]
    factor = next((_DAYS_OF[each] for each in units if each in _DAYS_OF), None if units else 1)
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


def _span(body: Json, dosages: Sequence[Json], written: date) -> tuple[date, date | None]:
    """The first day, and the last where the record names it."""
    for dosage in dosages:
        for extension in as_objects(dosage.get("extension")):
            if as_text(extension.get("url")).endswith("PeriodOfUse"):
                start = read_day(as_object(extension.get("valuePeriod")).get("start"))
                if start is not None:
                    return start, None
    otherwise = read_day(body.get("authoredOn")) or written
    for name in ("effectivePeriod", "effectiveDateTime", "whenHandedOver", "whenPrepared"):
        value = body.get(name)
        if isinstance(value, dict):
            start, end = read_day(value.get("start")) or otherwise, read_day(value.get("end"))
            return start, end if end is not None and end >= start else None
        if value is not None and (day := read_day(value)) is not None:
            return day, None
    return otherwise, None


def _is_as_needed(dosage: Json) -> bool:
    return (
        dosage.get("asNeededBoolean") is True
        or isinstance(dosage.get("asNeededCodeableConcept"), dict)
        or bool(_AS_NEEDED.search(usage_of(dosage)))
    )


def amount_of(body: Json) -> str:
    supply = as_object(body.get("dispenseRequest"))
    quantity = as_object(supply.get("quantity") or body.get("quantity"))
    written = digits_of(quantity.get("value"))
    return f"{written} {as_text(quantity.get('unit'))}".strip() if written else ""
