"""What a FHIR search asks for: its parameters, as the database takes them.

FHIR R4 §3.1.1: a parameter we would ignore could widen an answer. So whatever is not in the tables
here is refused, and the CapabilityStatement is made from the same tables.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.core.clock import JAPAN
from api.fhir.codes import canonical_system
from api.records.errors import BadValue, NotOffered, UnknownParameter
from api.records.mapping import CATEGORIES_OF_TYPE
from api.records.reading import including
from api.records.reading.including import Include
from api.records.shapes import SHAPES

MOST_PARAMETERS: Final = 40
MOST_VALUES: Final = 100
PATIENT: Final = "Patient"
STORED: Final = tuple(sorted(CATEGORIES_OF_TYPE.keys() - {PATIENT}))

BY_PATIENT: Final = (
    "patient", "patient.identifier", "patient:identifier", "patient:Patient.identifier",
)  # fmt: skip
FOR_ALL: Final = ("category", "identifier", "date", "_id", "_lastUpdated")
# `_totalMethod=count` is how fhirpy asks for an accurate total.
RESULT: Final = (
    "_count", "_sort", "_summary", "_elements", "_total", "_totalMethod", "_include", "_page",
    "_format",
)  # fmt: skip
ORDERS: Final = ("date", "-date", "_lastUpdated", "-_lastUpdated")
SUMMARIES: Final = ("true", "text", "data", "count", "false")
DATES: Final = frozenset({"date", "_lastUpdated"})
REPEATABLE: Final = DATES | {"_include"}
NOT_OFFERED: Final = ("_has", "_revinclude", "_contained", "_query", "_filter", "_list")

_CODED: Final = frozenset(
    {
        "AllergyIntolerance", "Condition", "DiagnosticReport", "MedicationAdministration",
        "MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation",
        "Procedure",
    }
)  # fmt: skip
_TYPED: Final = frozenset({"Composition", "Coverage", "DocumentReference", "Encounter", "Specimen"})
_JUDGED: Final = frozenset({"AllergyIntolerance", "Condition"})
# FHIR's own name for the date each type is known by, where it is not `date`.
_DATE_OF: Final = {
    "Condition": "onset-date",
    "Goal": "start-date",
    "ImagingStudy": "started",
    "MedicationAdministration": "effective-time",
    "MedicationDispense": "whenhandedover",
    "MedicationRequest": "authoredon",
    "MedicationStatement": "effective",
    "QuestionnaireResponse": "authored",
}
_MOMENT: Final = re.compile(
    r"(eq|ge|le|gt|lt)?(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+ -]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_END: Final = datetime.max.replace(tzinfo=UTC)


class AnyOf(msgspec.Struct, frozen=True):
    """Tokens of `app.tokens`, one of which a record must have."""

    tokens: tuple[str, ...]


class Search(msgspec.Struct, frozen=True, omit_defaults=True):
    """As the SQL type `app.search`: what narrows what may be seen, where to go on, what comes
    along."""

    record_ids: tuple[UUID, ...] | None = None
    every: tuple[AnyOf, ...] | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    ends_from: datetime | None = None
    ends_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None
    ordered_by: str | None = None
    after_key: Decimal | None = None
    after_id: UUID | None = None
    version: int | None = None
    includes: tuple[Include, ...] | None = None
    is_counted: bool = True

    @property
    def encoded(self) -> str:
        """Without the sign that parts a call's arguments from each other."""
        return msgspec.json.encode(self).decode().replace("|", "\\u007c")


EVERYTHING: Final = Search()


class Asked(msgspec.Struct, frozen=True):
    """One search. `count` is None where nobody said; `applied` is what stands in the self link, and
    `ignored` what was left out on the client's wish. `is_person`: whose the records are comes along
    with them."""

    types: tuple[str, ...]
    search: Search = EVERYTHING
    count: int | None = None
    summary: str = "false"
    elements: tuple[str, ...] = ()
    page: str | None = None
    who: tuple[str, str] | None = None
    applied: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    is_person: bool = False


class _Moment(NamedTuple):
    """From `begins` until before `ends`, in UTC."""

    prefix: str
    begins: datetime
    ends: datetime


def parameters(resource_type: str | None) -> dict[str, str]:
    """The parameters served for one type (None: for several at once), each with its FHIR type."""
    types = STORED if resource_type is None else (resource_type,)
    named: dict[str, str] = dict.fromkeys(BY_PATIENT[:1], "reference")
    named |= dict.fromkeys(BY_PATIENT[1:], "token")
    named |= {name: "date" if name in DATES else "token" for name in FOR_ALL}
    if resource_type is None:
        return named | {"code": "token", "status": "token", "_type": "token"}
    for name, holders in _TOKENS.items():
        if types[0] in holders:
            named[name] = "token"
    if types[0] in _DATE_OF:
        named[_DATE_OF[types[0]]] = "date"
    return named


_TOKENS: Final[Mapping[str, frozenset[str]]] = {
    "code": _CODED,
    "vaccine-code": frozenset({"Immunization"}),
    "type": _TYPED,
    "class": frozenset({"Encounter"}),
    "status": frozenset(name for name, shape in SHAPES.items() if "status" in shape.required),
    "lifecycle-status": frozenset({"Goal"}),
    "clinical-status": _JUDGED,
    "verification-status": _JUDGED,
}
# Where the database knows a parameter by another name.
_STORED_AS: Final = {"vaccine-code": "code", "lifecycle-status": "status"}


def read(
    resource_type: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    is_lenient: bool = False,
    also: Iterable[str] = (),
) -> Asked:
    """Raises `UnknownParameter`, `NotOffered` and `BadValue`; reads all or nothing.

    `is_lenient`: an unknown parameter is left out and named. What would reach for other resources
    (`_has`, unknown includes) is refused all the same.
    """
    served = parameters(resource_type)
    known = {*served, *RESULT, *also}
    if len(pairs) > MOST_PARAMETERS:
        raise UnknownParameter
    for name, _ in pairs:
        if name.partition(":")[0] in NOT_OFFERED or name.startswith(("_has", "_include:")):
            raise NotOffered(name=name.partition(":")[0])
    ignored = tuple(dict.fromkeys(name for name, _ in pairs if name not in known))
    if ignored and not is_lenient:
        raise UnknownParameter(*ignored)
    kept = [(name, value) for name, value in pairs if name in known]
    names = [name for name, _ in kept]
    repeatable = REPEATABLE | {name for name, kind in served.items() if kind == "date"}
    twice = [name for name in names if name not in repeatable and names.count(name) > 1]
    if twice:
        raise UnknownParameter(*twice)
    asked = _collected(resource_type, kept, served)
    return msgspec.structs.replace(
        asked, ignored=ignored, applied=tuple(pair for pair in kept if pair[0] in _shown(served))
    )


def _shown(served: Mapping[str, str]) -> set[str]:
    """What was typed to name somebody or something stays out of links."""
    hidden = {*BY_PATIENT, "identifier", "_format", "_page"}
    return {*served, *RESULT} - hidden


def _collected(
    resource_type: str | None, pairs: Sequence[tuple[str, str]], served: Mapping[str, str]
) -> Asked:
    found: dict[str, object] = {}
    every: list[AnyOf] = []
    bounds: dict[str, datetime] = {}
    result = dict(pairs)
    for name, value in pairs:
        kind = served.get(name)
        if name in BY_PATIENT or name == "_type":
            continue
        if name == "_id":
            found["record_ids"] = tuple(map(id_of, _values(name, value)))
        elif kind == "date":
            field = "updated" if name == "_lastUpdated" else "day"
            _narrow(bounds, field, _moment(name, value))
        elif kind == "token":
            stored = _STORED_AS.get(name, name)
            every.append(AnyOf(tuple(_token(name, stored, one) for one in _values(name, value))))
    if every:
        found["every"] = tuple(every)
    order = result.get("_sort")
    if order is not None:
        if order not in ORDERS:
            raise BadValue(name="_sort")
        found["ordered_by"] = order
    if result.get("_total", "accurate") not in ("none", "accurate"):
        raise BadValue(name="_total")
    if result.get("_totalMethod", "count") != "count":
        raise BadValue(name="_totalMethod")
    search = Search(**found, **bounds, is_counted=result.get("_total") != "none")  # type: ignore[arg-type]
    who = next(((name, result[name]) for name in BY_PATIENT if name in result), None)
    types = (resource_type,) if resource_type else _types(result.get("_type"))
    included = including.read(types, [value for name, value in pairs if name == "_include"])
    if "_include" in result and result.get("_summary") == "text":  # FHIR R4 §3.1.1.5.8
        raise BadValue(name="_summary")
    if included.records:
        search = msgspec.structs.replace(search, includes=included.records)
    return Asked(
        types=types,
        search=search,
        count=count_of(result),
        summary=_one_of(result, "_summary", SUMMARIES, "false"),
        elements=_elements(result),
        page=result.get("_page"),
        who=who,
        is_person=included.is_person,
    )


def count_of(result: Mapping[str, str]) -> int | None:
    """`_count`, or nothing of the records where only their number is wanted."""
    if result.get("_summary") == "count":
        return 0
    text = result.get("_count")
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise BadValue(name="_count")
    return int(text)


def _types(text: str | None) -> tuple[str, ...]:
    names = STORED if text is None else tuple(dict.fromkeys(text.split(",")))
    if any(name not in STORED for name in names):
        raise BadValue(name="_type")
    return names


def types_of(text: str | None) -> tuple[str, ...]:
    """As `_type`, of $everything: the person stands in it whatever the types."""
    if text is None:
        return STORED
    names = tuple(dict.fromkeys(text.split(",")))
    if any(name not in (*STORED, PATIENT) for name in names):
        raise BadValue(name="_type")
    return names


def _one_of(result: Mapping[str, str], name: str, allowed: Sequence[str], default: str) -> str:
    value = result.get(name, default)
    if value not in allowed:
        raise BadValue(name=name)
    return value


def _elements(result: Mapping[str, str]) -> tuple[str, ...]:
    if "_elements" not in result:
        return ()
    names = tuple(each.rpartition(".")[2] for each in result["_elements"].split(","))
    if (
        "_summary" in result
        or "_include" in result
        or not all(re.fullmatch("[A-Za-z]{1,64}", each) for each in names)
    ):
        raise BadValue(name="_elements")
    return names


def _values(name: str, text: str) -> list[str]:
    """Parted by commas, as long as none is escaped (FHIR R4 §3.1.1.4.1)."""
    values = re.split(r"(?<!\\),", text)
    if not all(values) or len(values) > MOST_VALUES:
        raise BadValue(name=name)
    return values


def _token(name: str, stored: str, text: str) -> str:
    system, bar, code = _parted(text)
    if not code:
        raise BadValue(name=name)
    return f"{stored}={canonical_system(system)}|{code}" if bar else f"{stored}={code}"


def _parted(text: str) -> tuple[str, str, str]:
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    whole = [re.sub(r"\\([\\,|$])", r"\1", part) for part in parts]
    return (whole[0], "|", whole[1]) if len(whole) == 2 else ("", "", whole[0])


def id_of(text: str) -> UUID:
    """Ids of another form name nothing here."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def between(name: str, text: str, prefix: str) -> dict[str, datetime]:
    """The bounds one date makes, as `date` with this prefix would."""
    bounds: dict[str, datetime] = {}
    if text[:2].isalpha():
        raise BadValue(name=name)
    _narrow(bounds, "updated" if name == "_since" else "day", _moment(name, prefix + text))
    return bounds


def _moment(name: str, text: str) -> _Moment:
    matched = _MOMENT.fullmatch(text)
    if matched is None:
        raise BadValue(name=name)
    prefix, *parts, zone = matched.groups()
    year, month, day, hour, minute, second, fraction = parts
    try:
        begins = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}"
            f":{second or '00'}.{(fraction or '').ljust(6, '0')}"
            + (zone or "").replace(" ", "+").replace("Z", "+00:00")
        )
        if begins.tzinfo is None:
            begins = begins.replace(tzinfo=JAPAN)
        begins = begins.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue(name=name) from None
    return _Moment(prefix or "eq", begins, _end(begins, *parts))


def _end(begins: datetime, *parts: str | None) -> datetime:
    """The first moment after the year, month, day, minute, second or part of one that was named."""
    _, month, day, hour, _, second, fraction = parts
    try:
        if fraction is not None:
            return begins + timedelta(microseconds=10 ** (6 - len(fraction)))
        if hour is not None:
            return begins + timedelta(seconds=1 if second is not None else 60)
        if day is not None:
            return begins + timedelta(days=1)
        here = begins.astimezone(JAPAN)
        months = here.year * 12 + here.month - 1 + (1 if month is not None else 12)
        return here.replace(year=months // 12, month=months % 12 + 1).astimezone(UTC)
    except (ValueError, OverflowError):
        return _END


def _narrow(bounds: dict[str, datetime], field: str, moment: _Moment) -> None:
    """FHIR R4 §3.1.1.4.5: `ge` and `gt` go by where a record ends, `le` and `lt` by its start."""
    starts, ends = ("updated", "updated") if field == "updated" else ("starts", "ends")
    match moment.prefix:
        case "eq":
            _at_least(bounds, f"{starts}_from", moment.begins)
            _at_most(bounds, f"{ends}_before", moment.ends)
        case "ge":
            _at_least(bounds, f"{ends}_from", moment.begins)
        case "gt":
            _at_least(bounds, f"{ends}_from", moment.ends)
        case "le":
            _at_most(bounds, f"{starts}_before", moment.ends)
        case "lt":
            _at_most(bounds, f"{starts}_before", moment.begins)


def _at_least(bounds: dict[str, datetime], name: str, moment: datetime) -> None:
    bounds[name] = max(bounds.get(name, moment), moment)


def _at_most(bounds: dict[str, datetime], name: str, moment: datetime) -> None:
    bounds[name] = min(bounds.get(name, moment), moment)
