"""A professional passes their own access on to one named colleague elsewhere, within bounds."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies, stored
from api.consent.agreeing import amending
from api.consent.agreeing.asking import (
    LONGEST_DELEGATION,
    delegation_ends,
    is_within,
    opened,
    own_grant,
)
from api.consent.decide import Scope
from api.consent.errors import CannotPassOn
from api.consent.facts import NORMAL, TREATMENT, Directive, Provision, Request
from api.consent.stored import Settings
from api.core import clock, i18n
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import Standing


class Bounds(NamedTuple):
    """The most that may be passed on now."""

    level: int
    until: datetime


class Wish(NamedTuple):
    receiver_id: UUID
    days: int
    level: int
    reason: str


async def bounds(actor: Actor, subject: UUID) -> Bounds | None:
    """None where the access is not the professional's own to pass on.

    Raises `NotFound` for somebody they may not see, and for nobody.
    """
    async with unit_of_work(actor, subject=subject) as tx:
        state, request, scope = await _held(tx, actor)
    grant = own_grant(state.directive, request, NORMAL)
    if grant is None or scope.basis.step != "granted":
        return None
    return Bounds(scope.level, delegation_ends(grant, request.now, LONGEST_DELEGATION))


async def pass_on(actor: Actor, subject: UUID, wish: Wish) -> datetime:
    """Until when. The participant is told at once; the receiver can pass nothing further on.

    Raises `CannotPassOn`, and `NotFound` as `bounds` does.
    """
    async with unit_of_work(actor, subject=subject) as tx:
        state, request, scope = await _held(tx, actor)
        standing = await directory.standing_in(tx, actor)
        found = await directory.standings_in(tx, [], [wish.receiver_id])
        row = _row(state.directive, request, scope, wish)
        until = None
        if found and row is not None:
            ((receiver, theirs),) = found
            following = opened(state.directive, row, stored.network_rules(), lifts_denies=False)
            after = state._replace(directive=following)
            if receiver.facility_id != actor.facility_id and _is_bounded(
                _scope(state, receiver, theirs), _scope(after, receiver, theirs), scope
            ):
                until = row.valid_to
                await _store(tx, actor, standing, state, following, row, wish.reason)
        if until is None:
            who = amending.party(actor, standing)
            await access_log.append(
                tx, EventName.DELEGATION_TRIED, outcome="denied", detail={"actor": who}
            )
    if until is None:
        raise CannotPassOn
    return until


async def _held(tx: Transaction, actor: Actor) -> tuple[Settings, Request, Scope]:
    """The settings, held still, and what they show this professional for treatment."""
    state = await stored.locked_settings_in(tx)
    if state is None:
        raise NotFound
    standing = await directory.standing_in(tx, actor)
    request = Request(policies.requester(actor, standing), TREATMENT, clock.now())
    scope = policies.compiled(state).scope(request)
    if scope.outcome != "permit":
        raise NotFound
    return state, request, scope


def _row(directive: Directive, request: Request, scope: Scope, wish: Wish) -> Provision | None:
    grant = own_grant(directive, request, wish.level)
    if grant is None or scope.basis.step != "granted" or wish.level > scope.level:
        return None
    return Provision(
        0,
        "permit",
        "recipient",
        professional_id=wish.receiver_id,
        level=wish.level,
        valid_to=delegation_ends(grant, request.now, timedelta(days=wish.days)),
        origin="delegation",
        delegated_by=request.requester.professional_id,
    )


def _is_bounded(before: Scope, after: Scope, own: Scope) -> bool:
    """It lets the receiver in, and to nothing new that the giver does not see."""
    if after.outcome != "permit":
        return False
    return is_within(after, before) or is_within(after, own)


def _scope(state: Settings, receiver: Actor, standing: Standing) -> Scope:
    request = Request(policies.requester(receiver, standing), TREATMENT, clock.now())
    return policies.compiled(state).scope(request)


async def _store(
    tx: Transaction,
    actor: Actor,
    standing: Standing,
    state: Settings,
    following: Directive,
    row: Provision,
    reason: str,
) -> None:
    if row.valid_to is None:
        raise ValueError("what is passed on has an end")
    told = {
        "whom": await amending.whom(tx, row),
        "until": amending.moment(row.valid_to),
        "reason": {each: i18n.text(each, f"asking.reason.{reason}") for each in i18n.LOCALES},
    }
    who = amending.party(actor, standing)
    await amending.amend_in(tx, actor, state, following, "delegation", who=who, told=told)
