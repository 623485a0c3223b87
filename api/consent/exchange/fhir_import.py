"""A FHIR R4 Consent read as settings: ours in full, others where their rows fit ours.

The root says what holds for the whole, one level below it stand the exceptions, as IHE PCF allows.
A row of ours says its axis; of another's the axis follows from what it names. Whatever would be
read as less or more than it says is a fault, and with a fault nothing is read.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.consent.exchange.fhir_consent import (
    CONSENT_DOCUMENT,
    PRIVACY,
    root_type,
)
from api.consent.exchange.fhir_reading import Fault, Json
from api.consent.exchange.fhir_rows import PROVISION, ROOT, Row, RowReader, Vocabulary
from api.consent.facts import (
    RESTRICTED,
    Directive,
    Mark,
    NetworkRules,
    Provision,
    Team,
)
from api.fhir import codes

MOST_ROWS: Final = 500

_CONSENT: Final = frozenset(
    {
        "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier",
        "status", "scope", "category", "patient", "dateTime", "performer", "organization",
        "sourceAttachment", "sourceReference", "policy", "policyRule", "verification", "provision",
    }
)  # fmt: skip


class Imported(NamedTuple):
    """`directive` is of version 0; `places` says where each provision's id came from."""

    directive: Directive
    places: dict[int, str]


class ConsentFaults(Exception):
    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


# One row of ours out of one of another's, which may name several of each.
_Single = tuple[Row, dict[str, Any], str | None, UUID | None]


def _each_of(row: Row) -> Iterator[_Single]:
    categories: list[str | None] = [*row.categories] or [None]
    sources: list[UUID | None] = [*row.sources] or [None]
    for target, category, source in product(row.targets, categories, sources):
        yield row, target, category, source


def read_consent(
    wire: Any, subject: UUID, network: NetworkRules, vocabulary: Vocabulary
) -> Imported:
    """Raises `ConsentFaults`: all that is wrong, each with its FHIRPath."""
    reading = _Reading(network, vocabulary)
    found = reading.consent(wire, subject)
    if reading.faults:
        raise ConsentFaults(tuple(reading.faults))
    return found


class _Reading(RowReader):
    def __init__(self, network: NetworkRules, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary)
        self._network = network

    def consent(self, value: Any, subject: UUID) -> Imported:
        wire = self.object(value, "Consent", _CONSENT)
        self._heading(wire, subject)
        parts = self._directive_parts(wire)
        rows = [each for row in self._rows(wire) for each in _each_of(row)]
        if len(rows) > MOST_ROWS:
            self.fault("too_many", ROOT)
            return Imported(Directive(), {})
        numbers = [row.number for row, *_ in rows]
        is_numbered = None not in numbers and len(set(numbers)) == len(numbers)
        provisions, places = [], {}
        for at, (row, target, category, source) in enumerate(rows):
            number = numbers[at] if is_numbered else at + 1
            rule = self._provision(row, number or 0, target, category, source)
            if rule is not None:
                provisions.append(rule)
                places[rule.id] = row.path
        self._agree(rows, provisions, places)
        try:
            return Imported(Directive(0, tuple(provisions), **parts), places)
        except ValueError:
            self.fault("contradictory", "Consent.extension")
            return Imported(Directive(), {})

    def _heading(self, wire: Json, subject: UUID) -> None:
        if wire.get("resourceType") != "Consent":
            self.fault("bad_value", "Consent.resourceType")
        if self.text(wire, "status", "Consent") not in ("", "active"):
            self.fault("not_in_force", "Consent.status")
        self.concept(wire.get("scope"), "Consent.scope", codes.CONSENT_SCOPE, PRIVACY)
        if not any(_holds(each, CONSENT_DOCUMENT) for each, _ in self._categories(wire)):
            self.fault("unknown_code", "Consent.category")
        patient = self.named(wire.get("patient"), "Consent.patient", codes.PARTICIPANT)
        if patient is not None and patient.id != subject:
            self.fault("someone_else", "Consent.patient")
        if self.text(wire, "dateTime", "Consent"):
            self.moment(wire, "dateTime", "Consent")
        # R4 invariant ppc-1; a policy of this network must be the one we serve.
        policies = self.items(wire, "policy", "Consent")
        if not policies and "policyRule" not in wire:
            self.fault("missing", "Consent.policy")
        for policy, at in policies:
            uri = policy.get("uri") if isinstance(policy, dict) else None
            text = uri if isinstance(uri, str) else ""
            named = text.removeprefix(f"{codes.NETWORK}:")
            if named != text and named.rpartition(":")[0] != self._network.profile_id:
                self.fault("unknown_code", f"{at}.uri")

    def _categories(self, wire: Json) -> list[tuple[Any, str]]:
        return self.items(wire, "category", "Consent")

    def _directive_parts(self, wire: Json) -> dict[str, Any]:
        teams, marks, refused, parts = [], [], set[UUID](), dict[str, Any]()
        contained = {
            each["id"]: (each, at)
            for each, at in self.items(wire, "contained", "Consent")
            if isinstance(each, dict) and isinstance(each.get("id"), str)
        }
        for name, value, at in self.extensions(wire, "extension", "Consent"):
            match name:
                case "team":
                    named = self.named(value.get("valueReference"), at, codes.TEAM)
                    if named is not None and (found := contained.get(str(named.id))):
                        teams.append(self._team(named.id, *found))
                    elif named is not None:
                        self.fault("unknown_reference", at)
                case "mark":
                    marks.append(self._mark(value, at))
                case "incoming-level":
                    parts["incoming_level"] = level = self.level(value.get("valueCoding"), at)
                    if level > RESTRICTED:
                        self.fault("contradictory", at)  # nobody keeps all to come from everybody
                case "asks-first-since":
                    parts["asks_first_since"] = self.moment(value, "valueInstant", at)
                case "refused-source":
                    named = self.named(
                        {"identifier": value.get("valueIdentifier")}, at, codes.FACILITY
                    )
                    refused |= {named.id} if named is not None else set()
                case "data-from":
                    pass  # from when records are shown belongs to taking part, not to the settings
                case _:
                    self.fault("not_supported", at)
        return parts | {
            "teams": tuple(teams),
            "marks": tuple(m for m in marks if m),
            "refused_sources": tuple(sorted(refused)),
        }

    def _team(self, team_id: UUID, value: Json, path: str) -> Team:
        members = []
        for each, at in self.items(value, "participant", path):
            member = each.get("member") if isinstance(each, dict) else None
            named = self.named(member, f"{at}.member", codes.PROFESSIONAL)
            if named is not None:
                members.append(named.id)
        name = value.get("name", "")
        return Team(team_id, name if isinstance(name, str) else "", tuple(members))

    def _mark(self, value: Json, path: str) -> Mark | None:
        parts = {
            each.get("url"): (each, at)
            for each, at in self.items(value, "extension", path)
            if isinstance(each, dict)
        }
        if parts.keys() != {"record", "level"}:
            self.fault("missing", path)
            return None
        record, record_at = parts["record"]
        level, level_at = parts["level"]
        named = self.named(record.get("valueReference"), record_at, codes.RECORD)
        number = self.level(level.get("valueCoding"), level_at)
        return Mark(named.id, number) if named is not None else None

    def _rows(self, wire: Json) -> Iterator[Row]:
        if "provision" not in wire:
            self.fault("missing", ROOT)
            return
        node = self.object(wire["provision"], ROOT, PROVISION)
        root = self.row(node, ROOT)
        nested = self.items(node, "provision", ROOT)
        is_plain = not root.is_of_records and root.targets == [{}]
        if nested and root.is_of_records:
            self.fault("not_supported", ROOT)  # what exceptions to a part would leave is unclear
        is_default = self._is_network_default(node)
        if not is_plain:
            yield root
        elif not is_default and self._adds(root):
            yield root._replace(targets=[{"everyone": True}])
        for value, path in nested:
            each = self.object(value, path, PROVISION)
            if "provision" in each:
                self.fault("too_deep", f"{path}.provision")
            yield self._within(root, self.row(each, path))

    def _is_network_default(self, root: Json) -> bool:
        """The network's own default, as our exports name it."""
        found = None
        for name, value, at in self.extensions(root, "extension", ROOT):
            if name == "network-default":
                found = value.get("valueCode")
                if found != self._network.recipient_default:
                    self.fault("contradictory", at)
        return found is not None

    def _adds(self, root: Row) -> bool:
        """Whether a root that names nobody says more than the network's default does."""
        is_limited = bool(root.purposes or root.start or root.end)
        is_partial = self._network.recipient_default == "home_area"
        return is_limited or is_partial or root.kind != root_type(self._network)

    def _within(self, root: Row, row: Row) -> Row:
        """An exception holds at most as long as the whole, and for none but its purposes."""
        starts = [at for at in (root.start, row.start) if at is not None]
        ends = [at for at in (root.end, row.end) if at is not None]
        if starts and ends and min(ends) <= max(starts):
            self.fault("ends_before_start", f"{row.path}.period")
        if root.purposes and not set(row.purposes) <= set(root.purposes):
            self.fault("contradictory", f"{row.path}.purpose")
        return row._replace(
            start=max(starts, default=None),
            end=min(ends, default=None),
            purposes=row.purposes or root.purposes,
            targets=root.targets if row.targets == [{}] and row.axis is None else row.targets,
        )

    def _provision(
        self,
        row: Row,
        number: int,
        target: dict[str, Any],
        category: str | None,
        source: UUID | None,
    ) -> Provision | None:
        axis = row.axis or self._axis_of(row, target)
        if axis is None:
            return None
        if axis == "recipient" and row.axis is None and not target:
            target = {"everyone": True}
        is_exclusion = axis == "exclusion"
        if is_exclusion and row.kind == "permit":
            self.fault("contradictory", f"{row.path}.type")
            return None
        try:
            return Provision(
                id=number,
                kind="exclusion" if is_exclusion else row.kind,  # type: ignore[arg-type]
                axis="recipient" if is_exclusion else axis,  # type: ignore[arg-type]
                category=category,
                source_facility_id=source,
                record_ids=row.records,
                data_from=row.data_from,
                data_to=row.data_to,
                level=row.level,
                valid_from=row.start,
                valid_to=row.end,
                purposes=row.purposes,
                **target,
                **row.history,
            )
        except ValueError:
            self.fault("contradictory", row.path)
            return None

    def _axis_of(self, row: Row, target: dict[str, Any]) -> str | None:
        """What a row of another's making is in our terms."""
        if not row.is_of_records and "profession" not in target:
            return "recipient"
        if row.kind == "deny":
            return "filter"
        # To name records opens nothing here unless somebody is let in to them, and for a time.
        if not target.keys() & {"professional_id", "facility_id"}:
            self.fault("not_supported" if target else "missing", f"{row.path}.actor")
            return None
        if row.end is None:
            self.fault("missing", f"{row.path}.period.end")
            return None
        return "share"

    def _agree(
        self,
        rows: list[_Single],
        provisions: list[Provision],
        places: dict[int, str],
    ) -> None:
        """Of another's rows none may permit the very thing a second denies."""
        foreign = {row.path for row, *_ in rows if row.axis is None}
        seen: dict[tuple[Any, ...], str] = {}
        for rule in provisions:
            if places[rule.id] not in foreign:
                continue
            said = (
                rule.axis, rule.professional_id, rule.facility_id, rule.team_id,
                rule.facility_type, rule.region, rule.lived, rule.everyone, rule.profession,
                rule.category, rule.source_facility_id, rule.record_ids, rule.purposes,
                rule.valid_from, rule.valid_to,
            )  # fmt: skip
            if seen.setdefault(said, rule.kind) != rule.kind:
                self.fault("contradictory", places[rule.id])


def _holds(value: Any, code: str) -> bool:
    """Whether a CodeableConcept holds this LOINC code."""
    codings = value.get("coding") if isinstance(value, dict) else None
    return isinstance(codings, list) and any(
        isinstance(each, dict) and (each.get("system"), each.get("code")) == (codes.LOINC, code)
        for each in codings
    )
