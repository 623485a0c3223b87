"""For officers: notices by letter, for whom nothing else reaches, and what is held up."""

from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from notifications import queries
from notifications.service import Notice

AT_ONCE: Final = 100


class Letter(NamedTuple):
    """All that waits for one person."""

    participant_id: UUID
    name: str
    address: str
    notices: list[Notice]


class HeldUp(NamedTuple):
    """How many wait on this way, for this reason."""

    channel: str
    reason: str
    notices: int


async def waiting(actor: Actor) -> list[Letter]:
    """At most a hundred, who has waited longest first. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor) as tx:
        rows = await queries.letters(tx, AT_ONCE)
    return [
        Letter(
            row["participant_id"],
            row["name"],
            row["address"],
            msgspec.json.decode(row["notices"], type=list[Notice]),
        )
        for row in rows
    ]


async def posted(actor: Actor, participant_id: UUID, notices: list[UUID]) -> None:
    """Those on paper went out; what came meanwhile goes on waiting. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor, subject=participant_id) as tx:
        count = await queries.posted(tx, participant_id, notices)
        if count == 0:
            raise NotFound
        await access_log.append(tx, EventName.LETTER_POSTED, detail={"count": count})


async def held_up(actor: Actor) -> list[HeldUp]:
    """What a wrong setting or a service holds up, the most first. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor) as tx:
        return [HeldUp(*row) for row in await queries.held_up(tx)]


def _officer(actor: Actor) -> None:
    if actor.kind is not ActorKind.SUPPORT:
        raise NotFound
