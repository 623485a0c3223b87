"""Kinds of entries: what one is made of, and the FHIR resource it becomes and is read from."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from api.fhir import codes
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
)
from api.phr.entries.leaps import Leaps

JAPAN: Final = timezone(timedelta(hours=9))
IDENTIFIER: Final = "urn:tsunagu:own"
PROVENANCE: Final = "urn:tsunagu:provenance"
# `meta.source` of all that participants bring themselves.
SOURCE: Final = "urn:tsunagu:source:self"
VITAL_SIGNS: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
By = Literal["self", "proxy", "device"]
WHEN: Final = ("on", "time")

_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
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
    in the book of whoever keeps it; such an Observation has a focus, and no code of others'.
    `leaps`: what is asked about once beside the others of the kind."""

    name: str
    category: str
    code: Coded
    title: str
    fields: tuple[Field, ...]
    has_time: bool = False
    on_may_be_future: bool = False
    earliest: date = date(1900, 1, 1)
    check: Callable[[Values], Checked] | None = None
    leaps: Leaps | None = None
    is_of_somebody_else: bool = False
    shape: Shape | None = None

    @property
    def resource_type(self) -> str:
        return self.shape.resource_type if self.shape else "Observation"

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)


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
    return _observation(kind, values, book, base)


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


def _observation(kind: Kind, values: Values, book: str, base: Base) -> Json:
    """One value, or a component for each that says something."""
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
    if base.device:
        found["device"] = {"display": base.device}
    said = [each for each in kind.fields if values.get(each.name)]
    if len(kind.fields) == 1:
        return found | said[0].said(values[said[0].name])
    found["component"] = [
        {"code": each.code.concept(), **each.said(values[each.name])} for each in said
    ]
    return found


def _focus(book: str) -> Json:
    return {"system": f"{IDENTIFIER}:book", "value": book}


def _moment(values: Values) -> str:
    if not values.get("time"):
        return values["on"]
    at = datetime.fromisoformat(f"{values['on']}T{values['time']}")
    return at.replace(tzinfo=JAPAN).isoformat()


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
    "Number",
    "Several",
    "Shape",
    "Values",
    "Words",
    "decoded",
    "name_of",
    "resource_of",
    "values_of",
    "when_of",
)
