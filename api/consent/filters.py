"""The filter axis: profession × category × source facility over the network's matrix.

Any row may bind for one professional or facility only. Rows that hide single records or a period
of the data stand above all that permits.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

from api.consent.facts import (
    NetworkRules,
    Outcome,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Ruling,
)

PERSON, FACILITY, PROFESSION, CATEGORY, SOURCE = 16, 8, 4, 2, 1
CELL: Final = PROFESSION | CATEGORY

BY_NETWORK: Final[dict[Outcome, Ruling]] = {
    "permit": Ruling("permit", "network_default"),
    "deny": Ruling("deny", "network_default"),
}


class FilterRow(NamedTuple):
    rule: Provision
    ruling: Ruling
    names: int  # which of the five the rule names, as bits


class Filters:
    """The filter rows of one directive, over the matrix of its network."""

    __slots__ = ("_by_category", "_by_source", "_hiding", "_network")

    def __init__(self, network: NetworkRules, rules: Iterable[Provision]) -> None:
        self._network = network
        self._by_category: dict[str | None, list[FilterRow]] = {}
        self._by_source: dict[UUID, list[FilterRow]] = {}
        self._hiding: list[FilterRow] = []
        for rule in sorted(rules, key=lambda rule: rule.id):
            outcome: Outcome = "permit" if rule.kind == "permit" else "deny"
            row = FilterRow(rule, Ruling(outcome, "provision", rule), _names(rule))
            if _hides(rule):
                self._hiding.append(row)
            elif rule.source_facility_id is None:
                self._by_category.setdefault(rule.category, []).append(row)
            else:
                self._by_source.setdefault(rule.source_facility_id, []).append(row)

    def decide(self, request: Request, category: str, source: UUID | None = None) -> Ruling:
        """For a record from a source that no row names, leave `source` out."""
        profession = request.requester.profession
        is_default = category in self._network.matrix[profession or ""]
        by_default = BY_NETWORK["permit" if is_default else "deny"]
        rows = [*self._by_category.get(category, ()), *self._by_category.get(None, ())]
        if source is not None and self._by_source:
            rows += self._by_source.get(source, ())
        live = [
            row
            for row in rows
            if (row.rule.category is None or row.rule.category == category)
            and _binds(row.rule, request.requester)
            and row.rule.applies(request.purpose_of_use, request.now)
        ]
        if not live or category not in self._network.categories:
            return by_default
        return weigh(live, by_default)

    def hiding(self, request: Request) -> list[FilterRow]:
        """The rows in force for this requester that hide single records or a period of data."""
        if not self._hiding:
            return self._hiding
        return [
            row
            for row in self._hiding
            if _binds(row.rule, request.requester)
            and row.rule.applies(request.purpose_of_use, request.now)
        ]

    def hides(self, request: Request, record: RecordFacts) -> Ruling | None:
        """The first row that hides this very record."""
        if not self._hiding:
            return None
        cared_on = record.effective_on or record.recorded_on
        for row in self.hiding(request):
            rule = row.rule
            if (
                (not rule.record_ids or record.record_id in rule.record_ids)
                and (rule.category is None or rule.category == record.category)
                and (
                    rule.source_facility_id is None
                    or rule.source_facility_id == record.source_facility_id
                )
                and (rule.data_from is None or rule.data_from <= cared_on)
                and (rule.data_to is None or cared_on < rule.data_to)
            ):
                return row.ruling
        return None

    def named_sources(self) -> Iterator[tuple[UUID, list[str]]]:
        """Each source a row names, with the categories its rows can touch."""
        for source, rows in self._by_source.items():
            named = {row.rule.category for row in rows}
            yield source, [c for c in self._network.categories if c in named or None in named]


def weigh(live: list[FilterRow], by_default: Ruling) -> Ruling:
    """A deny stands unless a permit that names all it names, and more, lifts it.

    Rows of which neither covers the other are a tie, and deny wins it. The network's cell names
    profession and category, so a permit that names both lifts its deny too.
    """
    permits = [row for row in live if row.rule.kind == "permit"]
    for row in live:
        if row.rule.kind == "deny" and not any(is_narrower(permit, row) for permit in permits):
            return row.ruling
    if by_default.outcome == "deny":
        permits = [row for row in permits if row.names & CELL == CELL]
    if not permits:
        return by_default
    return max(permits, key=lambda row: row.names.bit_count()).ruling


def is_narrower(permit: FilterRow, deny: FilterRow) -> bool:
    """Both match one record, so what they name in common is equal."""
    return permit.names != deny.names and permit.names & deny.names == deny.names


def _binds(rule: Provision, who: Requester) -> bool:
    return (
        (rule.profession is None or rule.profession == who.profession)
        and (rule.facility_id is None or rule.facility_id == who.facility_id)
        and (rule.professional_id is None or rule.professional_id == who.professional_id)
    )


def _hides(rule: Provision) -> bool:
    return bool(rule.record_ids) or rule.data_from is not None or rule.data_to is not None


def _names(rule: Provision) -> int:
    return (
        PERSON * (rule.professional_id is not None)
        + FACILITY * (rule.facility_id is not None)
        + PROFESSION * (rule.profession is not None)
        + CATEGORY * (rule.category is not None)
        + SOURCE * (rule.source_facility_id is not None)
    )
