"""Takings out and bringings in, in the background of each server process, as they are asked for."""

import asyncio
import time
from contextlib import suppress
from typing import Final
from uuid import UUID

from api.core.ids import uuid7
from api.core.logging import log
from api.records.bringing_in import running as bringing_in
from api.records.taking_out import running as taking_out
from api.records.taking_out import service

LOOK_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 60.0


async def run() -> None:
    """For as long as the process lives; a fault is noted, and what was begun is begun again."""
    worker, swept = uuid7(), -SWEEP_SECONDS
    while True:
        try:
            if time.monotonic() - swept >= SWEEP_SECONDS:
                await taking_out.sweep()
                swept = time.monotonic()
            service.asked.clear()
            if await work_on_next(worker):
                continue
        except Exception as error:  # whatever is wrong with one, the next is to be served
            log.error("records:own_files:failed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(service.asked.wait(), LOOK_SECONDS)


async def work_on_next(worker: UUID) -> bool:
    """Whether there was one."""
    if (taken := await taking_out.take(worker)) is not None:
        await taking_out.work(taken)
        return True
    if (taken := await bringing_in.take(worker)) is not None:
        await bringing_in.work(taken)
        return True
    return False
