"""A past decision made again from the versions its log row names: does it come out the same?"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.consent import policies
from api.consent import replay as consent_replay
from api.consent.decide import Policy, Scope
from api.consent.facts import Basis, Request, Step
from api.consent.replay import Versions
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.records.grounds import basis_for


class Replay(Struct, frozen=True, kw_only=True):
    """`agrees`: deciding again gave the same basis, and so the same outcome.

    `logged` and `again` are the places in the order of evaluation at which each stopped. The
    versions are those the decision was made from; `standing` the directory's revisions of
    facility and person.
    """

    number: int
    at: datetime
    event: str
    outcome: str
    agrees: bool
    logged: Step
    again: Step
    settings: int
    participation: int
    residence: int
    standing: str
    profile_id: str
    profile_version: int
    purpose_of_use: str
    profession: str | None
    facility_id: UUID
    text: dict[str, str]


async def replay(actor: Actor, number: int) -> Replay:
    """The decision behind one event of the actor's own log, made again.

    Raises `NotFound` for a number the log does not have, and for events that decided nothing.
    """
    async with unit_of_work(actor) as tx:
        row = await access_log.event_in(tx, number)
        if row is None or "versions" not in row.detail:
            raise NotFound
        basis = msgspec.convert(row.detail["basis"], Basis)
        versions = msgspec.convert(row.detail["versions"], Versions)
        scope = await _scope(tx, row, basis, versions)
    again = scope.basis
    if row.event in (EventName.RECORD_READ, EventName.RECORDS_EXPORTED):
        again = basis_for(scope, tuple(row.detail["asked"]))
    if row.event == EventName.ACCESS_EVALUATED and row.detail["asked"]:
        again = scope.of(row.detail["asked"][0]).basis
    if basis.step == "own_record" and scope.own_facility:
        again = structs.replace(again, step="own_record")
    return Replay(
        number=row.number,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        agrees=again == basis,
        logged=basis.step,
        again=again.step,
        settings=basis.settings_version,
        participation=versions.participation,
        residence=versions.residence,
        standing=versions.standing,
        profile_id=basis.profile_id,
        profile_version=basis.profile_version,
        purpose_of_use=basis.purpose_of_use,
        profession=basis.profession,
        facility_id=basis.facility_id,
        text=row.detail["text"],
    )


async def _scope(tx: Transaction, row: LogRow, basis: Basis, versions: Versions) -> Scope:
    key = (basis.profile_id, basis.profile_version)
    policy: Policy | None = await consent_replay.policy_then(
        tx, versions, basis.settings_version, key
    )
    standing = await consent_replay.requester_then(
        tx, basis.facility_id, basis.professional_id, versions.standing
    )
    profile = await directory.profile_of(*key)
    if policy is None or standing is None or profile is None:
        raise NotFound
    asking = Actor(
        kind=ActorKind(row.actor_kind),
        facility_id=basis.facility_id,
        professional_id=basis.professional_id,
        profession=basis.profession,
    )
    return policy.scope(
        Request(
            policies.requester(
                asking, standing, profile=profile, on=clock.day_in_japan(versions.decided_at)
            ),
            basis.purpose_of_use,
            versions.decided_at,
            basis.emergency,
        )
    )
