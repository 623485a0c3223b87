"""Whether what an export holds may still be handed out: asked each time somebody fetches of it."""

from typing import Any
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import Standing
from api.records.bulk import queries
from api.records.bulk.errors import ExportOutdated
from api.records.whole import service as whole


async def demand(actor: Actor, export_id: UUID) -> None:
    """Decides again about whoever changed something, or whose time is over. Anything else than what
    was exported, and the whole of it is over: a line cannot be taken out of what was counted.

    Raises `ExportOutdated`.
    """
    async with unit_of_work(actor) as tx:
        row = await queries.asking(tx, export_id)
        doubtful = await queries.to_decide(tx, export_id)
    if row is None:
        raise NotFound
    acting = acting_of(actor.facility_id, row)
    is_allowed = all(each["is_known"] for each in doubtful) and await _acts(acting)
    for each in doubtful if is_allowed else ():
        if not await _is_seen_alike(acting, export_id, each["participant_id"], row["types"]):
            is_allowed = False
            break
    if is_allowed:
        return
    async with unit_of_work(actor) as tx:
        if await queries.outdate(tx, export_id):
            await note_in(tx, EventName.EXPORT_ENDED, export_id, {"state": "outdated"})
    raise ExportOutdated


def acting_of(facility_id: UUID | None, row: asyncpg.Record) -> Actor:
    """Whom the records of an export are decided for, of its row."""
    return Actor(
        kind=ActorKind.SYSTEM,
        facility_id=facility_id,
        professional_id=row["professional_id"],
        profession=row["profession"],
        purpose_of_use=row["purpose"],
        client_id=row["client_id"],
        name=row["by_name"] or None,
    )


def may_act(acting: Actor, standing: Standing) -> bool:
    """A person who answers for it is at work there, and trained."""
    today = clock.today_in_japan()
    is_person = acting.professional_id is not None
    return not is_person or (standing.is_at_work(today) and policies.is_trained(standing, today))


async def note_in(
    tx: Transaction, event: EventName, export_id: UUID, detail: dict[str, Any]
) -> None:
    """The network's own log: that a facility exported, by ids and counts alone."""
    said = {"export": export_id, "facility": tx.acting.facility_id} | detail
    await access_log.append_system(tx, event, outcome="permitted", detail=said)


async def _acts(acting: Actor) -> bool:
    async with unit_of_work(acting) as tx:
        standing = await directory.standing_in(tx, acting)
    return standing.facility_is_active and may_act(acting, standing)


async def _is_seen_alike(
    acting: Actor, export_id: UUID, participant_id: UUID, types: list[str]
) -> bool:
    async with unit_of_work(acting, subject=participant_id) as tx:
        allowed = await whole.allowed_in(tx, acting, tuple(types))
        return allowed is not None and await queries.decided(
            tx, export_id, allowed.filter_hash, allowed.policy_version, allowed.holds_until
        )
