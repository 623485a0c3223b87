"""What the database holds after a sending, seen with each owner's own eyes."""

from typing import Any
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work


async def records(subject: UUID) -> list[dict[str, Any]]:
    """Every version, oldest first."""
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
    async with unit_of_work(actor) as tx:
        rows = await tx.fetch(
            "SELECT * FROM record WHERE participant_id = $1 ORDER BY recorded_at, version", subject
        )
    return [dict(row) for row in rows]


async def log(subject: UUID) -> list[access_log.LogRow]:
    """Newest first."""
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
    return (await access_log.page(actor)).rows


async def undisclosed(subject: UUID) -> list[dict[str, Any]]:
    """What no page shows: the field that is there for whoever checks the log, never disclosed."""
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
    async with unit_of_work(actor) as tx:
        rows = await tx.fetch("SELECT * FROM access_event ORDER BY pseq")
        events = await access_log.opened_in(tx, rows)
    return [msgspec.json.decode(each.texts["other"]) for each in events if each is not None]


async def quarantine(facility: Actor) -> list[dict[str, Any]]:
    async with unit_of_work(facility) as tx:
        rows = await tx.fetch("SELECT name, reason, body FROM quarantine ORDER BY quarantine_id")
    return [dict(row) for row in rows]


async def submissions(facility: Actor) -> int:
    async with unit_of_work(facility) as tx:
        return int(await tx.fetchval("SELECT count(*) FROM submission"))


async def cases() -> int:
    async with unit_of_work(Actor(kind=ActorKind.SUPPORT)) as tx:
        return int(await tx.fetchval("SELECT count(*) FROM support_case WHERE kind = 'quarantine'"))


async def newest_case() -> dict[str, Any]:
    """What an officer is told of the quarantine's newest case."""
    async with unit_of_work(Actor(kind=ActorKind.SUPPORT)) as tx:
        params: dict[str, Any] = msgspec.json.decode(
            await tx.fetchval(
                "SELECT params::text FROM support_case WHERE kind = 'quarantine'"
                " ORDER BY opened_at DESC, case_id DESC LIMIT 1"
            )
        )
    return params
