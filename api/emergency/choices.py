"""What the participant wants shown in an emergency: reading and changing it, version by version."""

from collections.abc import Sequence

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import policies
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries
from api.emergency.errors import UnknownEmergencyChoice
from api.emergency.reach import Choice
from api.emergency.stored import choice_in
from api.identity.keys import stepping_up


async def chosen(actor: Actor) -> tuple[int, Choice]:
    """The actor's own, and its version."""
    async with unit_of_work(actor) as tx:
        return await choice_in(tx)


def choice_of(kind: str, categories: Sequence[str], level: int, shows_hidden: bool) -> Choice:
    """Raises `UnknownEmergencyChoice` for what is not there to be chosen."""
    known = [category.code for category in directory.profile().categories]
    if kind not in ("allow", "ceiling", "refuse") or not set(categories) <= set(known):
        raise UnknownEmergencyChoice
    if kind != "ceiling":
        return Choice("allow" if kind == "allow" else "refuse")
    if level not in (0, 1):
        raise UnknownEmergencyChoice
    kept = tuple(code for code in known if code in categories)
    return Choice("ceiling", kept, level, shows_hidden)


async def choose(actor: Actor, wish: Choice) -> int:
    """From the next request on; choosing what stands changes nothing. Answers the version.

    Raises `StepUpNeeded` and `Frozen` for what would open more than before.
    """
    async with unit_of_work(actor) as tx:
        if await policies.locked_policy_in(tx) is None:
            raise NotFound
        version, before = await choice_in(tx)
        if wish == before and version:
            return version
        if wish.opens_more_than(before):
            await stepping_up.demand(tx, actor)
        await queries.add_choice(
            tx, version + 1, wish.kind, wish.categories, wish.level, wish.shows_hidden
        )
        detail = {"version": version + 1, "kind": wish.kind, "categories": wish.categories}
        await access_log.append(tx, EventName.EMERGENCY_CHOSEN, detail=detail)
        return version + 1
