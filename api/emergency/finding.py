"""Finding who lies there by what is known of them; every search is logged before it answers."""

from datetime import date
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.emergency import queries
from api.emergency.acting import ids_of, in_emergency, may_open
from api.emergency.errors import NotOpened, SearchThrottled
from api.identity import attempts


async def find_by_items(
    actor: Actor, name: str, name_kana: str, sex: str, birth_on: date
) -> UUID | None:
    """Whoever is the one person with all four. Every search is logged before it answers, and
    counts. Raises `SearchThrottled`, and `NotOpened` without the emergency right."""
    acting = in_emergency(actor)
    professional_id, facility_id = ids_of(acting)
    if not await may_open(actor):
        raise NotOpened("no_right")
    async with unit_of_work(acting) as tx:
        wait = await attempts.charge(tx, attempts.seeking_keys(professional_id, facility_id))
        found = None if wait else await queries.find_person(tx, name, name_kana, sex, birth_on)
        await access_log.append_system(
            tx,
            EventName.EMERGENCY_SOUGHT,
            outcome="permitted" if found else "denied",
            detail={"name": actor.name},
        )
    if wait:
        raise SearchThrottled(wait)
    return found
