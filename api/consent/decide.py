"""May this requester, for this purpose, see this record now, and why? The first stop wins."""

from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct, structs

from api.consent.facts import (
    EMERGENCY,
    NORMAL,
    RESTRICTED,
    SECRET,
    TREATMENT,
    Basis,
    Decision,
    Directive,
    NetworkRules,
    Outcome,
    Participation,
    RecordFacts,
    Request,
    Requester,
    Ruling,
    Step,
)
from api.consent.filters import BY_NETWORK, Filters
from api.consent.recipients import Recipients

_NOTHING_MATCHES: Final = Ruling("deny", "nothing_matches")

# Here the requester is stopped before any record is looked at, one of their own included.
_SHUT: Final[frozenset[Step]] = frozenset(
    {
        "facility_standing",
        "professional",
        "profession_unknown",
        "purpose",
        "participation",
        "excluded",
    }
)


class Scope(Struct, frozen=True):
    """All that one request may touch, for a read that filters in SQL.

    A record is in scope if `own_facility` and the asking facility wrote it; or if its sensitivity
    is at most `level`, its date (`effective_on`, else `recorded_on`) is not before `data_from`,
    and `(source facility, category)` is in `source_permitted`, or `category` is in `categories`
    and the pair is not in `source_denied`. `outcome` and `basis` say whether the requester was
    let in at all; what holds for one category is `of(category)`.
    """

    outcome: Outcome
    basis: Basis
    own_facility: bool = False
    categories: tuple[str, ...] = ()
    level: int = NORMAL
    data_from: date | None = None
    source_permitted: tuple[tuple[UUID, str], ...] = ()
    source_denied: tuple[tuple[UUID, str], ...] = ()
    rulings: dict[str, Ruling] = {}

    def of(self, category: str) -> Decision:
        """The answer for a plain record of this category: normal, in date, from no named source."""
        step: Step = self.basis.step
        if step not in ("recipient", "granted"):
            return Decision("deny", structs.replace(self.basis, category=category))
        ruling = self.rulings.get(category, BY_NETWORK["deny"])
        if step == "granted" and ruling.outcome == "deny":
            step = "filter"
        basis = structs.replace(self.basis, step=step, category=category, filter=ruling)
        return Decision("permit" if step == "granted" else "deny", basis)


class _Answer(NamedTuple):
    """The requester's half of a decision; GRANTED where only the record can still say no."""

    step: Step
    recipient: Ruling | None = None
    level: int = NORMAL


class Policy:
    """One participant's settings under one network profile, indexed for deciding.

    Knows no clock: it holds as long as the directive, the participation and the profile do.
    """

    __slots__ = (
        "_directive",
        "_filters",
        "_network",
        "_participation",
        "_recipients",
        "is_timeless",
    )

    def __init__(
        self, network: NetworkRules, participation: Participation, directive: Directive
    ) -> None:
        self._network = network
        self._participation = participation
        self._directive = directive
        self._recipients = Recipients(r for r in directive.provisions if r.axis == "recipient")
        self._filters = Filters(network, (r for r in directive.provisions if r.axis == "filter"))
        # No rule begins or ends: the same request gets the same scope at any time.
        self.is_timeless = all(
            rule.valid_from is None and rule.valid_to is None for rule in directive.provisions
        )

    def decide(self, request: Request, record: RecordFacts) -> Decision:
        answer = self._answer(request)
        step: Step = answer.step
        ruling: Ruling | None = None
        if step in _SHUT:
            pass
        elif record.source_facility_id == request.requester.facility_id:
            step = "own_record"
        elif record.sensitivity >= SECRET:
            step = "secret"
        elif step != "emergency_closed":
            ruling = self._filters.decide(request, record.category, record.source_facility_id)
            if step == "granted":
                step = self._record_step(record, answer.level, ruling)
        basis = self._basis(request, answer, step, record.category, ruling)
        return Decision("permit" if step in ("granted", "own_record") else "deny", basis)

    def scope(self, request: Request) -> Scope:
        answer = self._answer(request)
        basis = self._basis(request, answer, answer.step)
        if answer.step not in ("recipient", "granted"):
            return Scope("deny", basis, own_facility=answer.step not in _SHUT)
        rulings = {
            category: self._filters.decide(request, category)
            for category in self._network.categories
        }
        if answer.step == "recipient":
            return Scope("deny", basis, own_facility=True, rulings=rulings)
        permitted: list[tuple[UUID, str]] = []
        denied: list[tuple[UUID, str]] = []
        for source, categories in self._filters.named_sources():
            for category in categories:
                outcome = self._filters.decide(request, category, source).outcome
                if outcome != rulings[category].outcome:
                    (permitted if outcome == "permit" else denied).append((source, category))
        return Scope(
            "permit",
            basis,
            own_facility=True,
            categories=tuple(c for c, ruling in rulings.items() if ruling.outcome == "permit"),
            level=min(answer.level, RESTRICTED),
            data_from=self._participation.data_from,
            source_permitted=tuple(sorted(permitted)),
            source_denied=tuple(sorted(denied)),
            rulings=rulings,
        )

    def _answer(self, request: Request) -> _Answer:
        who = request.requester
        if not who.facility_is_active:
            return _Answer("facility_standing")
        if not _may_practise(who):
            return _Answer("professional")
        if who.profession not in self._network.matrix:
            return _Answer("profession_unknown")
        if request.purpose_of_use not in self._network.purposes:
            return _Answer("purpose")
        if self._participation.state != "participating":
            return _Answer("participation")
        exclusion = self._recipients.exclusion(request)
        if exclusion is not None:
            return _Answer("excluded", exclusion)
        if request.purpose_of_use in EMERGENCY:
            return _Answer("emergency_closed")
        ruling, level = self._recipients.decide(request)
        if ruling is None:
            treats = request.purpose_of_use == TREATMENT
            opens = treats and self._network.recipient_default == "permit"
            ruling = BY_NETWORK["permit"] if opens else _NOTHING_MATCHES
        step: Step = "granted" if ruling.outcome == "permit" else "recipient"
        return _Answer(step, ruling, level)

    def _record_step(self, record: RecordFacts, level: int, ruling: Ruling) -> Step:
        data_from = self._participation.data_from
        if ruling.outcome == "deny":
            return "filter"
        if record.sensitivity > level:
            return "sensitivity"
        if data_from is not None and (record.effective_on or record.recorded_on) < data_from:
            return "data_from"
        return "granted"

    def _basis(
        self,
        request: Request,
        answer: _Answer,
        step: Step,
        category: str | None = None,
        ruling: Ruling | None = None,
    ) -> Basis:
        who = request.requester
        return Basis(
            step,
            self._directive.version,
            self._network.profile_id,
            self._network.profile_version,
            request.purpose_of_use,
            who.facility_id,
            who.professional_id,
            who.profession,
            self._participation.state,
            self._participation.data_from,
            answer.recipient,
            answer.level,
            category,
            ruling,
        )


def compile_policy(
    network: NetworkRules, participation: Participation, directive: Directive
) -> Policy:
    return Policy(network, participation, directive)


def decide(
    network: NetworkRules,
    participation: Participation,
    directive: Directive,
    request: Request,
    record: RecordFacts,
) -> Decision:
    """One decision from plain facts; total, and the same for any order of the provisions."""
    return Policy(network, participation, directive).decide(request, record)


def _may_practise(who: Requester) -> bool:
    if who.professional_id is None:
        return who.kind == "system"
    return who.professional_is_active and who.is_trained
