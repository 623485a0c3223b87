"""Opening an emergency session: the gates, the second officer, and all that begins with it.

Everything of one session happens under the participant's log head lock, by the database's clock,
and PostgreSQL refuses what the rules here would (migration 0030).
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import embargo_in
from api.consent import policies
from api.consent.facts import TREATMENT, Request
from api.consent.policies import CompiledPolicy
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.directory.service import Standing
from api.emergency import gates, queries, rules
from api.emergency.acting import (
    STANDING_STEPS,
    has_right,
    ids_of,
    in_emergency,
    is_designated,
    stops_at,
    words_of,
)
from api.emergency.cards import using as cards
from api.emergency.disaster import queries as disaster_queries
from api.emergency.errors import NotOpened, SessionOver, WordsHoldMyNumber
from api.emergency.gates import Opening, Refusal
from api.emergency.holding import service as holds
from api.emergency.reach import Choice, reach
from api.emergency.rules import LIMITS, Opener
from api.emergency.stored import acted, choice_in, reason_said, session_in, sessions_in
from api.identity.my_number import contains_my_number
from notifications import service as notifications


class Ground(NamedTuple):
    """Why, and how the person was identified just now. `authenticated_at`: when the actor last
    proved who they are; `hold`: why what is told should wait, where it should; `code_id`: of the
    emergency card they were identified by."""

    reason: str
    words: str
    identification: str
    authenticated_at: datetime | None
    hold: str = ""
    code_id: UUID | None = None


class Opened(NamedTuple):
    """`expires_at` of a session that waits for a second officer is the end of the waiting."""

    session_id: UUID
    is_active: bool
    expires_at: datetime


async def open_session(actor: Actor, subject: UUID, ground: Ground) -> Opened:
    """Opens it, or asks for the second officer it takes; with its notice and its review.

    Raises `NotOpened`, once the refusal is in the participant's log; `NotFound` for nobody;
    `CardRefused` where somebody else was quicker with the code of a card.
    """
    acting = in_emergency(actor)
    if contains_my_number(ground.words):
        raise WordsHoldMyNumber
    if ground.hold.strip():
        words_of(ground.hold, holds.MOST_WORDS)
    async with unit_of_work(acting, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            raise NotFound
        standing = await directory.standing_in(tx, acting)
        now = await queries.now(tx)
        asked = await _opening(tx, acting, subject, known, standing, ground, now)
        gate = gates.gate(asked, now)
        if gate.refusal is not None:
            await _log_refusal(tx, acting, standing, ground, gate.refusal)
        else:
            opened = await _open(tx, acting, standing, ground, asked, gate.needs_officer)
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
        ground = {"reason": row["reason"], "by": row["identification"]}
        await _activate(tx, session_id, ground, who, row["words"], officer=officer)


async def _opening(
    tx: Transaction,
    acting: Actor,
    subject: UUID,
    known: CompiledPolicy,
    standing: Standing,
    ground: Ground,
    now: datetime,
) -> Opening:
    professional_id, facility_id = ids_of(acting)
    step = stops_at(acting, known, standing, now)
    _, chosen = await choice_in(tx)
    since = now - LIMITS.window
    ids = await queries.sessions_of(tx, professional_id, since)
    tie = await queries.tie(tx)
    return Opening(
        is_designated=is_designated(standing),
        has_right=has_right(standing) and step not in STANDING_STEPS,
        authenticated_at=ground.authenticated_at,
        reason=ground.reason,
        words=ground.words,
        identification=ground.identification,
        identified_at=now,
        is_oneself=tie == "oneself",
        represents=tie == "represents",
        shares_insurance=tie == "shares_insurance",
        participates=step != "participation",
        is_excluded=step == "excluded",
        can_read_t1=await _can_read_t1(tx, acting, known, standing, chosen, now),
        choice=chosen,
        earlier=tuple(await sessions_in(tx, ids, Opener(professional_id, facility_id, subject))),
        in_disaster=await disaster_queries.at(tx, facility_id) is not None,
    )


async def _can_read_t1(
    tx: Transaction,
    acting: Actor,
    known: CompiledPolicy,
    standing: Standing,
    chosen: Choice,
    now: datetime,
) -> bool:
    """Whether for treatment, without any session, all of the summary is open already."""
    scope = known.policy.scope(Request(policies.requester(acting, standing), TREATMENT, now))
    codes = [category.code for category in directory.profile().categories]
    summary = reach("t1", chosen, codes, clock.day_in_japan(now)).open
    kept = scope.exceptions
    is_open = (
        scope.outcome == "permit"
        and set(summary.categories) <= set(scope.categories)
        and summary.level <= scope.level
        and not (kept.hidden or kept.hidden_periods or scope.source_denied)
    )
    if not is_open or scope.data_from is None:
        return is_open
    return not await queries.has_older(tx, summary.timeless, scope.data_from)


async def _open(
    tx: Transaction,
    acting: Actor,
    standing: Standing,
    ground: Ground,
    asked: Opening,
    needs_officer: bool,
) -> Opened:
    session_id = uuid7()
    who = acted(acting, standing)
    if ground.authenticated_at is None:
        raise NotFound
    professional_id, facility_id = ids_of(acting)
    await queries.add_session(
        tx,
        session_id,
        professional_id,
        facility_id,
        standing.professional_name or acting.name or "",
        ground.reason,
        ground.words.strip(),
        ground.identification,
        ground.authenticated_at,
        await disaster_queries.at(tx, facility_id) if gates.is_one_tap(asked) else None,
    )
    if ground.identification == "emergency_card":
        await cards.use_in(tx, ground.code_id, session_id)
    row = await queries.add_step(tx, session_id, 1, "requested", "requested", None)
    if ground.hold.strip():
        await holds.ask_in(tx, session_id, ground.hold, who)
    if needs_officer:
        await access_log.append(
            tx,
            EventName.EMERGENCY_ASKED,
            detail={"actor": who, "told": {"reason": reason_said(ground.reason)}},
            emergency=str(session_id),
            embargo=await embargo_in(tx),
        )
    else:
        coded = {"reason": ground.reason, "by": ground.identification}
        row = await _activate(tx, session_id, coded, who, ground.words.strip())
    if row is None:
        raise NotFound
    return Opened(session_id, not needs_officer, row["expires_at"])


async def _activate(
    tx: Transaction,
    session_id: UUID,
    ground: dict[str, str],
    who: dict[str, Any],
    words: str,
    *,
    officer: Actor | None = None,
) -> asyncpg.Record | None:
    """The step, the review it begins, the notice of it and its event: all, or nothing commits.

    `ground` is in codes, as the figures count it: whoever has the log can count them again.
    """
    row = await queries.add_step(tx, session_id, 2, "activated", "t1", "requested")
    await queries.add_review_step(tx, session_id, 1, "pending", None, "", "")
    told = {"reason": reason_said(ground["reason"])}
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
        detail={"actor": actor, "told": told | opener, "said": words, "ground": ground},
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
