"""Kills the application and its database in turn, under load."""

import asyncio
import random

from tests.faults.conftest import House
from tests.faults.load import Load
from tests.faults.whole import check_rows


async def killed(house: House, load: Load, rounds: range, seed: int) -> None:
    """After each time it works again by itself, and nothing answered is missing."""
    rng = random.Random(seed)
    for number in rounds:
        load.show(await asyncio.to_thread(house.token, "sato"))
        async with load.running(seed + number):
            await load.another(20)
            await asyncio.sleep(rng.uniform(0.0, 0.8))
            if number % 2:
                await asyncio.to_thread(house.kill_postgres)
                await asyncio.to_thread(house.postgres.start)
            else:
                await asyncio.to_thread(house.kill_app)
                await asyncio.to_thread(house.start_app)
            await load.another(20)
        await check_rows(house, load)
