"""The worker as a process: until it is told to stop, and then what is under way is ended first."""

import asyncio
import signal
from contextlib import suppress
from typing import Final

from api.core.crypto import KeyRing
from api.core.logging import configure, log
from api.core.settings import Settings
from notifications.channels import Limits, configured
from notifications.rules import Pace
from notifications.worker import Worker, working

CONNECTIONS: Final = 16
AGAIN_SECONDS: Final = 2.0


async def run(
    settings: Settings,
    keys: KeyRing,
    dsn: str,
    *,
    pace: Pace | None = None,
    limits: Limits | None = None,
    heartbeat: float = 30.0,
) -> None:
    """On the application's open pool; `dsn` is its role's."""
    configure()
    stopping = asyncio.Event()
    working_now: list[Worker] = []

    def stop() -> None:
        stopping.set()
        for each in working_now:
            each.stop()

    for ending in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(ending, stop)
    while not stopping.is_set():
        channels = configured.channels(settings, keys, limits or Limits())
        log.info("notices:worker:started", channels=sorted(channels))
        try:
            async with working(dsn, keys, channels, pace, heartbeat) as worker:
                working_now[:] = [worker]
                if not stopping.is_set():  # told to end while it was still being made ready
                    await worker.run()
        except Exception as error:  # the database went away, or its listener; begun anew
            log.error("notices:worker:interrupted", error=_named(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), AGAIN_SECONDS)
    log.info("notices:worker:stopped")


def _named(error: BaseException) -> list[str]:
    """The classes alone; what they say may name an address."""
    if isinstance(error, BaseExceptionGroup):
        return [name for each in error.exceptions for name in _named(each)]
    return [type(error).__name__]
