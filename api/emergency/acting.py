"""Who acts in an emergency, whether they may, and what is not told of it yet."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import structs

from api.consent import policies
from api.consent.facts import EmergencyReach, Request
from api.consent.policies import CompiledPolicy
from api.core.actor import Actor, ActorKind
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.service import Standing
from api.emergency.errors import WordsHoldMyNumber, WordsNeeded
from api.identity.my_number import contains_my_number

BREAK_GLASS: Final = "BTG"
STANDING_STEPS: Final = ("facility_standing", "professional", "profession_unknown")


def in_emergency(actor: Actor) -> Actor:
    """Raises `NotFound` for whoever is no professional at a facility."""
    if actor.professional_id is None or actor.facility_id is None:
        raise NotFound
    return structs.replace(actor, purpose_of_use=BREAK_GLASS)


async def shut_by(actor: Actor) -> Literal["not_designated", "no_right"] | None:
    """Why this professional finds no form at all; None where they do."""
    standing = await directory.standing(in_emergency(actor))
    if has_right(standing):
        return None
    return "no_right" if is_designated(standing) else "not_designated"


def is_designated(standing: Standing) -> bool:
    """Whether the network lets facilities of this type view in an emergency."""
    viewers = directory.profile().emergency_viewers
    return any(each.facility_type == standing.facility_type for each in viewers)


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


def officer_only(actor: Actor) -> Actor:
    """Raises `NotFound` for everybody else."""
    if actor.kind is not ActorKind.SUPPORT:
        raise NotFound
    return actor


def words_of(typed: str, most: int) -> str:
    """Raises `WordsNeeded`, `WordsHoldMyNumber`."""
    words = typed.strip()
    if not 0 < len(words) <= most:
        raise WordsNeeded
    if contains_my_number(words):
        raise WordsHoldMyNumber
    return words
