"""Kinds of entries: what is typed is read against one, and becomes a FHIR resource and back."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from api.fhir import codes
from api.identity.my_number import contains_my_number
from api.phr.entries.fields import (
    Coded,
    Day,
    Field,
    Flag,
    Json,
    Number,
    Several,
    Values,
    Words,
    cleaned,
    read_day,
)

JAPAN: Final = timezone(timedelta(hours=9))
IDENTIFIER: Final = "urn:tsunagu:own"
PROVENANCE: Final = "urn:tsunagu:provenance"
# `meta.source` of all that participants bring themselves.
SOURCE: Final = "urn:tsunagu:source:self"
VITAL_SIGNS: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
By = Literal["self", "proxy", "device"]
WHEN: Final = ("on", "time")

_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:時]([0-5]?\d)分?", re.ASCII)
_BY_SAID: Final[dict[str, str]] = {
    "self": "本人の記入",
    "proxy": "代理人の記入",
    "device": "機器の測定",
}


class Checked(NamedTuple):
    """What is wrong, and what is odd, between fields: message keys by field."""

    faults: dict[str, str]
    odd: dict[str, str]


class Base(NamedTuple):
    """What every resource of a participant's own says. `at` is a FHIR date or dateTime."""

    identifier: Json
    status: str
    subject: Json
    at: str
    performer: Json
    category: list[Json]
    device: str


class Shape(Struct, frozen=True):
    """How a kind that is no Observation is written and read."""

    resource_type: str
    build: Callable[[Values, Base], Json]
    values: Callable[[Json], dict[str, str]]


class Kind(Struct, frozen=True, kw_only=True):
    """`title` stands unsealed: it never says what somebody typed. `is_of_somebody_else`: a child's,
    in the book of whoever keeps it; such an Observation has a focus, and no code of others'."""

    name: str
    category: str
    code: Coded
    title: str
    fields: tuple[Field, ...]
    has_time: bool = False
    on_may_be_future: bool = False
    earliest: date = date(1900, 1, 1)
    check: Callable[[Values], Checked] | None = None
    is_of_somebody_else: bool = False
    shape: Shape | None = None

    @property
    def resource_type(self) -> str:
        return self.shape.resource_type if self.shape else "Observation"

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)


class Typed(NamedTuple):
    """What was typed, read. `values` go back into the form: nothing typed is lost but a 個人番号.

    `sure` is what saying yes to exactly these odd values looks like; "" without any.
    """

    values: dict[str, str]
    faults: dict[str, str]
    odd: dict[str, str]

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


def resource_of(
    kind: Kind,
    values: Values,
    entry_id: UUID,
    book: str,
    participant_id: UUID,
    by: By = "self",
    device: str = "",
) -> Json:
    """Of values without fault."""
    subject = {"reference": f"Patient/{participant_id}"}
    category = [{"coding": [{"system": codes.CATEGORY, "code": kind.category}]}]
    if kind.category == "vitals":
        category.append({"coding": [{"system": VITAL_SIGNS, "code": "vital-signs"}]})
    performer = {**(subject if by == "self" else {}), "display": device or _BY_SAID[by]}
    base = Base(
        identifier={"system": IDENTIFIER, "value": name_of(kind, book, entry_id)},
        status="final",
        subject=subject,
        at=_moment(values),
        performer=performer,
        category=category,
        device=device,
    )
    if kind.shape is not None:
        return kind.shape.build(values, base)
    found: Json = {
        "resourceType": "Observation",
        "identifier": [base.identifier],
        "status": base.status,
        "category": base.category,
        "code": kind.code.concept(),
        "subject": base.subject,
        "effectiveDateTime": base.at,
        "performer": [base.performer],
    }
    if kind.is_of_somebody_else:
        found["focus"] = [{"display": "本人が記録している子", "identifier": _focus(book)}]
    if device:
        found["device"] = {"display": device}
    said = [each for each in kind.fields if values.get(each.name)]
    if len(kind.fields) == 1:
        return found | said[0].said(values[said[0].name])
    found["component"] = [
        {"code": each.code.concept(), **each.said(values[each.name])} for each in said
    ]
    return found


def values_of(kind: Kind, resource: Json) -> dict[str, str]:
    """What was typed, with "on" and "time", from what was kept. Absent values are left out."""
    if kind.shape is not None:
        return kind.shape.values(resource)
    found = when_of(str(resource.get("effectiveDateTime", "")))
    if len(kind.fields) == 1:
        return found | {kind.fields[0].name: kind.fields[0].heard(resource)}
    by_code = {
        (code["system"], code["code"]): part
        for part in resource.get("component", ())
        for code in part["code"]["coding"]
    }
    for field in kind.fields:
        part = by_code.get((field.code.system, field.code.code))
        if part is not None:
            found[field.name] = field.heard(part)
    return found


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


def name_of(kind: Kind, book: str, entry_id: UUID) -> str:
    """The value of an entry's identifier."""
    return f"{kind.name}:{book}:{entry_id}"


def when_of(at: str) -> dict[str, str]:
    """The fields "on" and "time" of a FHIR date or dateTime, as Japan's clock shows them."""
    if "T" not in at:
        return {"on": at}
    moment = datetime.fromisoformat(at).astimezone(JAPAN)
    return {"on": moment.date().isoformat(), "time": moment.strftime("%H:%M")}


def decoded(body: str | bytes) -> Json:
    """Numbers keep their digits."""
    found: Json = _DECODER.decode(body)
    return found


def _focus(book: str) -> Json:
    return {"system": f"{IDENTIFIER}:book", "value": book}


def _moment(values: Values) -> str:
    if not values.get("time"):
        return values["on"]
    at = datetime.fromisoformat(f"{values['on']}T{values['time']}")
    return at.replace(tzinfo=JAPAN).isoformat()


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


__all__ = (
    "Base",
    "By",
    "Checked",
    "Coded",
    "Day",
    "Field",
    "Flag",
    "Json",
    "Kind",
    "Mapping",
    "Number",
    "Several",
    "Shape",
    "Typed",
    "Values",
    "Words",
    "decoded",
    "name_of",
    "read",
    "resource_of",
    "values_of",
    "when_of",
)
