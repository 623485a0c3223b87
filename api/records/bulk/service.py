"""A facility takes out what it may see of its own patients (FHIR Bulk Data Access): asking for it,
seeing how far it is, and calling it off. The work itself is done in `running`."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.keys import stepping_up
from api.identity.tokens import systems
from api.records.bulk import files, queries, still_allowed
from api.records.bulk.errors import (
    BadExport,
    ExportFailed,
    ExportNotAllowed,
    ExportOutdated,
    ExportRunning,
)
from api.records.bulk.rules import EMERGENCY, OWN_PATIENTS, File, Job, Wish, unknown_types

MOST_A_DAY: Final = 24
ASK_AGAIN_SECONDS: Final = 5
WAIT_SECONDS: Final = 60

# Set when something was asked for in this process: its worker need not wait.
asked = asyncio.Event()


class Seen(NamedTuple):
    """An export as officers see it: that it was, whose, and how much; never of whom."""

    facility_id: UUID
    job: Job


async def start(actor: Actor, group: str, wish: Wish) -> UUID:
    """For a facility's system. Raises `ExportNotAllowed`, `ExportRunning`, `BadExport`; `NotFound`
    for any group but the facility's own patients."""
    await demand(actor)
    if group not in (OWN_PATIENTS, str(actor.facility_id)):
        async with unit_of_work(actor):
            found = await directory.facility_of_code(group)
        if found is None or found != actor.facility_id:
            raise NotFound
    return await _started(actor, actor, wish)


async def start_for(actor: Actor, professional_id: UUID, client_id: str, wish: Wish) -> UUID:
    """By the facility's administrator, for one of its professionals to answer for; the facility's
    system `client_id` fetches it. Raises as `start`, `NotFound` and `StepUpNeeded`."""
    if actor.facility_id is None or client_id not in await exporting(actor):
        raise ExportNotAllowed
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        if await directory.workplace_in(tx, professional_id) != actor.facility_id:
            raise NotFound
        asks = Actor(
            kind=ActorKind.SYSTEM,
            facility_id=actor.facility_id,
            professional_id=professional_id,
            purpose_of_use="TREAT",
            client_id=client_id,
        )
        standing = await directory.standing_in(tx, asks)
    acting = msgspec.structs.replace(
        asks, profession=standing.profession, name=standing.professional_name
    )
    return await _started(actor, acting, wish)


async def demand(actor: Actor) -> None:
    """Raises `ExportNotAllowed` unless an operator let this system export."""
    if actor.client_id is None or not await systems.may_export(actor.client_id):
        raise ExportNotAllowed


async def exporting(actor: Actor) -> list[str]:
    """The facility's systems that may."""
    if actor.facility_id is None:
        return []
    return await systems.exporting(actor, actor.facility_id)


async def _started(actor: Actor, acting: Actor, wish: Wish) -> UUID:
    try:
        async with unit_of_work(actor) as tx:
            export_id = await start_in(tx, acting, wish)
    except asyncpg.UniqueViolationError as error:
        raise ExportRunning(WAIT_SECONDS) from error
    asked.set()
    return export_id


async def start_in(tx: Transaction, acting: Actor, wish: Wish) -> UUID:
    """In the name of the transaction's actor; records are decided for `acting`. An acting person
    without a profession would see nothing, and in an emergency people are opened one by one."""
    purpose = acting.purpose_of_use or ""
    standing = await directory.standing_in(tx, acting)
    profession = acting.profession if acting.professional_id is None else standing.profession
    if acting.facility_id is None or acting.client_id is None or not profession:
        raise BadExport
    if not standing.facility_is_active:
        raise ExportNotAllowed
    if not still_allowed.may_act(acting, standing):
        raise BadExport
    if purpose in EMERGENCY or unknown_types(wish.types):
        raise BadExport
    if await queries.recent(tx, clock.now() - timedelta(days=1)) >= MOST_A_DAY:
        raise ExportRunning(3600)
    by = tx.acting.kind
    export_id = await queries.add(
        tx,
        acting.facility_id,
        acting.client_id,
        by.value,
        (standing.professional_name or acting.name or "")[:200],
        acting.professional_id,
        profession,
        purpose,
        wish.types,
        wish.since,
        wish.request_url[:2000],
    )
    await still_allowed.note_in(
        tx, EventName.EXPORT_STARTED, export_id, {"types": wish.types, "by": by}
    )
    return export_id


async def status(actor: Actor, export_id: UUID) -> Job:
    """Raises `ExportNotAllowed`; `NotFound` for another system's, and what was called off or is
    over; `ExportFailed`; `ExportOutdated` once somebody in it may not be seen as they were."""
    await demand(actor)
    async with unit_of_work(actor) as tx:
        job = await _job_in(tx, export_id)
    if job is None or job.client_id != actor.client_id:
        raise NotFound
    if job.outdated_at is not None:
        raise ExportOutdated
    if job.state in ("cancelled", "expired"):
        raise NotFound
    if job.state == "failed":
        raise ExportFailed
    if job.state == "done":
        if job.expires_at is None or job.expires_at <= clock.now():
            raise NotFound
        await still_allowed.demand(actor, export_id)
    return job


async def file(actor: Actor, export_id: UUID, name: str) -> tuple[File, Path]:
    """Raises as `status`, and `NotFound` for a file that is no part of it."""
    job = await status(actor, export_id)
    if job.state == "done":
        for each in job.files:
            if each.name == name:
                return each, files.folder_of(export_id) / each.name
    raise NotFound


async def cancel(actor: Actor, export_id: UUID) -> None:
    """Nothing of it can be fetched any more. Raises as `status`."""
    await status(actor, export_id)
    await _call_off(actor, export_id)


async def call_off(actor: Actor, export_id: UUID) -> None:
    """As `cancel`, by the facility's administrator. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        job = await _job_in(tx, export_id)
    if job is None:
        raise NotFound
    await _call_off(actor, export_id)


async def _call_off(actor: Actor, export_id: UUID) -> None:
    async with unit_of_work(actor) as tx:
        ended = await queries.finish(tx, export_id, "cancelled", worker=None)
        if ended is None and not await queries.forget(tx, export_id):
            return
        await still_allowed.note_in(tx, EventName.EXPORT_ENDED, export_id, {"state": "cancelled"})
    asked.set()


async def page(actor: Actor, *, page: int, count: int) -> tuple[list[Job], int]:
    """The facility's own, the newest first, and how many there are."""
    async with unit_of_work(actor) as tx:
        rows = await queries.page(tx, count, (page - 1) * count)
    return [job_of(row) for row in rows], rows[0]["total"] if rows else 0


async def everywhere(actor: Actor, *, page: int, count: int) -> tuple[list[Seen], int]:
    """For officers of the network: of all facilities."""
    async with unit_of_work(actor) as tx:
        rows = await queries.everywhere(tx, count, (page - 1) * count)
    seen = [Seen(row["facility_id"], job_of(row)) for row in rows]
    return seen, rows[0]["total"] if rows else 0


def job_of(row: asyncpg.Record) -> Job:
    fields = {name: row[name] for name in Job.__struct_fields__}
    fields["types"] = tuple(row["types"])
    fields["files"] = msgspec.json.decode(row["files"], type=tuple[File, ...])
    fields["counts"] = msgspec.json.decode(row["counts"], type=dict[str, int])
    return Job(**fields)


async def _job_in(tx: Transaction, export_id: UUID) -> Job | None:
    row = await queries.one(tx, export_id)
    return None if row is None else job_of(row)
