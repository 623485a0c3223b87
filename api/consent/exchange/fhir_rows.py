"""One provision element of a FHIR Consent, read as a row that may name several of each."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

from api.consent.exchange.fhir_consent import CONFIDENTIALITY_OF, RECIPIENT_ROLE
from api.consent.exchange.fhir_reading import Json, Reader
from api.consent.facts import Lived, Origin
from api.fhir import codes

ROOT: Final = "Consent.provision"

PROVISION: Final = frozenset(
    {
        "id", "extension", "modifierExtension", "type", "period", "actor", "purpose", "class",
        "securityLabel", "dataPeriod", "data", "provision",
    }
)  # fmt: skip
_LEVEL_OF: Final = {code: level for level, code in CONFIDENTIALITY_OF.items()}
_AXES: Final = ("recipient", "filter", "share", "exclusion")


class Vocabulary(NamedTuple):
    """What this network knows; `institutions` maps 10-digit facility codes to ids."""

    professions: frozenset[str]
    categories: frozenset[str]
    facility_types: frozenset[str]
    regions: frozenset[str]
    institutions: Mapping[str, UUID]


class Row(NamedTuple):
    """One provision element; `targets` are the recipients' parts of a row, [{}] for none named."""

    path: str
    kind: str
    axis: str | None
    number: int | None
    start: datetime | None
    end: datetime | None
    targets: list[dict[str, Any]]
    purposes: tuple[str, ...]
    categories: list[str]
    level: int
    data_from: date | None
    data_to: date | None
    records: tuple[UUID, ...]
    sources: list[UUID]
    history: dict[str, Any]

    @property
    def is_of_records(self) -> bool:
        has_period = self.data_from is not None or self.data_to is not None
        return bool(self.categories or self.records or self.sources) or has_period


class RowReader(Reader):
    """Reads what a provision element says by itself; what surrounds it is its caller's."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary.institutions)
        self._knows = vocabulary

    def row(self, node: Json, path: str) -> Row:
        kind = node.get("type")
        if kind not in ("permit", "deny"):
            self.fault("missing" if kind is None else "unknown_code", f"{path}.type")
            kind = "deny"
        start, end = self._period(node, path)
        data_from, data_to = self._data_period(node, path)
        records, sources = self._data(node, path)
        axis = self._axis(node, path)
        levels = [self.level(v, at) for v, at in self.items(node, "securityLabel", path)]
        if levels and kind == "deny" and axis is None:
            self.fault("not_supported", f"{path}.securityLabel")
        return Row(
            path=path,
            kind=kind,
            axis=axis,
            number=_number(node.get("id")),
            start=start,
            end=end,
            targets=self._targets(node, path),
            purposes=tuple(
                code
                for value, at in self.items(node, "purpose", path)
                if (code := self.code(value, at, codes.ACT_REASON, codes.PURPOSES))
            ),
            categories=[
                code
                for value, at in self.items(node, "class", path)
                if (code := self.code(value, at, codes.CATEGORY, self._knows.categories))
            ],
            level=max(levels, default=0),
            data_from=data_from,
            data_to=data_to,
            records=records,
            sources=sources,
            history=self._history(node, path, is_ours=axis is not None),
        )

    def _axis(self, node: Json, path: str) -> str | None:
        axis = None
        for name, value, at in self.extensions(node, "modifierExtension", path):
            axis = value.get("valueCode")
            if name != "axis":
                self.fault("not_supported", at)
            elif axis not in _AXES:
                self.fault("unknown_code", at)
        return axis if axis in _AXES else None

    def _history(self, node: Json, path: str, *, is_ours: bool) -> dict[str, Any]:
        found: dict[str, Any] = {} if is_ours else {"origin": "import"}
        for name, value, at in self.extensions(node, "extension", path):
            match name:
                case "set-at":
                    found["set_at"] = self.moment(value, "valueInstant", at)
                case "origin":
                    found["origin"] = value.get("valueCode")
                    if found["origin"] not in get_args(Origin):
                        self.fault("unknown_code", at)
                case "delegated-by":
                    named = self.named(value.get("valueReference"), at, codes.PROFESSIONAL)
                    found["delegated_by"] = named.id if named else None
                case "network-default" if path == ROOT:
                    pass
                case _:
                    self.fault("not_supported", at)
        return found

    def _period(self, node: Json, path: str) -> tuple[datetime | None, datetime | None]:
        if "period" not in node:
            return None, None
        at = f"{path}.period"
        period = self.object(node["period"], at, ("id", "extension", "start", "end"))
        start, end = self.moment(period, "start", at), self.moment(period, "end", at, is_end=True)
        if start is not None and end is not None and end <= start:
            self.fault("ends_before_start", at)
        return start, end

    def _data_period(self, node: Json, path: str) -> tuple[date | None, date | None]:
        if "dataPeriod" not in node:
            return None, None
        at = f"{path}.dataPeriod"
        period = self.object(node["dataPeriod"], at, ("id", "extension", "start", "end"))
        start, end = self.day(period, "start", at), self.day(period, "end", at, is_end=True)
        if start is not None and end is not None and end <= start:
            self.fault("ends_before_start", at)
        return start, end

    def _data(self, node: Json, path: str) -> tuple[tuple[UUID, ...], list[UUID]]:
        records, sources = [], []
        for value, at in self.items(node, "data", path):
            data = self.object(value, at, ("id", "extension", "meaning", "reference"))
            target, where = data.get("reference"), f"{at}.reference"
            match data.get("meaning"):
                case "instance":
                    if named := self.named(target, where, codes.RECORD):
                        records.append(named.id)
                case "authoredby":
                    if named := self.named(target, where, codes.FACILITY):
                        sources.append(named.id)
                case "related" | "dependents":
                    self.fault("not_supported", f"{at}.meaning")
                case _:
                    self.fault("unknown_code", f"{at}.meaning")
        return tuple(records), sources

    def _targets(self, node: Json, path: str) -> list[dict[str, Any]]:
        return [self._target(v, at) for v, at in self.items(node, "actor", path)] or [{}]

    def _target(self, value: Any, path: str) -> dict[str, Any]:
        known = ("id", "extension", "modifierExtension", "role", "reference")
        actor = self.object(value, path, known)
        role = codes.PARTICIPATION_TYPE
        self.concept(actor.get("role"), f"{path}.role", role, RECIPIENT_ROLE)
        target: dict[str, Any] = {}
        for name, each, at in self.extensions(actor, "modifierExtension", path):
            target |= self._modifier(name, each, at)
        wire = actor.get("reference")
        if target and isinstance(wire, dict) and not wire.keys() & {"reference", "identifier"}:
            return target
        systems = (codes.PROFESSIONAL, codes.FACILITY, codes.TEAM)
        if named := self.named(wire, f"{path}.reference", *systems):
            fields = ("professional_id", "facility_id", "team_id")
            target[fields[systems.index(named.system)]] = named.id
        return target

    def _modifier(self, name: str, value: Json, path: str) -> dict[str, Any]:
        coded = {
            "profession": (codes.PROFESSION, self._knows.professions),
            "facility-type": (codes.FACILITY_TYPE, self._knows.facility_types),
            "region": (codes.REGION, self._knows.regions),
        }
        if name in coded:
            code = self.code(value.get("valueCoding"), path, *coded[name])
            return {name.replace("-", "_"): code} if code else {}
        if name == "lived" and value.get("valueCode") in get_args(Lived):
            return {"lived": value["valueCode"]}
        if name == "everyone" and value.get("valueBoolean") is True:
            return {"everyone": True}
        known = name in ("lived", "everyone")
        self.fault("unknown_code" if known else "not_supported", path)
        return {}

    def level(self, value: Any, path: str) -> int:
        code = self.code(value, path, codes.CONFIDENTIALITY, _LEVEL_OF)
        return _LEVEL_OF.get(code or "", 0)


def _number(value: Any) -> int | None:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9
    return int(value) if is_number and str(int(value)) == value else None
