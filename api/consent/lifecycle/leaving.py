"""Leaving the network and coming back; taking either back restores exactly what was before.

Whoever closes their account leaves for good: if they ever come back, nothing opens by itself.
"""

from typing import Literal

from msgspec import structs

from api.consent import queries, service, stored
from api.consent.facts import NORMAL
from api.consent.lifecycle import participating, schemes
from api.consent.settings.chosen_scheme import CLOSED
from api.consent.stored import Settings
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.identity import closed
from notifications import service as notifications

Wish = Literal["participating", "withdrawn"]


async def take_part(actor: Actor, wish: Wish, *, is_undo: bool = False) -> Settings:
    """Joins or leaves from now on; asking for what already is changes nothing.

    Leaving closes every record at the next read. The switches stay as they are and bind again
    after coming back. An undo takes up the earlier participation with its `data_from`, as if it
    had never ended, but none of before the account was closed.
    """
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = (await stored.settings_in(tx)).participation
        is_member = service.state_now(now) == "participating"
        if is_member != (wish == "participating"):
            if not (is_undo and await _restore(tx, actor, wish)):
                await participating.join_in(tx, actor, state=wish)
                await schemes.begin_in(tx, actor, None)
            await notifications.enqueue(tx, _NOTICES[wish])
        return await stored.settings_in(tx)


async def forget_what_opened(actor: Actor) -> None:
    """What let somebody in is over; what kept somebody out stands, should they come back."""
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = (await stored.settings_in(tx)).directive
        if now.version and not await schemes.begins_anew_in(tx, now):
            closes = tuple(each for each in now.provisions if each.kind != "permit")
            marks = tuple(each for each in now.marks if each.level > NORMAL)
            following = structs.replace(now, provisions=closes, teams=(), marks=marks)
            await service.store_in(tx, actor, following, [{CLOSED: True}])


_NOTICES = {
    "participating": "participation_resumed",
    "withdrawn": "participation_withdrawn",
}


async def _restore(tx: Transaction, actor: Actor, wish: Wish) -> bool:
    """Writes the participation before the newest one again, if it is the one wished for."""
    newest = await queries.current(tx)
    version = newest["participation_version"] if newest else 0
    before = await queries.participation(tx, version - 1)
    if before is None or before["state"] != wish:
        return False
    if await closed.is_of_before_in(tx, before["recorded_at"]):
        return False
    await participating.participate_in(
        tx,
        actor,
        participating.ParticipationRow(
            wish,
            before["terms_version"],
            before["data_from"],
            before["joined_at"] if wish == "participating" else None,
        ),
        undo=version,
    )
    return True
