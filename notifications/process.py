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
from notifications.worker import working

CONNECTIONS: Final = 16


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
    channels = configured.channels(settings, keys, limits or Limits())
    log.info("notices:worker:started", channels=sorted(channels))
    async with working(dsn, keys, channels, pace, heartbeat) as worker:
        for ending in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(ending, worker.stop)
        await worker.run()
    log.info("notices:worker:stopped")
