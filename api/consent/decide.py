"""May this requester, for this purpose, see this record now, and why? The first stop wins."""

from collections.abc import Iterable
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
    ParticipationState,
    RecordFacts,
    Request,
    Requester,
    Ruling,
    Step,
)
from api.consent.filters import BY_NETWORK, Filters
from api.consent.recipients import NOTICE, Recipients

_NOTHING_MATCHES: Final = Ruling("deny", "nothing_matches")
_OPEN: Final[frozenset[Step]] = frozenset({"granted", "own_record", "shared"})

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


class HiddenPeriod(Struct, frozen=True, omit_defaults=True):
    """Records of this source and category (None: any) dated in `[data_from, data_to)`."""

    source_facility_id: UUID | None = None
    category: str | None = None
    data_from: date | None = None
    data_to: date | None = None


class Exceptions(Struct, frozen=True, omit_defaults=True):
    """What the participant said of single records, as it binds for one request.

    `hidden` and `hidden_periods` are kept from this requester. `lowered` are within the scope's
    level whatever sensitivity they came with, `raised` beyond it. `shared` records and
    `shared_categories` are open beside the scope's own, up to any level but secret: `unsealed`
    came as secret and are not, `sealed` were made secret.
    """

    hidden: tuple[UUID, ...] = ()
    hidden_periods: tuple[HiddenPeriod, ...] = ()
    lowered: tuple[UUID, ...] = ()
    raised: tuple[UUID, ...] = ()
    shared: tuple[UUID, ...] = ()
    shared_categories: tuple[str, ...] = ()
    unsealed: tuple[UUID, ...] = ()
    sealed: tuple[UUID, ...] = ()


NO_EXCEPTIONS: Final = Exceptions()


class Scope(Struct, frozen=True):
    """All that one request may touch, for a read that filters in SQL.

    A record is in scope if `own_facility` and the asking facility wrote it; or if its date
    (`effective_on`, else `recorded_on`) is not before `data_from` and either a share of
    `exceptions` opens it, or its sensitivity is at most `level` and
    `(source facility, category)` is in `source_permitted`, or `category` is in `categories` and
    the pair is not in `source_denied`, and no exception keeps it back. `outcome` and `basis` say
    whether the requester was let in at all; what holds for one category is `of(category)`.
    `share` is the first one-off share in force.
    """

    outcome: Outcome
    basis: Basis
    own_facility: bool = False
    categories: tuple[str, ...] = ()
    level: int = NORMAL
    data_from: date | None = None
    source_permitted: tuple[tuple[UUID, str], ...] = ()
    source_denied: tuple[tuple[UUID, str], ...] = ()
    exceptions: Exceptions = NO_EXCEPTIONS
    share: Ruling | None = None
    rulings: dict[str, Ruling] = {}

    def of(self, category: str) -> Decision:
        """The answer for a plain record of this category: normal, in date, from no named source."""
        step: Step = self.basis.step
        if step == "shared":
            is_open = category in self.exceptions.shared_categories
            basis = structs.replace(self.basis, category=category)
            return Decision("permit" if is_open else "deny", basis)
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
    shares: tuple[Ruling, ...] = ()


class Policy:
    """One participant's settings under one network profile, indexed for deciding.

    Knows no clock: it holds as long as the directive, the participation and the profile do.
    """

    __slots__ = (
        "_directive",
        "_filters",
        "_is_dated",
        "_is_living",
        "_marks",
        "_network",
        "_participation",
        "_recipients",
    )

    def __init__(
        self, network: NetworkRules, participation: Participation, directive: Directive
    ) -> None:
        self._network = network
        self._participation = participation
        self._directive = directive
        self._recipients = Recipients(participation, directive)
        self._filters = Filters(network, (r for r in directive.provisions if r.axis == "filter"))
        self._marks = {mark.record_id: mark.level for mark in directive.marks}
        self._is_dated = (
            participation.ends_at is not None
            or self._recipients.is_dated
            or any(rule.valid_from or rule.valid_to for rule in directive.provisions)
        )
        self._is_living = self._recipients.is_living or network.recipient_default != "deny"

    def is_timeless(self, request: Request) -> bool:
        """Whether the same request gets the same answer at any later time."""
        joined_at = request.requester.facility_joined_at
        is_new = joined_at is not None and request.now < joined_at + NOTICE
        return not (self._is_dated or (self._is_living and is_new))

    def decide(self, request: Request, record: RecordFacts) -> Decision:
        answer = self._answer(request)
        step: Step = answer.step
        recipient = answer.recipient
        ruling: Ruling | None = None
        if step in _SHUT:
            pass
        elif record.source_facility_id == request.requester.facility_id:
            step = "own_record"
        else:
            sensitivity = record.sensitivity
            if self._marks and record.record_id is not None:
                sensitivity = self._marks.get(record.record_id, sensitivity)
            share = _opening(answer.shares, record) if answer.shares else None
            if sensitivity >= SECRET:
                step = "secret"
            elif step == "emergency_closed":
                pass
            elif share is not None:
                step, recipient = "shared", share
                if self._is_too_old(record):
                    step = "data_from"
            else:
                ruling = self._filters.hides(request, record) or self._filters.decide(
                    request, record.category, record.source_facility_id
                )
                if step == "granted":
                    step = self._record_step(record, sensitivity, answer.level, ruling)
        basis = self._basis(request, answer, step, recipient, record.category, ruling)
        return Decision("permit" if step in _OPEN else "deny", basis)

    def scope(self, request: Request) -> Scope:
        answer = self._answer(request)
        step: Step = answer.step
        recipient = answer.recipient
        if step == "recipient" and answer.shares:
            step, recipient = "shared", answer.shares[0]
        basis = self._basis(request, answer, step, recipient)
        if step not in ("recipient", "shared", "granted"):
            return Scope("deny", basis, own_facility=step not in _SHUT)
        rulings = {
            category: self._filters.decide(request, category)
            for category in self._network.categories
        }
        if step == "recipient":
            return Scope("deny", basis, own_facility=True, rulings=rulings)
        level = min(answer.level, RESTRICTED)
        opened = Scope(
            "permit",
            basis,
            own_facility=True,
            level=level,
            data_from=self._participation.data_from,
            exceptions=self._exceptions(request, answer, level),
            share=answer.shares[0] if answer.shares else None,
            rulings=rulings,
        )
        if step == "shared":
            return opened
        permitted: list[tuple[UUID, str]] = []
        denied: list[tuple[UUID, str]] = []
        for source, categories in self._filters.named_sources():
            for category in categories:
                outcome = self._filters.decide(request, category, source).outcome
                if outcome != rulings[category].outcome:
                    (permitted if outcome == "permit" else denied).append((source, category))
        return structs.replace(
            opened,
            categories=tuple(c for c, ruling in rulings.items() if ruling.outcome == "permit"),
            source_permitted=tuple(sorted(permitted)),
            source_denied=tuple(sorted(denied)),
        )

    def _exceptions(self, request: Request, answer: _Answer, level: int) -> Exceptions:
        hiding = [row.rule for row in self._filters.hiding(request)]
        if not (hiding or answer.shares or self._marks):
            return NO_EXCEPTIONS
        shares = [share.provision for share in answer.shares if share.provision is not None]
        marks = self._marks.items()
        return Exceptions(
            hidden=_ids(each for rule in hiding for each in rule.record_ids),
            hidden_periods=tuple(
                HiddenPeriod(rule.source_facility_id, rule.category, rule.data_from, rule.data_to)
                for rule in hiding
                if not rule.record_ids
            ),
            lowered=_ids(each for each, marked in marks if marked <= level),
            raised=_ids(each for each, marked in marks if marked > level),
            shared=_ids(each for rule in shares for each in rule.record_ids),
            shared_categories=tuple(
                sorted({rule.category for rule in shares if rule.category is not None})
            ),
            unsealed=_ids(each for each, marked in marks if shares and marked < SECRET),
            sealed=_ids(each for each, marked in marks if shares and marked >= SECRET),
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
        if self._state(request) != "participating":
            return _Answer("participation")
        exclusion = self._recipients.exclusion(request)
        if exclusion is not None:
            return _Answer("excluded", exclusion)
        if request.purpose_of_use in EMERGENCY:
            return _Answer("emergency_closed")
        ruling, level = self._recipients.decide(request)
        if ruling is None:
            ruling = BY_NETWORK["permit"] if self._opens_by_default(request) else _NOTHING_MATCHES
        step: Step = "granted" if ruling.outcome == "permit" else "recipient"
        return _Answer(step, ruling, level, tuple(self._recipients.shares(request)))

    def _opens_by_default(self, request: Request) -> bool:
        """The network's default is a permit chosen on joining: later facilities wait for notice."""
        default = self._network.recipient_default
        return (
            default != "deny"
            and request.purpose_of_use == TREATMENT
            and (default == "permit" or self._recipients.is_home(request))
            and self._recipients.covers(self._participation.joined_at, request)
        )

    def _state(self, request: Request) -> ParticipationState:
        ends_at = self._participation.ends_at
        if ends_at is not None and request.now >= ends_at:
            state = self._participation.state
            return "lapsed" if state == "participating" else state
        return self._participation.state

    def _record_step(
        self, record: RecordFacts, sensitivity: int, level: int, ruling: Ruling
    ) -> Step:
        if ruling.outcome == "deny":
            return "filter"
        if sensitivity > level:
            return "sensitivity"
        return "data_from" if self._is_too_old(record) else "granted"

    def _is_too_old(self, record: RecordFacts) -> bool:
        data_from = self._participation.data_from
        return data_from is not None and (record.effective_on or record.recorded_on) < data_from

    def _basis(
        self,
        request: Request,
        answer: _Answer,
        step: Step,
        recipient: Ruling | None,
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
            self._state(request),
            self._participation.data_from,
            recipient,
            answer.level,
            category,
            ruling,
        )


def _opening(shares: Iterable[Ruling], record: RecordFacts) -> Ruling | None:
    for share in shares:
        rule = share.provision
        if rule is not None and (
            record.record_id in rule.record_ids
            if rule.record_ids
            else rule.category == record.category
        ):
            return share
    return None


def _ids(ids: Iterable[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(set(ids)))


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
