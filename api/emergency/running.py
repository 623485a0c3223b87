"""A session as its opener sees it: widening, renewing and closing it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import embargo_in
from api.consent import policies
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries, rules
from api.emergency.acting import ids_of, in_emergency
from api.emergency.errors import CannotRenew, SessionOver, SummaryOnly
from api.emergency.granting import end_in, grant_in
from api.emergency.rules import LIMITS, Ending, Kind, Session
from api.emergency.stored import acted, session_in, sessions_in


class View(NamedTuple):
    """A session as its opener sees it."""

    session_id: UUID
    participant_id: UUID
    reason: str
    state: rules.State
    ending: Ending | None
    expires_at: datetime | None
    may_renew: bool
    in_disaster: bool = False


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
        return await _view(tx, await own_in(tx, acting, session_id))


async def mine(actor: Actor) -> list[View]:
    """The opener's sessions of the last day."""
    acting = in_emergency(actor)
    async with unit_of_work(acting) as tx:
        rows = await queries.mine(tx, ids_of(acting)[0], 20)
        return [await _view(tx, row) for row in rows]


async def subject_of(actor: Actor, session_id: UUID) -> UUID:
    """Whom the opener's session is about. Raises `NotFound`."""
    async with unit_of_work(in_emergency(actor)) as tx:
        subject = await queries.whose(tx, session_id)
    if subject is None:
        raise NotFound
    return subject


async def _step(actor: Actor, session_id: UUID, kind: Kind, event: EventName) -> None:
    acting, subject = in_emergency(actor), await subject_of(actor, session_id)
    is_refused = is_more = False
    async with unit_of_work(acting, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            raise NotFound
        standing = await directory.standing_in(tx, acting)
        row = await own_in(tx, acting, session_id)
        session, now = await session_in(tx, row), await queries.now(tx)
        is_over = rules.fold(session.steps, now).state == "ended"
        if not is_over and kind != "closed":
            is_over = await grant_in(tx, acting, session_id, known, standing) is None
        if not is_over:
            is_more = kind == "widened" and session.in_disaster
            is_refused = kind == "renewed" and not await _may_renew(tx, row, session, now)
            if not is_refused and rules.may_follow(session, kind, now):
                await _take(tx, session, session_id, kind, event, acted(acting, standing))
    if is_over:
        raise SessionOver
    if is_refused:
        raise CannotRenew
    if is_more:
        raise SummaryOnly


async def _take(
    tx: Transaction,
    session: Session,
    session_id: UUID,
    kind: Kind,
    event: EventName,
    who: dict[str, Any],
) -> None:
    if kind == "closed":
        await end_in(tx, session, session_id, "closed", {"actor": who})
        return
    before = rules.fold(session.steps, session.steps[-1].at).state
    state = "t2" if kind == "widened" else before
    await queries.add_step(tx, session_id, len(session.steps) + 1, kind, state, before)
    await access_log.append(
        tx, event, detail={"actor": who}, emergency=str(session_id), embargo=await embargo_in(tx)
    )


async def _may_renew(tx: Transaction, row: asyncpg.Record, session: Session, now: datetime) -> bool:
    ids = await queries.sessions_of(tx, row["professional_id"], now - LIMITS.window)
    others = [each for each in ids if each != row["session_id"]]
    return rules.may_renew(session, await sessions_in(tx, others, session.opener), now)


async def own_in(tx: Transaction, acting: Actor, session_id: UUID) -> asyncpg.Record:
    row = await queries.session(tx, session_id)
    if row is None or (row["professional_id"], row["facility_id"]) != ids_of(acting):
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
        session.in_disaster,
    )
