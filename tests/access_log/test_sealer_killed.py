"""A sealer is killed outright again and again; the next one takes over, and nothing is lost."""

import asyncio
import random
import subprocess
import sys

from tests.access_log.house import LogHouse, until

ROUNDS = 4


def start(house: LogHouse) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "tests.access_log.seal_for_ever", house.app_dsn,
            str(house.roles.folder), str(house.home),
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def test_a_sealer_killed_outright_is_taken_over_from(log_house: LogHouse):
    hanako, taro = await log_house.participant(), await log_house.participant()
    chance = random.Random(7)
    running = [start(log_house), start(log_house)]

    async def size() -> int:
        checkpoint = await log_house.checkpoint()
        return checkpoint.size if checkpoint else 0

    seen = 0
    try:
        for _ in range(ROUNDS):
            for _ in range(10):
                await log_house.append(hanako, chance.randrange(1, 9))
                await log_house.append(taro, chance.randrange(1, 3))
                await asyncio.sleep(0.01)

            async def has_grown(before: int = seen) -> bool:
                return await size() > before

            await until(has_grown)
            seen = await size()
            victim = running.pop(chance.randrange(2))
            victim.kill()
            victim.wait()
            running.append(start(log_house))

        async def is_whole() -> bool:
            checkpoint = await log_house.checkpoint()
            sealed = [each for each in await log_house.entries() if each[1] == 1]
            return (
                checkpoint is not None
                and checkpoint.size == len(await log_house.entries())
                and len(sealed) == len(await log_house.commits())
            )

        await until(is_whole)
    finally:
        for each in running:
            each.kill()
            each.wait()
    await log_house.assert_whole()
    assert await log_house.halted() is None
