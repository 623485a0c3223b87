"""What is typed, read against its kind: what is wrong with it, and what is odd."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from hashlib import sha256
from typing import Final, NamedTuple

from api.identity.my_number import contains_my_number
from api.phr.entries.fields import Day, Number, Values, Words, cleaned, read_day
from api.phr.entries.kinds import WHEN, Kind
from api.phr.entries.leaps import Point

# One reading as people write it, whole: 120/80.
_PAIR: Final = re.compile(r"(\d{2,3}) ?/ ?(\d{2,3}) ?(?:mmhg)?", re.ASCII | re.IGNORECASE)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:時]([0-5]?\d)分?", re.ASCII)


class Typed(NamedTuple):
    """What was typed, read. `values` go back into the form: nothing typed is lost but a 個人番号.

    `sure` is what saying yes to exactly these odd values looks like; "" without any. `beside`: what
    odd values are far from, where it may be told.
    """

    values: dict[str, str]
    faults: dict[str, str]
    odd: dict[str, str]
    beside: Mapping[str, Point] = {}

    @property
    def sure(self) -> str:
        said = "|".join(f"{name}={self.values[name]}" for name in sorted(self.odd))
        return sha256(said.encode()).hexdigest()[:32] if self.odd else ""


def read(kind: Kind, fields: Values, today: date, now: time) -> Typed:
    """`today` and `now` are those of Japan: an entry is not of the future unless its kind says."""
    typed = {
        name: cleaned(fields.get(name, ""))
        for name in (*WHEN, *(each.name for each in kind.fields))
    }
    _part_pressures(kind, typed)
    faults: dict[str, str] = {}
    odd: dict[str, str] = {}
    _read_when(kind, typed, faults, today, now)
    for field in kind.fields:
        written = typed[field.name]
        if not written:
            if field.is_required:
                faults[field.name] = "error.own.required"
            continue
        if isinstance(field, Words) and contains_my_number(written):
            typed[field.name], faults[field.name] = "", "error.entry.my_number"
            continue
        found = field.read(written, today) if isinstance(field, Day) else field.read(written)
        typed[field.name] = found.value
        if found.fault:
            faults[field.name] = found.fault
        elif found.odd:
            odd[field.name] = found.odd
    if not faults and not any(typed[each.name] for each in kind.fields):
        faults[kind.fields[0].name] = "error.own.empty"
    if kind.check is not None and not faults:
        between = kind.check(typed)
        faults |= between.faults
        odd |= between.odd
    return Typed(typed, faults, odd)


def params_of(kind: Kind, name: str) -> dict[str, str]:
    """What a message about a field can name: the bounds it was held to, its unit, its length."""
    field = kind.field(name)
    if isinstance(field, Number):
        least, most = field.bounds
        low, high = field.usual or field.bounds
        return {
            "least": least,
            "most": most,
            "low": low,
            "high": high,
            "unit": field.unit,
            "decimals": str(field.decimals),
        }
    if isinstance(field, Words):
        return {"longest": str(field.longest)}
    if isinstance(field, Day):
        return {"earliest": field.earliest.isoformat()}
    return {"earliest": kind.earliest.isoformat()} if name == "on" else {}


def _part_pressures(kind: Kind, typed: dict[str, str]) -> None:
    """Both numbers of a blood pressure written into one field, where the other is empty."""
    for upper in [each.name for each in kind.fields if each.name.startswith("systolic")]:
        lower = upper.replace("systolic", "diastolic")
        written = [each for each in (typed[upper], typed.get(lower, "")) if each]
        pair = _PAIR.fullmatch(unicodedata.normalize("NFKC", written[0])) if written else None
        if pair is not None and len(written) == 1 and lower in typed:
            typed[upper], typed[lower] = pair.groups()


def _read_when(
    kind: Kind, typed: dict[str, str], faults: dict[str, str], today: date, now: time
) -> None:
    on = read_day(typed["on"])
    if on is None:
        faults["on"] = "error.own.day" if typed["on"] else "error.own.required"
        return
    typed["on"] = on.isoformat()
    if on < kind.earliest:
        faults["on"] = "error.own.early"
    elif on > today and not kind.on_may_be_future:
        faults["on"] = "error.own.future"
    if not kind.has_time:
        typed["time"] = ""
        return
    written = unicodedata.normalize("NFKC", typed["time"])
    if not written:
        return
    clocked = _CLOCK.fullmatch(written)
    if clocked is None:
        faults["time"] = "error.own.time"
        return
    typed["time"] = f"{int(clocked[1]):02}:{int(clocked[2]):02}"
    is_ahead = on == today and time(int(clocked[1]), int(clocked[2])) > now
    if is_ahead and not kind.on_may_be_future:
        faults["time"] = "error.own.time_ahead"
