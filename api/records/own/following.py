"""Days noted in the books follow the rules: those that another edition gave are worked out anew.

Done twice, by however many processes, it comes to the same.
"""

import asyncio
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from api.consent import stored
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import Problem
from api.core.logging import log
from api.phr import noting
from api.phr.due import service as due
from api.records.own import vaccines

LOOK_SECONDS: Final = 3600.0
AT_ONCE: Final = 50


async def run() -> None:
    """For as long as the process lives; a fault is noted and tried again."""
    while True:
        try:
            await go_round(clock.today_in_japan())
        except (Problem, asyncpg.PostgresError, OSError) as error:
            log.error("phr:due:failed", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def go_round(today: date) -> int:
    """Answers of how many participants the days were worked out anew."""
    followed, after = 0, None
    while some := await _behind(today, after):
        for participant_id in some:
            try:
                await _follow(participant_id, today)
                followed += 1
            except Problem as error:  # whatever is wrong with one, the next is to be served
                log.error("phr:due:failed", error=type(error).__name__)
        after = some[-1]
    return followed


async def _behind(today: date, after: UUID | None) -> list[UUID]:
    async with unit_of_work(OPERATOR) as tx:
        return await due.by_other_rules_in(tx, noting.rules_of(today), after, AT_ONCE)


async def _follow(participant_id: UUID, today: date) -> None:
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=participant_id)
    elsewhere = await vaccines.elsewhere(actor)
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        await noting.follow_in(tx, actor, elsewhere, today)
