"""May they see it, and why? The decision itself as an answer, in the shape of OpenID AuthZEN 1.0.

Participants get the whole basis of what concerns themselves. A facility's system gets no more than
it could learn by reading: docs/decisions/0012-what-the-decision-endpoint-leaves-out.md.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.consent import policies, stored
from api.consent.decide import compile_policy
from api.consent.exchange.fhir_consent import Json
from api.consent.exchange.fhir_scope import consent_for
from api.consent.facts import (
    Basis,
    Decision,
    Directive,
    Outcome,
    Participation,
    RecordFacts,
    Request,
)
from api.consent.replay import versions_of
from api.core import clock, i18n
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.records import queries
from api.records.grounds import event_detail, log_nobody, reason_of

NOT_DISCLOSED: Final = "not_disclosed"
# Found out before the participant is looked at, so they say nothing of them or of their choices.
OF_THE_REQUESTER: Final = frozenset(
    {"facility_standing", "professional", "profession_unknown", "purpose"}
)


class Question(NamedTuple):
    """`who` asks to see a record, or records of one category of `patient`."""

    who: Actor
    patient: UUID | None
    category: str | None = None
    record_id: UUID | None = None


class Verdict(NamedTuple):
    decision: bool
    context: dict[str, Any]


class Held(NamedTuple):
    """A FHIR Consent, None for a refusal and for nobody; and the event of asking."""

    consent: Json | None
    event: Appended


class _Found(NamedTuple):
    """The decision, and the event that tells of it.

    Of a question about a single record the participant's log says whether the requester is let in
    at all, told of the record or not, lest a record they were not told of be inferred from it.
    """

    decision: Decision
    teams: dict[str, str]
    is_told: bool
    outcome: str
    detail: dict[str, Any]
    undisclosed: dict[str, Any] | None = None


async def for_system(question: Question) -> Verdict:
    """The answer a facility's system gets; an attempt in the participant's log."""
    actor = question.who
    subject = await _subject(question)
    if subject is not None:
        async with unit_of_work(actor, subject=subject) as tx:
            found = await _decided(tx, question)
            if found is not None:
                await access_log.append(
                    tx,
                    EventName.ACCESS_EVALUATED,
                    outcome=found.outcome,
                    detail=found.detail,
                    undisclosed=found.undisclosed,
                )
                return _masked(found.decision)
    await log_nobody(actor, EventName.ACCESS_EVALUATED)
    async with unit_of_work(actor) as tx:
        standing = await directory.standing_in(tx, actor)
    # As about somebody who never joined: what is wrong with the requester is said all the same.
    blank = compile_policy(stored.network_rules(), Participation(), Directive())
    return _masked(blank.scope(_request(actor, standing)).of(question.category or ""))


async def for_participant(actor: Actor, question: Question) -> Verdict:
    """The answer about one's own records, with its whole basis; no access, and logged as one's own.

    Someone else's records, records one is not told of, and people who are not here answer alike.
    """
    subject = actor.participant_id
    async with unit_of_work(actor) as tx:
        found = None
        if question.patient in (None, subject):
            try:
                found = await _decided(tx, question)
            except NotFound:
                found = None
        if found is None or not found.is_told:
            return _undisclosed()
        await access_log.append(
            tx,
            EventName.ACCESS_EVALUATED,
            detail={"about": found.detail["actor"], "asked": found.detail["asked"]},
        )
        standing = await directory.standing_in(tx, question.who)
    basis = found.decision.basis
    said = reason_of(question.who, standing, basis, found.teams)
    return Verdict(
        found.decision.outcome == "permit",
        {"step": basis.step, "basis": msgspec.to_builtins(basis), "reason_user": said["text"]},
    )


async def who_is(actor: Actor, professional_id: UUID, purpose_of_use: str) -> Actor | None:
    """This professional at the place they work, as the one whose access is asked about."""
    async with unit_of_work(actor) as tx:
        facility_id = await directory.workplace_in(tx, professional_id)
    if facility_id is None:
        return None
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        professional_id=professional_id,
        facility_id=facility_id,
        purpose_of_use=purpose_of_use,
    )


async def consent_of(actor: Actor, subject: UUID) -> Held:
    """What holds for this requester now."""
    async with unit_of_work(actor, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is not None:
            standing = await directory.standing_in(tx, actor)
            request = _request(actor, standing)
            scope = known.policy.scope(request)
            versions = versions_of(known, standing, request.now)
            event = await access_log.append(
                tx,
                EventName.CONSENT_READ,
                outcome=_outcome(scope.outcome),
                detail=event_detail(
                    actor, standing, scope.basis, ("Consent",), versions, known.policy.team_names
                ),
            )
            if scope.outcome != "permit":
                return Held(None, event)
            found = consent_for(scope, subject, stored.network_rules(), request.now)
            return Held(found, event)
    return Held(None, await log_nobody(actor, EventName.CONSENT_READ))


async def _subject(question: Question) -> UUID | None:
    if question.record_id is None:
        return question.patient
    async with unit_of_work(question.who) as tx:
        owner = await queries.participant_of_record(tx, question.record_id)
    return owner if question.patient in (None, owner) else None


async def _decided(tx: Transaction, question: Question) -> _Found | None:
    """None where the subject or the record is not there. Raises `NotFound` without a facility."""
    actor = question.who
    known = await policies.locked_policy_in(tx)
    if known is None:
        return None
    standing = await directory.standing_in(tx, actor)
    request = _request(actor, standing)
    versions = versions_of(known, standing, request.now)
    scope, teams = known.policy.scope(request), known.policy.team_names
    if question.record_id is None:
        category = question.category or ""
        decision = scope.of(category)
        detail = event_detail(actor, standing, decision.basis, (category,), versions, teams)
        return _Found(decision, teams, True, _outcome(decision.outcome), detail)
    row = await queries.facts(tx, question.record_id)
    if row is None:
        return None
    decision = known.policy.decide(request, _facts(row))
    is_own = decision.basis.step == "own_record" and row["is_told"]
    basis = structs.replace(scope.basis, step="own_record") if is_own else scope.basis
    detail = event_detail(actor, standing, basis, (), versions, teams)
    exact = {"category": row["category"], "count": 1, "step": decision.basis.step}
    return _Found(
        decision,
        teams,
        row["is_told"],
        "permitted" if is_own else _outcome(scope.outcome),
        detail,
        {"resources": [exact], "ids": [question.record_id]},
    )


def _outcome(outcome: Outcome) -> str:
    return "permitted" if outcome == "permit" else "denied"


def _facts(row: Any) -> RecordFacts:
    return RecordFacts(
        category=row["category"],
        recorded_on=row["effective_on"],
        effective_on=row["effective_on"],
        source_facility_id=row["source_facility_id"],
        sensitivity=row["sensitivity"],
        record_id=row["record_id"],
    )


def _request(actor: Actor, standing: directory.Standing) -> Request:
    purpose = actor.purpose_of_use or ""
    return Request(policies.requester(actor, standing), purpose, clock.now())


def _masked(decision: Decision) -> Verdict:
    basis = decision.basis
    if decision.outcome == "permit":
        return Verdict(True, {"step": basis.step, "basis": _of_themselves(basis)})
    if basis.step not in OF_THE_REQUESTER:
        return _undisclosed()
    return Verdict(
        False,
        {
            "step": basis.step,
            "basis": _of_themselves(structs.replace(basis, category=None)),
            "reason_user": _reason(basis.step),
        },
    )


def _of_themselves(basis: Basis) -> dict[str, Any]:
    """What a requester knows already: no rule of the settings, and not how often they changed."""
    return {
        "profile_id": basis.profile_id,
        "profile_version": basis.profile_version,
        "purpose_of_use": basis.purpose_of_use,
        "facility_id": str(basis.facility_id),
        "professional_id": str(basis.professional_id) if basis.professional_id else None,
        "profession": basis.profession,
        "category": basis.category,
    }


def _undisclosed() -> Verdict:
    return Verdict(False, {"step": NOT_DISCLOSED, "reason_user": _reason(NOT_DISCLOSED)})


def _reason(step: str) -> dict[str, str]:
    return {locale: i18n.text(locale, f"evaluation.{step}") for locale in i18n.LOCALES}
