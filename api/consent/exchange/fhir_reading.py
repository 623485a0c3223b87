"""FHIR JSON of another's making, read element by element; every fault is kept with its path."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from api.consent.residences import JAPAN
from api.fhir import codes

Json = dict[str, Any]
Reason = Literal[
    "bad_value",
    "contradictory",
    "ends_before_start",
    "missing",
    "not_in_force",
    "not_supported",
    "someone_else",
    "too_deep",
    "too_many",
    "unknown_code",
    "unknown_reference",
]

MOST_FAULTS: Final = 100
MOST_ITEMS: Final = 1000

_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_REFERENCE: Final = frozenset({"id", "extension", "reference", "type", "identifier", "display"})
_IDENTIFIER: Final = frozenset(
    {"id", "extension", "use", "type", "system", "value", "period", "assigner"}
)
_CODING: Final = frozenset(
    {"id", "extension", "system", "version", "code", "display", "userSelected"}
)
_SYSTEM_OF_TYPE: Final = {
    "Practitioner": codes.PROFESSIONAL,
    "Organization": codes.FACILITY,
    "CareTeam": codes.TEAM,
    "Patient": codes.PARTICIPANT,
}


class Fault(NamedTuple):
    """`path` is a FHIRPath; nothing of what stood there is repeated."""

    reason: Reason
    path: str


class Named(NamedTuple):
    """Whom or what a reference means: an identifier system of ours, and the id in it."""

    system: str
    id: UUID


class Reader:
    """Answers something harmless wherever it notes a fault: read all, then look at `faults`."""

    def __init__(self, institutions: Mapping[str, UUID]) -> None:
        """`institutions`: 10-digit codes of facilities to their ids."""
        self.faults: list[Fault] = []
        self._institutions = institutions

    def fault(self, reason: Reason, path: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(reason, path))

    def object(self, value: Any, path: str, known: Collection[str]) -> Json:
        """A JSON object; an element that is not `known` could change its meaning, so is a fault."""
        if not isinstance(value, dict):
            self.fault("bad_value", path)
            return {}
        for name in value:
            if name not in known and name.removeprefix("_") not in known:
                self.fault("not_supported", f"{path}.{name}" if name.isidentifier() else path)
        return value

    def items(self, parent: Json, name: str, path: str) -> list[tuple[Any, str]]:
        if name not in parent:
            return []
        values = parent[name]
        if not isinstance(values, list) or not values:
            self.fault("bad_value", f"{path}.{name}")
            return []
        if len(values) > MOST_ITEMS:
            self.fault("too_many", f"{path}.{name}")
            return []
        return [(value, f"{path}.{name}[{at}]") for at, value in enumerate(values)]

    def text(self, parent: Json, name: str, path: str) -> str:
        """Empty, and a fault, where there is none."""
        value = parent.get(name)
        if isinstance(value, str) and value.strip():
            return value
        self.fault("missing" if value is None else "bad_value", f"{path}.{name}")
        return ""

    def code(self, value: Any, path: str, system: str, known: Collection[str]) -> str | None:
        """The code of a Coding, if it is one of `known` in this system."""
        coding = self.object(value, path, _CODING)
        found = coding.get("code")
        if coding.get("system") == system and isinstance(found, str) and found in known:
            return found
        self.fault("unknown_code", path)
        return None

    def concept(self, value: Any, path: str, system: str, code: str) -> None:
        """A CodeableConcept that must hold this code, and no other of its system."""
        wire = self.object(value, path, ("id", "extension", "coding", "text"))
        found = [each for each, _ in self.items(wire, "coding", path) if isinstance(each, dict)]
        of_system = [each.get("code") for each in found if each.get("system") == system]
        if of_system != [code]:
            self.fault("contradictory" if code in of_system else "unknown_code", path)

    def named(self, value: Any, path: str, *systems: str) -> Named | None:
        """Whom a Reference names, by our identifiers, a facility's code, or `Type/<id>`."""
        wire = self.object(value, path, _REFERENCE)
        found = None
        if "identifier" in wire:
            found = self._identified(wire["identifier"], f"{path}.identifier")
        elif isinstance(text := wire.get("reference"), str):
            kind, _, rest = text.partition("/")
            system = codes.TEAM if text.startswith("#") else _SYSTEM_OF_TYPE.get(kind)
            if system is None and codes.RECORD in systems:
                system = codes.RECORD
            found_id = _uuid(text.removeprefix("#") if text.startswith("#") else rest)
            found = Named(system, found_id) if system and found_id else None
        if found is None or found.system not in systems:
            self.fault("unknown_reference", path)
            return None
        return found

    def moment(
        self, parent: Json, name: str, path: str, *, is_end: bool = False
    ) -> datetime | None:
        """An instant; of a day, month or year its beginning, or as an end the one after it."""
        value = parent.get(name)
        if value is None:
            return None
        if isinstance(value, str) and _DATE_TIME.fullmatch(value):
            try:
                # To UTC and back: the first and last hours of the calendar have no other zone.
                return datetime.fromisoformat(value).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        elif (days := _days(value)) is not None:
            return datetime.combine(days[1] if is_end else days[0], time(), JAPAN)
        self.fault("bad_value", f"{path}.{name}")
        return None

    def day(self, parent: Json, name: str, path: str, *, is_end: bool = False) -> date | None:
        """As `moment`, by the Japanese calendar; an end is the day after the last."""
        value = parent.get(name)
        if value is None:
            return None
        if isinstance(value, str) and (days := _days(value.partition("T")[0])) is not None:
            at = self.moment(parent, name, path)
            if "T" in value and at is not None:
                on = at.astimezone(JAPAN).date()
                return on + timedelta(days=1) if is_end else on
            return days[1] if is_end else days[0]
        self.fault("bad_value", f"{path}.{name}")
        return None

    def extensions(self, parent: Json, name: str, path: str) -> Iterator[tuple[str, Json, str]]:
        """Ours by their short names; a modifier of another's may not be passed over."""
        for value, at in self.items(parent, name, path):
            url = value.get("url") if isinstance(value, dict) else None
            if not isinstance(url, str):
                self.fault("bad_value", at)
            elif url.startswith(codes.CONSENT_EXTENSION):
                yield url.removeprefix(codes.CONSENT_EXTENSION), value, at
            elif name == "modifierExtension":
                self.fault("not_supported", at)

    def _identified(self, value: Any, path: str) -> Named | None:
        identifier = self.object(value, path, _IDENTIFIER)
        system, text = identifier.get("system"), identifier.get("value")
        if not isinstance(system, str) or not isinstance(text, str):
            return None
        if system == codes.INSTITUTION:
            found = self._institutions.get(text)
            return Named(codes.FACILITY, found) if found else None
        named = _uuid(text)
        return Named(system, named) if named else None


def institutions_in(wire: Any) -> set[str]:
    """Every facility code the resource names facilities by, wherever it stands."""
    found: set[str] = set()
    waiting = [wire]
    while waiting:
        match waiting.pop():
            case {"system": codes.INSTITUTION, "value": str(code)}:
                found.add(code)
            case dict() as each:
                waiting.extend(each.values())
            case list() as each:
                waiting.extend(each)
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _days(value: Any) -> tuple[date, date] | None:
    """The first day of a FHIR date, and the day after its last."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if first.year == date.min.year:
            return None
        if day:
            return first, first + timedelta(days=1)
        following = (first.year + first.month // 12, first.month % 12 + 1)
        return first, date(*following, 1) if month else date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None
