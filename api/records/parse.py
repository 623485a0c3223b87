"""FHIR JSON in and out without losing a digit, and the checks that give a record its meaning."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

import msgspec

from api.fhir.codes import DRUG_NOT_CODED, GENERAL_NAME, YJ, canonical_system
from api.records.shapes import DOCUMENT, R4_TYPES, SHAPES, SUPPORTING, Shape
from api.records.units import UCUM, is_plausible

Json = dict[str, Any]

MAX_BYTES: Final = 10 * 1024 * 1024  # one send of the national record-sharing service
MAX_DEPTH: Final = 100
BRANCHES: Final = (dict, list)  # what holds more of a tree

_JAPAN: Final = timezone(timedelta(hours=9))
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ELEMENT: Final = re.compile(r"[A-Za-z_]{1,64}")
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_PROFILE_MEDICATION: Final = (
    "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS"
)
_OBJECTS: Final = frozenset(
    {
        "class",
        "code",
        "description",
        "device",
        "effectivePeriod",
        "medicationCodeableConcept",
        "medicationReference",
        "relationship",
        "type",
        "vaccineCode",
    }
)
_LISTS: Final = frozenset({"content", "entry"})
_ISSUE_CODES: Final = {
    "bad_code": "code-invalid",
    "bad_date": "value",
    "bad_id": "value",
    "bad_unit": "code-invalid",
    "conditional": "not-supported",
    "identifier_differs": "invariant",
    "not_taken": "forbidden",
    "several_match": "multiple-matches",
    "version_differs": "conflict",
    "drug_not_coded": "invariant",
    "missing_element": "required",
    "no_subject": "required",
    "not_patient_data": "not-supported",
    "too_large": "too-long",
    "too_deep": "too-costly",
    "unknown_subject": "not-found",
    "unknown_type": "structure",
    "unsupported_bundle": "not-supported",
    "unsupported_method": "not-supported",
    "unsupported_type": "not-supported",
    "mixed_subjects": "business-rule",
}


class Fault(msgspec.Struct, frozen=True):
    """Why something is not stored. `path` is a FHIRPath; nothing here repeats a person's data."""

    reason: str
    path: str = ""
    params: dict[str, str] = {}

    @property
    def key(self) -> str:
        return f"record.fault.{self.reason}"

    @property
    def issue_code(self) -> str:
        """The FHIR issue-type for an OperationOutcome."""
        return _ISSUE_CODES.get(self.reason, "structure")


class Refused(Exception):
    """The body cannot be read as FHIR JSON at all."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.key)
        self.fault = fault


def decode(body: bytes, max_bytes: int = MAX_BYTES) -> Json:
    """Read one resource. Decimals stay the characters they were written in (`msgspec.Raw`).

    Raises `Refused` for a body that is too large or deep, is not JSON in UTF-8, repeats a key
    (RFC 8259 leaves its meaning open: two readers would see two records), holds characters that
    PostgreSQL cannot store, or is not a JSON object with a `resourceType`.
    """
    if len(body) > max_bytes:
        limit = str(max_bytes // (1024 * 1024))
        raise Refused(Fault("too_large", params={"limit": limit}))
    try:
        text = body.decode("utf-8-sig")
        tree = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=msgspec.Raw,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise Refused(Fault("too_deep", params={"limit": str(MAX_DEPTH)})) from None
    except ValueError:
        raise Refused(Fault("invalid_json")) from None
    # Only an escape can bring in what cannot be stored: JSON has no bare controls, UTF-8 no halves.
    check_tree(tree, has_plain_text="\\u" not in text)
    if not isinstance(tree, dict) or not isinstance(tree.get("resourceType"), str):
        raise Refused(Fault("not_a_resource"))
    return tree


def encode(tree: Json) -> str:
    """Give the minimised text of a resource; decimals keep every digit they came with."""
    return _ENCODER.encode(tree).decode()


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def check(resource: Json, path: str) -> list[Fault]:
    """List what keeps one resource (not a Bundle, except a document) from having a meaning."""
    name = resource.get("resourceType")
    if not isinstance(name, str):
        return [Fault("not_a_resource", path)]
    if name not in R4_TYPES:
        return [Fault("unknown_type", path)]
    faults = [*_check_id(resource, path)]
    shape = DOCUMENT if name == "Bundle" else SHAPES.get(name)
    if shape is None:
        kind = "not_patient_data" if name in SUPPORTING else "unsupported_type"
        return [*faults, Fault(kind, path, {"type": name})]
    faults += _check_required(resource, shape, path)
    faults += _check_status(resource, shape, path)
    faults += _check_dates(resource, shape, path)
    faults += _check_contained(resource, path)
    if name != "Bundle":
        faults += _check_units(resource, path)
    if name == "MedicationRequest":
        faults += _check_drug_code(resource, path)
    return faults


def check_tree(tree: object, *, has_plain_text: bool = False) -> None:
    """Raises `Refused` for a tree too deep, or with characters that PostgreSQL cannot store, unless
    it is known to have none."""
    level: list[Any] = [[tree]]  # what holds the nodes of one depth
    for depth in itertools.count():
        below: list[Any] = []
        for node in level:
            inner = node.values() if type(node) is dict else node
            if not has_plain_text and not all(map(_is_storable, (*node, *inner))):
                raise Refused(Fault("bad_character"))
            below += [each for each in inner if type(each) is dict or type(each) is list]
        if not below:
            return
        if depth == MAX_DEPTH:
            raise Refused(Fault("too_deep", params={"limit": str(MAX_DEPTH)}))
        level = below


def read_moment(value: object) -> tuple[date | None, datetime | None]:
    """Read a FHIR date or dateTime as (day as written, instant in UTC).

    A year or a month alone counts from its first day, so that a date limit errs towards hiding;
    it has no instant. Raises ValueError for what is no FHIR date.
    """
    if not isinstance(value, str):
        raise ValueError("not a date")
    return _moment(value)


def read_day(value: object) -> date | None:
    """The day of a FHIR date or dateTime as it was written; None for what is none."""
    try:
        return read_moment(value)[0]
    except ValueError:
        return None


@lru_cache(maxsize=1024)  # the records of one sending are of few moments
def _moment(value: str) -> tuple[date | None, datetime | None]:
    if "T" not in value:
        matched = _DATE.fullmatch(value)
        if matched is None:
            raise ValueError("not a date")
        year, month, day = (int(part or 1) for part in matched.groups())
        return date(year, month, day), None
    if _DATE_TIME.fullmatch(value) is None:
        raise ValueError("not a time with its offset")
    moment = datetime.fromisoformat(value)
    try:
        moment.astimezone(_JAPAN)  # what no page here could show is no time
        return moment.date(), moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def as_object(value: object) -> Json:
    """{} for what is no object."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[Json]:
    """The objects of a list; [] for what is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Empty for what is no text."""
    return value if isinstance(value, str) else ""


def digits_of(value: object) -> str:
    """A number as its sender wrote it; empty for what is none."""
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else ""


def decimal_of(value: object) -> Decimal | None:
    """None for what is no number, or one of a size nothing measured has."""
    try:
        number = Decimal(digits_of(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 16 else None


def walk(tree: object) -> Iterator[Json]:
    """Give every JSON object of a tree, the tree itself first."""
    found: list[Json] = []
    nodes: list[Any] = [tree] if type(tree) in BRANCHES else []
    for node in nodes:  # which grows meanwhile
        inner = node
        if type(node) is dict:
            found.append(node)
            inner = node.values()
        for each in inner:
            if type(each) is dict or type(each) is list:
                nodes.append(each)
    return iter(found)


def profiles(resource: Json) -> frozenset[str]:
    """Give the profiles a resource claims, without their versions."""
    named = as_object(resource.get("meta")).get("profile")
    claims = named if isinstance(named, list) else []
    return frozenset(claim.split("|")[0] for claim in claims if isinstance(claim, str))


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    read = dict(pairs)
    if len(read) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        name = twice if _ELEMENT.fullmatch(twice) else "?"
        raise Refused(Fault("duplicate_key", params={"element": name}))
    return read


def _integer(text: str) -> int | msgspec.Raw:
    return msgspec.Raw(text) if len(text) > 18 or text == "-0" else int(text)


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _is_storable(text: object) -> bool:
    # PostgreSQL refuses U+0000, UTF-8 refuses a lone surrogate.
    if not isinstance(text, str):
        return True
    return (text.isascii() and "\0" not in text) or not re.search("[\0\ud800-\udfff]", text)


def _check_id(resource: Json, path: str) -> Iterator[Fault]:
    if "id" in resource and not _ID.fullmatch(as_text(resource["id"])):
        yield Fault("bad_id", f"{path}.id")


def _check_required(resource: Json, shape: Shape, path: str) -> Iterator[Fault]:
    for names in shape.required:
        present = [name for name in names.split("|") if resource.get(name)]
        if not present:
            shown = names.split("|")[0]
            yield Fault("missing_element", f"{path}.{shown}", {"element": shown})
        for name in present:
            if not _has_shape(name, resource[name], resource["resourceType"]):
                yield Fault("wrong_shape", f"{path}.{name}", {"element": name})


def _has_shape(name: str, value: object, resource_type: str) -> bool:
    if name in _OBJECTS:
        return isinstance(value, dict)
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if name == "identifier":
        return isinstance(value, dict if resource_type == "Bundle" else list)
    return isinstance(value, str)


def _check_status(resource: Json, shape: Shape, path: str) -> Iterator[Fault]:
    status = resource.get("status")
    if shape.statuses and isinstance(status, str) and status not in shape.statuses:
        yield Fault("bad_code", f"{path}.status", {"element": "status"})


def _check_dates(resource: Json, shape: Shape, path: str) -> Iterator[Fault]:
    for name in shape.dates:
        value, shown = resource.get(name), name
        if isinstance(value, dict):
            value, shown = value.get("start"), f"{name}.start"
        if value is None:
            continue
        try:
            read_moment(value)
        except ValueError:
            yield Fault("bad_date", f"{path}.{shown}", {"element": shown})


def _check_contained(resource: Json, path: str) -> Iterator[Fault]:
    contained = resource.get("contained", [])
    if not isinstance(contained, list) or not all(isinstance(each, dict) for each in contained):
        yield Fault("wrong_shape", f"{path}.contained", {"element": "contained"})
        return
    for index, inner in enumerate(contained):
        where = f"{path}.contained[{index}]"
        if inner.get("resourceType") == "Bundle":
            yield Fault("nested_bundle", where)
        elif not isinstance(inner.get("resourceType"), str):
            yield Fault("not_a_resource", where)
        elif inner["resourceType"] not in R4_TYPES:
            yield Fault("unknown_type", where)
        yield from _check_id(inner, where)


def _check_units(resource: Json, path: str) -> Iterator[Fault]:
    """Whoever claims UCUM writes as UCUM does; a unit in other words is taken as it is."""
    if all(_has_plausible_unit(part) for part in walk(resource)):
        return
    for where, part in _placed(resource, path):
        if not _has_plausible_unit(part):
            yield Fault("bad_unit", f"{where}.code")


def _has_plausible_unit(part: Json) -> bool:
    if part.get("system") != UCUM or "code" not in part:
        return True
    code = part["code"]
    return isinstance(code, str) and is_plausible(code)


def _placed(node: object, path: str) -> Iterator[tuple[str, Json]]:
    """Every object of a tree with its FHIRPath."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            if _ELEMENT.fullmatch(name):
                yield from _placed(value, f"{path}.{name}")
    elif isinstance(node, list):
        for index, each in enumerate(node):
            yield from _placed(each, f"{path}[{index}]")


def _check_drug_code(resource: Json, path: str) -> Iterator[Fault]:
    """JP-CLINS rule R3010: a YJ code, a general-name code, or the mark that neither exists.

    It binds those who claim the profile; a drug named otherwise by other senders is taken.
    """
    drug = resource.get("medicationCodeableConcept")
    if _PROFILE_MEDICATION not in profiles(resource) or not isinstance(drug, dict):
        return
    systems = {canonical_system(as_text(c.get("system"))) for c in as_objects(drug.get("coding"))}
    if not systems & {YJ, GENERAL_NAME, DRUG_NOT_CODED}:
        yield Fault("drug_not_coded", f"{path}.medicationCodeableConcept.coding")
