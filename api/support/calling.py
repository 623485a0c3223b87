"""Calling somebody whom a notice did not reach."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.enrolling import registered
from api.support import counter_queries, queries
from notifications.officers import undelivered

UNDELIVERED: Final = "undelivered"


async def call_instead(actor: Actor, participant_id: UUID, notice_id: UUID, channel: str) -> None:
    """A case with whom to call, due tomorrow; for more notices of theirs no second one. The case
    does not say what the notice is about. Raises `NotFound`."""
    if actor.kind is not ActorKind.SUPPORT:
        raise NotFound
    async with unit_of_work(actor, subject=participant_id) as tx:
        await undelivered.settle_in(tx, notice_id, channel)
        person = await counter_queries.person(tx)
        if person is None:
            raise NotFound
        if await queries.waiting(tx, UNDELIVERED) is None:
            given = await registered.registration_in(tx)
            params = {"name": person["name"], "phone": given.phone if given else ""}
            due_on = clock.today_in_japan() + timedelta(days=1)
            await queries.open_case(tx, UNDELIVERED, msgspec.json.encode(params).decode(), due_on)
            detail = {"kind": UNDELIVERED, "actor": {"name": actor.name}}
            await access_log.append(tx, EventName.SUPPORT_CASE_OPENED, detail=detail)
