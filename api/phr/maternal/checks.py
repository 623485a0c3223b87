"""Between the fields of an entry: what cannot be, and what is asked once."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

from api.phr.entries.kinds import Checked, Values
from api.phr.maternal import dates, fetal

LENGTHS: Final = ("bpd", "ac", "fl")
# As far as the told weight may be from the one of its lengths
_SHARE: Final = Decimal("0.15")


def of_pregnancy(values: Values, today: date) -> Checked:
    """Between the days and figures a pregnancy begins with."""
    faults, odd = {}, {}
    period_on, due_on = dates.written(values.get("lmp", "")), dates.written(values.get("edd", ""))
    if not period_on and not due_on:
        faults["edd"] = "error.maternal.no_day"
    if period_on and period_on > today:
        faults["lmp"] = "error.maternal.lmp_ahead"
    if due_on and due_on - today > dates.FARTHEST:
        faults["edd"] = "error.maternal.edd_far"
    due = due_on or (dates.due_of(period_on) if period_on else None)
    if not faults and due and today - due > dates.LONG_PAST:
        odd["edd" if due_on else "lmp"] = "maternal.odd.past"
    elif due_on and period_on and abs(dates.due_of(period_on) - due_on) > dates.APART:
        odd["edd"] = "maternal.odd.apart"
    return Checked(faults, odd)


def of_entry(
    values: Values, due_on: date, also: Callable[[Values], Checked] | None = None
) -> Checked:
    """On a day of this pregnancy, and in itself."""
    on = dates.written(values.get("on", ""))
    if on and not dates.is_within(due_on, on):
        return Checked({"on": "error.maternal.outside"}, {})
    faults, odd = dict[str, str](), dict[str, str]()
    upper, lower = values.get("systolic", ""), values.get("diastolic", "")
    if bool(upper) != bool(lower):
        faults["diastolic" if upper else "systolic"] = "error.maternal.pair"
    elif upper and Decimal(upper) <= Decimal(lower):
        faults["systolic"] = "error.maternal.pressure"
    if also is not None:
        between = also(values)
        faults |= between.faults
        odd |= between.odd
    return Checked(faults, odd)


def of_birth(values: Values, due_on: date, least: int) -> Checked:
    """`least`: so many newborns are written already."""
    if int(values["babies"]) < least:
        return Checked({"babies": "error.maternal.babies"}, {})
    on = dates.written(values.get("on", ""))
    is_early = on is not None and on - dates.begin_of(due_on) < dates.BIRTH_FROM
    return Checked({}, {"on": "maternal.odd.early_birth"} if is_early else {})


def of_ultrasound(values: Values) -> Checked:
    """Whether the weight told, in grams, is far from the one of its lengths."""
    told = values.get("weight_told", "")
    ours = estimate_of(values)
    if not told or ours is None:
        return Checked({}, {})
    is_apart = abs(Decimal(told) - ours) > _SHARE * ours
    return Checked({}, {"weight_told": "maternal.odd.weight"} if is_apart else {})


def of_newborn(values: Values, most: int, taken: frozenset[str]) -> Checked:
    """Each child of a birth has its number once."""
    number = values.get("number", "")
    if number in taken:
        return Checked({"number": "error.maternal.number_there"}, {})
    if int(number) > most:
        return Checked({"number": "error.maternal.number_more"}, {})
    return Checked({}, {})


def estimate_of(values: Values) -> int | None:
    """Of the three lengths, where all are there."""
    lengths = [values.get(name, "") for name in LENGTHS]
    if not all(lengths):
        return None
    return fetal.estimate(*(Decimal(each) for each in lengths))
