"""Who acts in an emergency, whether they may, and what is not told of it yet."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import structs

from api.access_log.service import Embargo
from api.consent import policies
from api.consent.facts import EmergencyReach, Request
from api.consent.policies import CompiledPolicy
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import Standing
from api.emergency import queries

BREAK_GLASS: Final = "BTG"
STANDING_STEPS: Final = ("facility_standing", "professional", "profession_unknown")
_HELD: Final = ("about", "actor", "way", "purpose", "basis", "resources", "detail")


def in_emergency(actor: Actor) -> Actor:
    """Raises `NotFound` for whoever is no professional at a facility."""
    if actor.professional_id is None or actor.facility_id is None:
        raise NotFound
    return structs.replace(actor, purpose_of_use=BREAK_GLASS)


async def may_open(actor: Actor) -> bool:
    """Whether this professional has the emergency right at all."""
    return has_right(await directory.standing(in_emergency(actor)))


def has_right(standing: Standing) -> bool:
    return standing.professional_is_active and directory.profile().may_open_emergency(
        standing.facility_type, standing.profession or ""
    )


def ids_of(acting: Actor) -> tuple[UUID, UUID]:
    if acting.professional_id is None or acting.facility_id is None:
        raise NotFound
    return acting.professional_id, acting.facility_id


def stops_at(acting: Actor, known: CompiledPolicy, standing: Standing, now: datetime) -> str:
    """Where the decision would stop in a session that reaches nothing."""
    asked = Request(policies.requester(acting, standing), BREAK_GLASS, now, EmergencyReach())
    return known.policy.scope(asked).basis.step


async def embargo_in(tx: Transaction) -> Embargo | None:
    """One embargo for the notice and the row: while two officers hold what is told."""
    until_at = await queries.held_until(tx)
    if until_at is None:
        return None
    return Embargo(_HELD, "safety", clock.day_in_japan(until_at))
