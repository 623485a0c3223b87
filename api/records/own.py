"""What participants may know of their own records: never a trace of one they were not told of."""

from uuid import UUID

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.records import queries


async def holders(actor: Actor) -> set[UUID]:
    """Facilities that wrote records the actor may know of."""
    async with unit_of_work(actor) as tx:
        return set(await queries.told_sources(tx))
