"""Opening, widening, renewing and ending emergency sessions, and what a running one grants.

Everything of one session happens under the participant's log head lock, by the database's clock,
and PostgreSQL refuses what the rules here would (migration 0030).
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Embargo
from api.consent import policies
from api.consent.facts import TREATMENT, EmergencyReach, Request
from api.consent.policies import CompiledPolicy
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.directory.service import Standing
from api.emergency import gates, queries, rules
from api.emergency.errors import (
    CannotRenew,
    NotOpened,
    SearchThrottled,
    SessionOver,
    WordsHoldMyNumber,
)
from api.emergency.gates import Opening, Refusal
from api.emergency.reach import Choice, Tier, reach
from api.emergency.rules import LIMITS, Ending, Kind, Opener, Session
from api.emergency.stored import acted, choice_in, reason_said, session_in, sessions_in
from api.identity import attempts
from api.identity.my_number import contains_my_number
from notifications import service as notifications

BREAK_GLASS: Final = "BTG"
_HELD: Final = ("about", "actor", "way", "purpose", "basis", "resources", "detail")
_STANDING_STEPS: Final = ("facility_standing", "professional", "profession_unknown")

Tie = Callable[[Transaction, Actor], Awaitable[bool]]


async def _none(tx: Transaction, actor: Actor) -> bool:
    return False


class Ties(NamedTuple):
    """Predicates about the actor and the transaction's subject: one person; one for whom the actor
    is a proxy or contact; one with whom they share insurance symbol and number.

    No door gives any yet: a professional is not known to be which participant.
    """

    is_oneself: Tie = _none
    represents: Tie = _none
    shares_insurance: Tie = _none


NO_TIES: Final = Ties()


class Ground(NamedTuple):
    """Why, and how the person was identified just now. `authenticated_at`: when the actor last
    proved who they are."""

    reason: str
    words: str
    identification: str
    authenticated_at: datetime | None


class Opened(NamedTuple):
    """`expires_at` of a session that waits for a second officer is the end of the waiting."""

    session_id: UUID
    is_active: bool
    expires_at: datetime


class View(NamedTuple):
    """A session as its opener sees it."""

    session_id: UUID
    participant_id: UUID
    reason: str
    state: rules.State
    ending: Ending | None
    expires_at: datetime | None
    may_renew: bool


class Grant(NamedTuple):
    """What a running session lets its opener read now. Of `operations_since` on, operations are
    within `reach` too: their ids are the reader's to add. `embargo` holds for what is logged."""

    session_id: UUID
    tier: Tier
    reach: EmergencyReach
    operations_since: date | None
    expires_at: datetime
    embargo: Embargo | None


def in_emergency(actor: Actor) -> Actor:
    """Raises `NotFound` for whoever is no professional at a facility."""
    if actor.professional_id is None or actor.facility_id is None:
        raise NotFound
    return structs.replace(actor, purpose_of_use=BREAK_GLASS)


async def may_open(actor: Actor) -> bool:
    """Whether this professional has the emergency right at all."""
    return _has_right(await directory.standing(in_emergency(actor)))


async def find_by_items(
    actor: Actor, name: str, name_kana: str, sex: str, birth_on: date
) -> UUID | None:
    """Whoever is the one person with all four. Every search is logged before it answers, and
    counts. Raises `SearchThrottled`, and `NotOpened` without the emergency right."""
    acting = in_emergency(actor)
    professional_id, facility_id = _ids(acting)
    if not await may_open(actor):
        raise NotOpened("no_right")
    async with unit_of_work(acting) as tx:
        wait = await attempts.charge(tx, attempts.seeking_keys(professional_id, facility_id))
        found = None if wait else await queries.find_person(tx, name, name_kana, sex, birth_on)
        await access_log.append_system(
            tx,
            EventName.EMERGENCY_SOUGHT,
            outcome="permitted" if found else "denied",
            detail={"name": actor.name},
        )
    if wait:
        raise SearchThrottled(wait)
    return found


async def open_session(actor: Actor, subject: UUID, ground: Ground, ties: Ties = NO_TIES) -> Opened:
    """Opens it, or asks for the second officer it takes; with its notice and its review.

    Raises `NotOpened`, once the refusal is in the participant's log; `NotFound` for nobody.
    """
    acting = in_emergency(actor)
    if contains_my_number(ground.words):
        raise WordsHoldMyNumber
    async with unit_of_work(acting, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            raise NotFound
        standing = await directory.standing_in(tx, acting)
        now = await queries.now(tx)
        asked = await _opening(tx, acting, subject, known, standing, ground, ties, now)
        gate = gates.gate(asked, now)
        if gate.refusal is not None:
            await _log_refusal(tx, acting, standing, ground, gate.refusal)
        else:
            opened = await _open(tx, acting, standing, ground, gate.needs_officer)
    if gate.refusal is not None:
        raise NotOpened(gate.refusal)
    return opened


async def approve(officer: Actor, session_id: UUID) -> None:
    """A second officer opens what goes beyond the hours of three days. Raises `SessionOver`."""
    async with unit_of_work(officer) as tx:
        subject = await queries.whose(tx, session_id)
    if subject is None:
        raise NotFound
    async with unit_of_work(officer, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        row = await queries.session(tx, session_id)
        if known is None or row is None:
            raise NotFound
        session = await session_in(tx, row)
        if not rules.may_follow(session, "activated", await queries.now(tx)):
            raise SessionOver
        _, chosen = await choice_in(tx)
        if chosen.kind == "refuse":
            raise SessionOver
        opener = Actor(
            kind=officer.kind,
            professional_id=row["professional_id"],
            facility_id=row["facility_id"],
        )
        standing = await directory.standing_in(tx, opener)
        who = acted(opener, standing)
        await _activate(tx, session_id, row["reason"], who, row["words"], officer=officer)


async def widen(actor: Actor, session_id: UUID) -> None:
    """The second confirmation: up to what the participant allows at most. Raises `SessionOver`."""
    await _step(actor, session_id, "widened", EventName.EMERGENCY_WIDENED)


async def renew(actor: Actor, session_id: UUID) -> None:
    """Raises `SessionOver`, `CannotRenew`."""
    await _step(actor, session_id, "renewed", EventName.EMERGENCY_RENEWED)


async def close(actor: Actor, session_id: UUID) -> None:
    """Ends it early; one that is over already stays as it is."""
    try:
        await _step(actor, session_id, "closed", EventName.EMERGENCY_ENDED)
    except SessionOver:
        return


async def view(actor: Actor, session_id: UUID) -> View:
    """The opener's own. Raises `NotFound`."""
    acting, subject = in_emergency(actor), await subject_of(actor, session_id)
    async with unit_of_work(acting, subject=subject) as tx:
        return await _view(tx, await _own(tx, acting, session_id))


async def mine(actor: Actor) -> list[View]:
    """The opener's sessions of the last day."""
    acting = in_emergency(actor)
    async with unit_of_work(acting) as tx:
        rows = await queries.mine(tx, _ids(acting)[0], 20)
        return [await _view(tx, row) for row in rows]


async def subject_of(actor: Actor, session_id: UUID) -> UUID:
    """Whom the opener's session is about. Raises `NotFound`."""
    async with unit_of_work(in_emergency(actor)) as tx:
        subject = await queries.whose(tx, session_id)
    if subject is None:
        raise NotFound
    return subject


async def grant_in(
    tx: Transaction, acting: Actor, session_id: UUID, known: CompiledPolicy, standing: Standing
) -> Grant | None:
    """What may be read now; None once it is over. A session that the participant, or the network,
    has ended meanwhile ends here. The caller holds the head's lock."""
    row = await queries.session(tx, session_id)
    if row is None:
        return None
    session, now = await session_in(tx, row), await queries.now(tx)
    reader = Opener(*_ids(acting), row["participant_id"])
    if not rules.may_read(session, reader, "t1", now):
        return None
    _, chosen = await choice_in(tx)
    step = _stops_at(acting, known, standing, now)
    is_excluded, is_off = step == "excluded", chosen.kind == "refuse" or step == "participation"
    may_practise = _has_right(standing) and step not in _STANDING_STEPS
    ending = rules.ends_by(not is_off, is_excluded, may_practise)
    if ending is not None:
        await _end(tx, session, session_id, ending, {"actor": acted(acting, standing)})
        return None
    folded = rules.fold(session.steps, now)
    tier: Tier = "t2" if rules.may_read(session, reader, "t2", now) else "t1"
    reached = reach(
        tier,
        chosen,
        (category.code for category in directory.profile().categories),
        clock.day_in_japan(now),
    )
    if folded.expires_at is None:
        return None
    return Grant(
        session_id,
        tier,
        reached.open,
        reached.operations_since,
        folded.expires_at,
        await embargo_in(tx),
    )


async def _opening(
    tx: Transaction,
    acting: Actor,
    subject: UUID,
    known: CompiledPolicy,
    standing: Standing,
    ground: Ground,
    ties: Ties,
    now: datetime,
) -> Opening:
    professional_id, facility_id = _ids(acting)
    step = _stops_at(acting, known, standing, now)
    _, chosen = await choice_in(tx)
    since = now - LIMITS.window
    ids = await queries.sessions_of(tx, professional_id, since)
    viewers = directory.profile().emergency_viewers
    return Opening(
        is_designated=any(each.facility_type == standing.facility_type for each in viewers),
        has_right=_has_right(standing) and step not in _STANDING_STEPS,
        authenticated_at=ground.authenticated_at,
        reason=ground.reason,
        words=ground.words,
        identification=ground.identification,
        identified_at=now,
        is_oneself=await ties.is_oneself(tx, acting),
        represents=await ties.represents(tx, acting),
        shares_insurance=await ties.shares_insurance(tx, acting),
        participates=step != "participation",
        is_excluded=step == "excluded",
        can_read_t1=_can_read_t1(acting, known, standing, chosen, now),
        choice=chosen,
        earlier=tuple(await sessions_in(tx, ids, Opener(professional_id, facility_id, subject))),
    )


def _stops_at(acting: Actor, known: CompiledPolicy, standing: Standing, now: datetime) -> str:
    """Where the decision would stop in a session that reaches nothing."""
    asked = Request(policies.requester(acting, standing), BREAK_GLASS, now, EmergencyReach())
    return known.policy.scope(asked).basis.step


def _can_read_t1(
    acting: Actor, known: CompiledPolicy, standing: Standing, chosen: Choice, now: datetime
) -> bool:
    """Whether for treatment, without any session, all of the summary is open already."""
    scope = known.policy.scope(Request(policies.requester(acting, standing), TREATMENT, now))
    codes = [category.code for category in directory.profile().categories]
    summary = reach("t1", chosen, codes, clock.day_in_japan(now)).open
    kept = scope.exceptions
    return (
        scope.outcome == "permit"
        and set(summary.categories) <= set(scope.categories)
        and summary.level <= scope.level
        and not (kept.hidden or kept.hidden_periods or scope.source_denied)
    )


def _has_right(standing: Standing) -> bool:
    return standing.professional_is_active and directory.profile().may_open_emergency(
        standing.facility_type, standing.profession or ""
    )


async def _open(
    tx: Transaction, acting: Actor, standing: Standing, ground: Ground, needs_officer: bool
) -> Opened:
    session_id = uuid7()
    who = acted(acting, standing)
    if ground.authenticated_at is None:
        raise NotFound
    await queries.add_session(
        tx,
        session_id,
        *_ids(acting),
        standing.professional_name or acting.name or "",
        ground.reason,
        ground.words.strip(),
        ground.identification,
        ground.authenticated_at,
    )
    row = await queries.add_step(tx, session_id, 1, "requested", "requested", None)
    if needs_officer:
        await access_log.append(
            tx,
            EventName.EMERGENCY_ASKED,
            detail={"actor": who, "told": {"reason": reason_said(ground.reason)}},
            emergency=str(session_id),
            embargo=await embargo_in(tx),
        )
    else:
        row = await _activate(tx, session_id, ground.reason, who, ground.words.strip())
    if row is None:
        raise NotFound
    return Opened(session_id, not needs_officer, row["expires_at"])


async def _activate(
    tx: Transaction,
    session_id: UUID,
    reason: str,
    who: dict[str, Any],
    words: str,
    *,
    officer: Actor | None = None,
) -> asyncpg.Record | None:
    """The step, the review it begins, the notice of it and its event: all, or nothing commits."""
    row = await queries.add_step(tx, session_id, 2, "activated", "t1", "requested")
    await queries.add_review_step(tx, session_id, 1, "pending", None, "", "")
    told = {"reason": reason_said(reason)}
    await notifications.enqueue(
        tx,
        "emergency_opened",
        session=str(session_id),
        facility=who["facility"],
        who=who["name"] or "",
        **told,
    )
    event, actor, opener = EventName.EMERGENCY_OPENED, who, {}
    if officer is not None:
        event, actor = EventName.EMERGENCY_APPROVED, {"name": officer.name}
        opener = {"opener": who["name"] or "", "place": who["facility"]}
    await access_log.append(
        tx,
        event,
        detail={"actor": actor, "told": told | opener, "said": words},
        emergency=str(session_id),
        embargo=await embargo_in(tx),
    )
    return row


async def _log_refusal(
    tx: Transaction, acting: Actor, standing: Standing, ground: Ground, refusal: Refusal
) -> None:
    reason = ground.reason if ground.reason in gates.REASONS else None
    await access_log.append(
        tx,
        EventName.EMERGENCY_REFUSED,
        outcome="denied",
        detail={"actor": acted(acting, standing), "refusal": refusal, "reason": reason},
        embargo=await embargo_in(tx),
    )


async def _step(actor: Actor, session_id: UUID, kind: Kind, event: EventName) -> None:
    acting, subject = in_emergency(actor), await subject_of(actor, session_id)
    is_refused = False
    async with unit_of_work(acting, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            raise NotFound
        standing = await directory.standing_in(tx, acting)
        row = await _own(tx, acting, session_id)
        session, now = await session_in(tx, row), await queries.now(tx)
        is_over = rules.fold(session.steps, now).state == "ended"
        if not is_over and kind != "closed":
            is_over = await grant_in(tx, acting, session_id, known, standing) is None
        if not is_over:
            is_refused = kind == "renewed" and not await _may_renew(tx, row, session, now)
            if not is_refused and rules.may_follow(session, kind, now):
                await _take(tx, session, session_id, kind, event, acted(acting, standing))
    if is_over:
        raise SessionOver
    if is_refused:
        raise CannotRenew


async def _take(
    tx: Transaction,
    session: Session,
    session_id: UUID,
    kind: Kind,
    event: EventName,
    who: dict[str, Any],
) -> None:
    if kind == "closed":
        await _end(tx, session, session_id, "closed", {"actor": who})
        return
    before = rules.fold(session.steps, session.steps[-1].at).state
    state = "t2" if kind == "widened" else before
    await queries.add_step(tx, session_id, len(session.steps) + 1, kind, state, before)
    await access_log.append(
        tx, event, detail={"actor": who}, emergency=str(session_id), embargo=await embargo_in(tx)
    )


async def _end(
    tx: Transaction, session: Session, session_id: UUID, ending: Ending, detail: dict[str, Any]
) -> None:
    before = rules.fold(session.steps, session.steps[-1].at).state
    await queries.add_step(tx, session_id, len(session.steps) + 1, ending, "ended", before)
    await access_log.append(
        tx,
        EventName.EMERGENCY_ENDED,
        detail=detail | {"because": ending},
        emergency=str(session_id),
        embargo=await embargo_in(tx),
    )


async def _may_renew(tx: Transaction, row: asyncpg.Record, session: Session, now: datetime) -> bool:
    ids = await queries.sessions_of(tx, row["professional_id"], now - LIMITS.window)
    others = [each for each in ids if each != row["session_id"]]
    return rules.may_renew(session, await sessions_in(tx, others, session.opener), now)


async def _own(tx: Transaction, acting: Actor, session_id: UUID) -> asyncpg.Record:
    row = await queries.session(tx, session_id)
    if row is None or (row["professional_id"], row["facility_id"]) != _ids(acting):
        raise NotFound
    return row


async def _view(tx: Transaction, row: asyncpg.Record) -> View:
    session, now = await session_in(tx, row), await queries.now(tx)
    standing = rules.fold(session.steps, now)
    return View(
        row["session_id"],
        row["participant_id"],
        row["reason"],
        standing.state,
        standing.ending,
        standing.expires_at,
        standing.state in rules.ACTIVE and standing.renewals < LIMITS.renewals,
    )


async def embargo_in(tx: Transaction) -> Embargo | None:
    """One embargo for the notice and the row: while two officers hold what is told."""
    until_at = await queries.held_until(tx)
    if until_at is None:
        return None
    return Embargo(_HELD, "safety", clock.day_in_japan(until_at))


def _ids(acting: Actor) -> tuple[UUID, UUID]:
    if acting.professional_id is None or acting.facility_id is None:
        raise NotFound
    return acting.professional_id, acting.facility_id
