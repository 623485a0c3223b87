"""Killed again and again under load, without warning: what was answered is in the log, provably."""

import asyncio

from tests.faults.conftest import House
from tests.faults.killing import killed
from tests.faults.load import load_of
from tests.faults.whole import check_all, check_rows, check_tree

ROUNDS = 5
SEED = 20261121


async def test_every_answered_read_is_in_the_log_and_in_its_tree(house: House):
    load = await load_of(house)
    await killed(house, load, range(ROUNDS), SEED)
    assert set(load.statuses) <= {200, 503}
    assert load.lost > 0 or load.statuses[503] > 0  # it was killed under load indeed
    assert len(load.answered) >= ROUNDS * 40
    assert len(load.checkpoints) >= ROUNDS // 2  # it sealed and signed in between
    await check_tree(house, load)
    await check_all(house)


async def test_a_database_stopped_under_load_leaves_nobody_waiting(house: House):
    load = await load_of(house)
    for number in range(4):
        async with load.running(ROUNDS + number):
            await load.another(50)
            await asyncio.to_thread(house.stop_postgres)
            await asyncio.to_thread(house.postgres.start)
            await load.another(20)
        await check_rows(house, load)
    assert set(load.statuses) == {200, 503}
    assert load.lost == 0  # the application was there all the time, and said so
