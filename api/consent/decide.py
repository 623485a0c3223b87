"""May this requester, for this purpose, see this record now, and why? The first stop wins."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from api.consent.facts import (
    EMERGENCY,
    NORMAL,
    PRESCRIPTION,
    PROCEDURE,
    RESTRICTED,
    SECRET,
    Basis,
    Decision,
    Directive,
    EmergencyReach,
    NetworkRules,
    Outcome,
    Participation,
    ParticipationState,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Ruling,
    Step,
)
from api.consent.filters import BY_NETWORK, Filters
from api.consent.recipients import NOTICE, Recipients, exclusion, ruling_of
from api.consent.residences import Residences

_DATELESS: Final = frozenset({PRESCRIPTION, PROCEDURE})
_OPEN: Final[frozenset[Step]] = frozenset({"granted", "own_record", "shared", "emergency"})

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

_IN_EMERGENCY: Final[frozenset[Step]] = frozenset(
    {"own_record", "secret", "emergency_reach", "emergency", "filter", "sensitivity", "data_from"}
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
_NO_MARKS: Final[dict[UUID, int]] = {}


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
    recipient: Ruling | None = None
    rulings: dict[str, Ruling] = {}
    shares: dict[str, Ruling] = {}

    def of(self, category: str) -> Decision:
        """The answer for a plain record of this category: normal, in date, from no named source,
        and not one the participant spoke of by itself."""
        step: Step = "recipient" if self.basis.step == "shared" else self.basis.step
        recipient: Ruling | None = self.basis.recipient
        ruling: Ruling | None = None
        if step in ("recipient", "granted"):
            share = self.shares.get(category)
            if share is not None:
                step, recipient = "shared", share
            else:
                recipient = self.recipient
                ruling = self.rulings.get(category, BY_NETWORK["deny"])
                if step == "granted" and ruling.outcome == "deny":
                    step = "filter"
        basis = structs.replace(
            self.basis, step=step, recipient=recipient, category=category, filter=ruling
        )
        return Decision("permit" if step in _OPEN else "deny", basis)


class _Answer(Struct, gc=False):
    """The requester's half of a decision; GRANTED where only the record can still say no."""

    step: Step
    recipient: Ruling | None = None
    level: int = NORMAL
    shares: tuple[Provision, ...] = ()


class Policy:
    """One participant's settings under one network profile, indexed for deciding.

    Knows no clock: it holds as long as the directive, the participation and the profile do.
    """

    __slots__ = (
        "_filters",
        "_marks",
        "_moments",
        "_network",
        "_participation",
        "_recipients",
        "_teams",
        "_version",
    )

    def __init__(
        self, network: NetworkRules, participation: Participation, directive: Directive
    ) -> None:
        self._network = network
        self._participation = participation
        self._version = directive.version
        self._teams = tuple((team.id, team.name) for team in directive.teams)
        self._recipients = Recipients(network, participation, directive)
        self._filters = Filters(network, directive.provisions)
        marks = {mark.record_id: mark.level for mark in directive.marks}
        self._marks = marks or _NO_MARKS
        self._moments = tuple(sorted(set(_moments(participation, directive))))

    @property
    def team_names(self) -> dict[str, str]:
        """The participant's care teams by id, for sentences."""
        return {str(team_id): name for team_id, name in self._teams}

    def holds_until(self, request: Request) -> datetime | None:
        """Just before when the same request gets the same answer; None for good."""
        joined_at = request.requester.facility_joined_at
        following = self._moments[bisect_right(self._moments, request.now) :][:1]
        if self._recipients.is_living and joined_at is not None:
            following += (joined_at + NOTICE,)
        return min((each for each in following if each > request.now), default=None)

    def decide(self, request: Request, record: RecordFacts) -> Decision:
        state = self._state(request)
        answer = self._answer(request, state)
        step: Step = answer.step
        recipient = answer.recipient
        ruling: Ruling | None = None
        if step in _SHUT:
            pass
        elif record.source_facility_id == request.requester.facility_id:
            step = "own_record"
        elif (sensitivity := self._marked(record) if self._marks else record.sensitivity) >= SECRET:
            step = "secret"
        elif step == "emergency_closed":
            pass
        elif step == "emergency" and request.emergency is not None:
            step, ruling = self._in_emergency(request, request.emergency, record, sensitivity)
        elif answer.shares and (share := _opening(answer.shares, record)) is not None:
            recipient = ruling_of(share)
            step = "data_from" if self._is_too_old(record) else "shared"
        else:
            ruling = self._filters.of_record(request, record)
            if step == "granted":
                if ruling.outcome == "deny":
                    step = "filter"
                elif sensitivity > answer.level:
                    step = "sensitivity"
                elif self._is_too_old(record):
                    step = "data_from"
        return Decision(
            "permit" if step in _OPEN else "deny",
            self._basis(request, state, step, recipient, answer.level, record.category, ruling),
        )

    def scope(self, request: Request) -> Scope:
        state = self._state(request)
        answer = self._answer(request, state)
        step: Step = answer.step
        recipient = answer.recipient
        if step == "recipient" and answer.shares:
            step, recipient = "shared", ruling_of(answer.shares[0])
        basis = self._basis(request, state, step, recipient, answer.level)
        if step == "emergency" and request.emergency is not None:
            return self._emergency_scope(request, request.emergency, basis)
        if step not in ("recipient", "shared", "granted"):
            return Scope("deny", basis, own_facility=step not in _SHUT)
        rulings = {
            category: self._filters.decide(request, category)
            for category in self._network.categories
        }
        if step == "recipient":
            return Scope("deny", basis, own_facility=True, recipient=recipient, rulings=rulings)
        level = min(answer.level, RESTRICTED)
        opened = Scope(
            "permit",
            basis,
            own_facility=True,
            level=level,
            data_from=self._participation.data_from,
            exceptions=self._exceptions(request, answer, level),
            share=ruling_of(answer.shares[0]) if answer.shares else None,
            recipient=answer.recipient,
            rulings=rulings,
            shares={
                rule.category: ruling_of(rule)
                for rule in reversed(answer.shares)
                if rule.category is not None
            },
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

    def _emergency_scope(self, request: Request, reached: EmergencyReach, basis: Basis) -> Scope:
        hiding = () if reached.shows_hidden else self._filters.hiding(request)
        marks = self._marks.items()
        exempt = reached.exempt
        return Scope(
            "permit",
            basis,
            own_facility=True,
            categories=reached.categories,
            level=reached.level,
            exceptions=Exceptions(
                hidden=_ids(each for rule in hiding for each in rule.record_ids),
                hidden_periods=(
                    *_periods(hiding),
                    *(
                        HiddenPeriod(None, category, None, day)
                        for category, day in self._first_days(reached)
                    ),
                ),
                lowered=_ids(each for each, marked in marks if marked <= reached.level),
                raised=_ids(each for each, marked in marks if marked > reached.level),
                shared=_ids(exempt),
                unsealed=_ids(each for each, marked in marks if exempt and marked < SECRET),
                sealed=_ids(each for each, marked in marks if exempt and marked >= SECRET),
            ),
        )

    def _in_emergency(
        self, request: Request, reached: EmergencyReach, record: RecordFacts, sensitivity: int
    ) -> tuple[Step, Ruling | None]:
        if record.category not in reached.categories:
            return "emergency_reach", None
        if sensitivity > reached.level:
            return "sensitivity", None
        if not reached.shows_hidden:
            hidden = self._filters.hidden(request, record)
            if hidden is not None:
                return "filter", hidden
        cared_on = record.effective_on or record.recorded_on
        is_exempt = record.category in _DATELESS and record.record_id in reached.exempt
        if not is_exempt and any(
            category == record.category and cared_on < day for category, day in reached.since
        ):
            return "emergency_reach", None
        is_exempt = is_exempt or record.category in reached.timeless
        return ("data_from" if not is_exempt and self._is_too_old(record) else "emergency"), None

    def _first_days(self, reached: EmergencyReach) -> Iterator[tuple[str, date]]:
        """From which day on each category is open, where not from the beginning."""
        since = dict(reached.since)
        for category in reached.categories:
            days = [since[category]] if category in since else []
            if category not in reached.timeless and self._participation.data_from is not None:
                days.append(self._participation.data_from)
            if days:
                yield category, max(days)

    def _exceptions(self, request: Request, answer: _Answer, level: int) -> Exceptions:
        hiding = self._filters.hiding(request)
        if not (hiding or answer.shares or self._marks):
            return NO_EXCEPTIONS
        shares = answer.shares
        marks = self._marks.items()
        return Exceptions(
            hidden=_ids(each for rule in hiding for each in rule.record_ids),
            hidden_periods=tuple(_periods(hiding)),
            lowered=_ids(each for each, marked in marks if marked <= level),
            raised=_ids(each for each, marked in marks if marked > level),
            shared=_ids(each for rule in shares for each in rule.record_ids),
            shared_categories=tuple(
                sorted({rule.category for rule in shares if rule.category is not None})
            ),
            unsealed=_ids(each for each, marked in marks if shares and marked < SECRET),
            sealed=_ids(each for each, marked in marks if shares and marked >= SECRET),
        )

    def _answer(self, request: Request, state: ParticipationState) -> _Answer:
        who = request.requester
        if not who.facility_is_active:
            return _Answer("facility_standing")
        if not _may_practise(who):
            return _Answer("professional")
        if who.profession not in self._network.matrix:
            return _Answer("profession_unknown")
        if request.purpose_of_use not in self._network.purposes:
            return _Answer("purpose")
        if state != "participating":
            return _Answer("participation")
        naming = self._recipients.naming(who)
        excluded = exclusion(request, naming) if any(naming) else None
        if excluded is not None:
            return _Answer("excluded", ruling_of(excluded))
        if request.purpose_of_use in EMERGENCY:
            if request.emergency is None:
                return _Answer("emergency_closed")
            return _Answer("emergency", level=request.emergency.level)
        ruling, level = self._recipients.decide(request, naming)
        step: Step = "granted" if ruling.outcome == "permit" else "recipient"
        if not self._recipients.has_shares:
            return _Answer(step, ruling, level)
        return _Answer(step, ruling, level, self._recipients.shares(request))

    def _state(self, request: Request) -> ParticipationState:
        state = self._participation.state
        ends_at = self._participation.ends_at
        if ends_at is not None and request.now >= ends_at and state == "participating":
            return "lapsed"
        return state

    def _marked(self, record: RecordFacts) -> int:
        """The participant's own sensitivity of a record, else the one it came with."""
        if record.record_id is None:
            return record.sensitivity
        return self._marks.get(record.record_id, record.sensitivity)

    def _is_too_old(self, record: RecordFacts) -> bool:
        data_from = self._participation.data_from
        return data_from is not None and (record.effective_on or record.recorded_on) < data_from

    def _basis(
        self,
        request: Request,
        state: ParticipationState,
        step: Step,
        recipient: Ruling | None,
        level: int,
        category: str | None = None,
        ruling: Ruling | None = None,
    ) -> Basis:
        who = request.requester
        return Basis(
            step,
            self._version,
            self._network.profile_id,
            self._network.profile_version,
            request.purpose_of_use,
            who.facility_id,
            who.professional_id,
            who.profession,
            state,
            self._participation.data_from,
            recipient,
            level,
            category,
            ruling,
            request.emergency if step in _IN_EMERGENCY else None,
        )


def _moments(participation: Participation, directive: Directive) -> Iterator[datetime]:
    """When a rule begins or ends, taking part lapses, or a place lived in changes its part."""
    yield from Residences(participation.residences).moments()
    for rule in directive.provisions:
        yield from (each for each in (rule.valid_from, rule.valid_to) if each is not None)
    if participation.ends_at is not None:
        yield participation.ends_at


def _opening(shares: Iterable[Provision], record: RecordFacts) -> Provision | None:
    """The first share that names this record, or its category."""
    for share in shares:
        if share.category == record.category or record.record_id in share.record_ids:
            return share
    return None


def _periods(hiding: Iterable[Provision]) -> Iterator[HiddenPeriod]:
    for rule in hiding:
        if not rule.record_ids:
            yield HiddenPeriod(rule.source_facility_id, rule.category, rule.data_from, rule.data_to)


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
