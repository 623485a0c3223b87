"""What is told on its day and not because somebody did something: ends that come near, what comes
due in somebody's own books, and on the first of a month the month before. Done twice, by however
many processes, it is told once.
"""

import asyncio
from datetime import date, datetime, timedelta
from typing import Final

import asyncpg

from api.core import clock
from api.core.actor import OPERATOR
from api.core.clock import JAPAN
from api.core.database import unit_of_work
from api.core.errors import Problem
from api.core.logging import log
from notifications.choices import queries

LOOK_SECONDS: Final = 600.0
AT_ONCE: Final = 1000
# On a clock in Japan: so that nobody is rung out of bed.
FROM_HOUR: Final = 9
# A service that stood still on the first catches up until this day.
LAST_DAY: Final = 7


def month_due(now: datetime) -> date | None:
    """The first day of the month that is to be summed up now."""
    local = now.astimezone(JAPAN)
    if local.day > LAST_DAY or local.hour < FROM_HOUR:
        return None
    return (local.date().replace(day=1) - timedelta(days=1)).replace(day=1)


async def run() -> None:
    """For as long as the process lives; a fault is noted and tried again."""
    while True:
        try:
            await go_round(clock.now())
        except (Problem, asyncpg.PostgresError, OSError) as error:
            log.error("notices:round:failed", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def go_round(now: datetime) -> int:
    """Answers how many notices it made."""
    if now.astimezone(JAPAN).hour < FROM_HOUR:
        return 0
    async with unit_of_work(OPERATOR) as tx:
        told = await queries.remind(tx) + await queries.remind_due(tx)
    month = month_due(now)
    return told + (await sum_up(month) if month else 0)


async def sum_up(month: date) -> int:
    """Answers how many were told of this month now."""
    told = 0
    while True:
        async with unit_of_work(OPERATOR) as tx:
            some = await queries.sum_up(tx, month, AT_ONCE)
        told += some
        if some < AT_ONCE:
            return told
