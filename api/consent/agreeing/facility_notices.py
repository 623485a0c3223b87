"""What a facility is told: that access ended, and never why."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.consent.agreeing import queries as asking_queries
from api.core.actor import Actor
from api.core.database import unit_of_work

MOST_SHOWN = 50


class FacilityNotice(NamedTuple):
    """`local_id`: the facility's own patient number, where it has one; `is_personal`: for this
    professional alone.
    """

    notice_id: UUID
    event: str
    local_id: str | None
    is_personal: bool
    created_at: datetime


async def unseen(actor: Actor) -> list[FacilityNotice]:
    """Newest first, at most 50."""
    async with unit_of_work(actor) as tx:
        rows = await asking_queries.unseen_notices(tx, MOST_SHOWN)
    return [FacilityNotice(*row.values()) for row in rows]


async def mark_seen(actor: Actor, notice_id: UUID) -> None:
    """For everybody of the facility; another facility's notice is not there."""
    async with unit_of_work(actor) as tx:
        await asking_queries.mark_seen(tx, notice_id)
