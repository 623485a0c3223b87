"""Compiled policies, kept by version and never by time; and who asks, as a decision sees them."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.consent import queries
from api.consent.decide import Policy, compile_policy
from api.consent.facts import Requester
from api.consent.stored import Settings, network_rules, settings_of
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.profile import NetworkProfile


class CompiledPolicy(NamedTuple):
    """A policy and the `policy_version` PostgreSQL must still hold when it is used.

    `made_from`: the versions of participation and residences, and when taking part lapses.
    """

    policy_version: int
    policy: Policy
    made_from: tuple[int, int, datetime | None]


_policies: dict[UUID, CompiledPolicy] = {}
KEPT_POLICIES = 10_000


async def policy(actor: Actor, subject: UUID) -> CompiledPolicy:
    """The compiled policy last known; `forget` it when PostgreSQL says it is stale.

    Raises `NotFound` when there is no such participant.
    """
    known = _policies.get(subject)
    if known is None:
        async with unit_of_work(actor, subject=subject) as tx:
            row = await queries.current(tx)
        if row is None:
            raise NotFound
        known = _compiled(row)
        if len(_policies) >= KEPT_POLICIES:
            _policies.pop(next(iter(_policies)))
        _policies[subject] = known
    return known


def forget(subject: UUID) -> None:
    _policies.pop(subject, None)


async def locked_policy_in(tx: Transaction) -> CompiledPolicy | None:
    """As `policy`, of now, and held still by the head's lock until the transaction ends."""
    if await queries.current(tx) is None:
        return None
    await queries.lock(tx)
    row = await queries.current(tx)
    return None if row is None else _compiled(row)


def _compiled(row: asyncpg.Record) -> CompiledPolicy:
    state = settings_of(row)
    return CompiledPolicy(
        row["policy_version"],
        compiled(state),
        (
            row["participation_version"],
            row["residence_version"],
            state.participation.ends_at,
        ),
    )


def compiled(state: Settings) -> Policy:
    return compile_policy(network_rules(), state.participation, state.directive)


def requester(
    actor: Actor,
    standing: directory.Standing,
    *,
    profile: NetworkProfile | None = None,
    on: date | None = None,
) -> Requester:
    """The decision's view of who asks; a system speaks for the profession its token claims.

    `profile` and `on` are those of the decision: without them the one in force, and today.
    """
    is_person = actor.professional_id is not None
    day = on or clock.today_in_japan()
    return Requester(
        kind="professional" if actor.kind is ActorKind.PROFESSIONAL else "system",
        facility_id=actor.facility_id or UUID(int=0),
        professional_id=actor.professional_id,
        profession=standing.profession if is_person else actor.profession,
        facility_type=standing.facility_type,
        regions=(profile or directory.profile()).regions_around(standing.region),
        facility_joined_at=standing.facility_joined_at,
        facility_is_active=standing.facility_is_active,
        professional_is_active=standing.is_at_work(day),
        is_trained=is_trained(standing, day),
    )


def is_trained(standing: directory.Standing, on: date) -> bool:
    """From the day of the training on."""
    return standing.trained_on is not None and standing.trained_on <= on
