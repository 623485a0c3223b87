"""Finding who lies there by what is known of them; every search is logged before it answers."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.emergency import queries
from api.emergency.acting import ids_of, in_emergency, may_open
from api.emergency.disaster import queries as disaster_queries
from api.emergency.errors import NotOpened, SearchThrottled
from api.identity import attempts
from api.identity.enrolling.insurance import Insurance, parse_insurance


async def find_by_items(
    actor: Actor, name: str, name_kana: str, sex: str, birth_on: date
) -> UUID | None:
    """Whoever is the one person with all four. Nobody and several people answer alike.

    Raises `SearchThrottled`, and `NotOpened` without the emergency right.
    """
    return await _sought(actor, lambda tx: queries.find_person(tx, name, name_kana, sex, birth_on))


async def find_by_insurance(
    actor: Actor, insurer: str, symbol: str, number: str, branch: str
) -> UUID | None:
    """Whoever is the one person with this insurance; without the branch, where no relative shares
    it. What is no insurance is nobody's. Raises as `find_by_items`."""
    insurance = parse_insurance(insurer, symbol, number, branch)

    async def find(tx: Transaction) -> UUID | None:
        if not isinstance(insurance, Insurance):
            return None
        return await queries.find_insured(
            tx, insurance.insurer, insurance.symbol, insurance.number, insurance.branch
        )

    return await _sought(actor, find)


async def _sought(
    actor: Actor, find: Callable[[Transaction], Awaitable[UUID | None]]
) -> UUID | None:
    """Counts the search, and logs it whatever it finds."""
    acting = in_emergency(actor)
    professional_id, facility_id = ids_of(acting)
    if not await may_open(actor):
        raise NotOpened("no_right")
    async with unit_of_work(acting) as tx:
        in_disaster = await disaster_queries.at(tx, facility_id) is not None
        keys = attempts.seeking_keys(professional_id, facility_id, in_disaster=in_disaster)
        wait = await attempts.charge(tx, keys)
        found = None if wait else await find(tx)
        await access_log.append_system(
            tx,
            EventName.EMERGENCY_SOUGHT,
            outcome="permitted" if found else "denied",
            detail={"name": actor.name},
        )
    if wait:
        raise SearchThrottled(wait)
    return found
