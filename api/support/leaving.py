"""Leaving where the network wants a paper too: access closes at once, and a case waits for it."""

from datetime import timedelta
from typing import Final

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent.lifecycle import leaving
from api.consent.lifecycle.leaving import Wish
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.directory import service as directory
from api.directory.profile import Withdrawal
from api.support import queries

PAPER: Final = "withdrawal_paper"
PAPER_DAYS: Final = 30


async def take_part(actor: Actor, wish: Wish, *, is_undo: bool = False) -> Settings:
    """As `consent.leaving.take_part`; nobody waits for a paper before access closes."""
    state = await leaving.take_part(actor, wish, is_undo=is_undo)
    asks_paper = directory.profile().consent.withdrawal is Withdrawal.DOCUMENT
    if asks_paper and state.participation.state == "withdrawn":
        await _await_paper(actor)
    return state


async def _await_paper(actor: Actor) -> None:
    params = msgspec.json.encode({"name": actor.name}).decode()
    async with unit_of_work(actor) as tx:
        if await queries.waiting(tx, PAPER) is None:
            due_on = clock.today_in_japan() + timedelta(days=PAPER_DAYS)
            await queries.open_case(tx, PAPER, params, due_on)
            await access_log.append(tx, EventName.SUPPORT_CASE_OPENED, detail={"kind": PAPER})
