"""Safe mode: nobody acts any more, and no name of a place leaves; and a proxy's own workplace."""

from collections.abc import Collection
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.proxies import queries, steps
from api.proxies.errors import (
    NoFileInSafeMode,
    NotInSafeMode,
    OwnWorkplace,
)


async def go_safe(actor: Actor) -> None:
    """Nobody acts for the participant any more, from the next request on; nobody is told."""
    if actor.is_proxy:
        raise NotFound
    async with unit_of_work(actor) as tx:
        await switch_in(tx, True, "")


def refuse_file(actor: Actor) -> None:
    """Of a file that names cannot be taken out of: signed, or a picture.

    Raises `NoFileInSafeMode`.
    """
    if actor.is_safe:
        raise NoFileInSafeMode


async def refuse_in_safe_mode_in(tx: Transaction) -> None:
    """Before what is then done at the counter alone. Raises `NotInSafeMode`."""
    newest = None if tx.acting.is_proxy else await queries.newest_safe_mode(tx)
    if newest is not None and newest["is_on"]:
        raise NotInSafeMode


async def refuse_own_workplace_in(
    tx: Transaction, facilities: Collection[UUID], *, is_everyone: bool = False
) -> None:
    """Raises `OwnWorkplace` where who acts for somebody works at one of these facilities, by what
    was declared or by their name in the directory; `is_everyone`: at any facility at all."""
    actor = tx.acting
    if not actor.is_proxy or not (facilities or is_everyone):
        return
    works = await directory.workplaces_of_name_in(tx, actor.name or "")
    for each in await steps.seen_in(tx):
        if each.representative_id == actor.own_participant_id:
            works |= set(each.works_at)
    if works and (is_everyone or works & set(facilities)):
        raise OwnWorkplace


async def switch_in(tx: Transaction, is_on: bool, evidence: str) -> None:
    await queries.lock(tx)
    newest = await queries.newest_safe_mode(tx)
    if (newest["is_on"] if newest else False) == is_on:
        return
    await queries.add_safe_mode(tx, (newest["step"] if newest else 0) + 1, is_on, evidence)
    await access_log.append(tx, EventName.SAFE_MODE_CHANGED, detail={"is_on": is_on})
