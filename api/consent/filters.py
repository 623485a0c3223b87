"""The filter axis: profession × category × source facility over the network's matrix.

Any row may bind for one professional or facility only. Rows that hide single records or a period
of the data stand above all that permits.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from api.consent.facts import (
    TREATMENT,
    NetworkRules,
    Outcome,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Ruling,
)
from api.consent.recipients import ruling_of

PERSON, FACILITY, PROFESSION, CATEGORY, SOURCE = 16, 8, 4, 2, 1
CELL: Final = PROFESSION | CATEGORY

BY_NETWORK: Final[dict[Outcome, Ruling]] = {
    "permit": Ruling("permit", "network_default"),
    "deny": Ruling("deny", "network_default"),
}
_SHOWN: Final = BY_NETWORK["permit"]
_NOT_SHOWN: Final = BY_NETWORK["deny"]


class FilterRow(Struct, frozen=True, gc=False):
    """`names` says which of the five the rule names, as bits.

    `is_plain`: in force at any time, and for treatment at least.
    """

    rule: Provision
    names: int
    is_plain: bool


class Filters:
    """The filter rows of one directive, over the matrix of its network."""

    __slots__ = ("_by_category", "_by_source", "_hiding", "_network", "_of_all")

    def __init__(self, network: NetworkRules, rules: Iterable[Provision]) -> None:
        self._network = network
        ordered = sorted((r for r in rules if r.axis == "filter"), key=lambda rule: rule.id)
        self._hiding = tuple(rule for rule in ordered if _hides(rule))
        rows = [
            FilterRow(rule, _names(rule), not (rule.valid_from or rule.valid_to or rule.purposes))
            for rule in ordered
            if not _hides(rule)
        ]
        anywhere = [row for row in rows if row.rule.source_facility_id is None]
        # Rows of any category stand under each that has rows of its own, too.
        self._of_all = tuple(row for row in anywhere if row.rule.category is None)
        self._by_category = {
            category: tuple(row for row in anywhere if row.rule.category in (None, category))
            for category in network.categories
            if any(row.rule.category == category for row in anywhere)
        }
        self._by_source: dict[UUID | None, tuple[FilterRow, ...]] = {}
        for row in rows:
            source = row.rule.source_facility_id
            if source is not None:
                self._by_source[source] = (*self._by_source.get(source, ()), row)

    def decide(self, request: Request, category: str, source: UUID | None = None) -> Ruling:
        """For a record from a source that no row names, leave `source` out."""
        who = request.requester
        by_default = _SHOWN
        if category not in self._network.matrix[who.profession or ""]:
            by_default = _NOT_SHOWN
            if category not in self._network.categories:
                return by_default
        rows = self._by_category.get(category, self._of_all)
        if self._by_source:
            rows += self._by_source.get(source, ())
        if not rows:
            return by_default
        is_treatment = request.purpose_of_use == TREATMENT
        live = [
            row
            for row in rows
            if ((rule := row.rule).profession is None or rule.profession == who.profession)
            and (rule.category is None or rule.category == category)
            and (rule.facility_id is None or rule.facility_id == who.facility_id)
            and (rule.professional_id is None or rule.professional_id == who.professional_id)
            and (
                (row.is_plain and is_treatment) or rule.applies(request.purpose_of_use, request.now)
            )
        ]
        return weigh(live, by_default) if live else by_default

    def hiding(self, request: Request) -> tuple[Provision, ...]:
        """The rows in force for this requester that hide single records or a period of data."""
        if not self._hiding:
            return ()
        return tuple(
            rule
            for rule in self._hiding
            if _binds(rule, request.requester) and rule.applies(request.purpose_of_use, request.now)
        )

    def of_record(self, request: Request, record: RecordFacts) -> Ruling:
        if self._hiding:
            hidden = self.hidden(request, record)
            if hidden is not None:
                return hidden
        return self.decide(request, record.category, record.source_facility_id)

    def hidden(self, request: Request, record: RecordFacts) -> Ruling | None:
        """By the first row that hides this very record."""
        cared_on = record.effective_on or record.recorded_on
        for rule in self.hiding(request):
            if (
                (not rule.record_ids or record.record_id in rule.record_ids)
                and rule.category in (None, record.category)
                and rule.source_facility_id in (None, record.source_facility_id)
                and (rule.data_from is None or rule.data_from <= cared_on)
                and (rule.data_to is None or cared_on < rule.data_to)
            ):
                return ruling_of(rule)
        return None

    def named_sources(self) -> Iterator[tuple[UUID, list[str]]]:
        """Each source a row names, with the categories its rows can touch."""
        for source, rows in self._by_source.items():
            named = {row.rule.category for row in rows}
            if source is not None:
                yield source, [c for c in self._network.categories if c in named or None in named]


def weigh(live: Sequence[FilterRow], by_default: Ruling) -> Ruling:
    """A deny stands unless a permit that names all it names, and more, lifts it.

    Rows of which neither covers the other are a tie, and deny wins it. The network's cell names
    profession and category, so a permit that names both lifts its deny too.
    """
    permits = [row for row in live if row.rule.kind == "permit"]
    for row in live:
        if row.rule.kind == "deny":
            denied = row.names
            for permit in permits:
                # Both match one record, so what they name in common is equal.
                if permit.names != denied and permit.names & denied == denied:
                    break
            else:
                return ruling_of(row.rule)
    if by_default.outcome == "deny":
        permits = [row for row in permits if row.names & CELL == CELL]
    if not permits:
        return by_default
    return ruling_of(max(permits, key=_width).rule if len(permits) > 1 else permits[0].rule)


def _width(row: FilterRow) -> int:
    return row.names.bit_count()


def _binds(rule: Provision, who: Requester) -> bool:
    return (
        (rule.profession is None or rule.profession == who.profession)
        and (rule.facility_id is None or rule.facility_id == who.facility_id)
        and (rule.professional_id is None or rule.professional_id == who.professional_id)
    )


def _hides(rule: Provision) -> bool:
    return bool(rule.record_ids) or rule.data_from is not None or rule.data_to is not None


def _names(rule: Provision) -> int:
    """Which of the five the rule names, as bits; who names a professional names the profession."""
    is_of_one = rule.professional_id is not None
    return (
        PERSON * is_of_one
        + FACILITY * (rule.facility_id is not None)
        + PROFESSION * (is_of_one or rule.profession is not None)
        + CATEGORY * (rule.category is not None)
        + SOURCE * (rule.source_facility_id is not None)
    )
