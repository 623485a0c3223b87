"""Looking at a storage again and again, until told to stop."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.core.actor import Actor
from api.core.errors import Unavailable
from api.records.ssmix2 import service
from api.records.ssmix2.accounting import Account
from api.records.ssmix2.service import Progress, Seen, Wish

# A file that was changed less than this ago may still be being written.
SETTLES_S: Final = 2.0


def _silent(done: int, total: int) -> None:
    """After the first look there is little to wait for."""


async def watch(
    actor: Actor,
    folder: Path,
    wish: Wish,
    stop: asyncio.Event,
    told: Callable[[Account], None],
    *,
    every_s: float = 10.0,
    settles_s: float = SETTLES_S,
    progress: Progress = _silent,
) -> None:
    """`told` gets the account of each look that found something. Ends soon after `stop` is set,
    with the patient at hand finished. A database that is away for a while is waited for."""
    seen = Seen()
    while not stop.is_set():
        settled_before = time.time_ns() - int(settles_s * 1e9)
        look = wish._replace(seen=seen, settled_before_ns=settled_before)
        try:
            account = await service.take_in(
                actor, folder, look, progress=progress, is_stopped=stop.is_set
            )
            progress = _silent
        except Unavailable:
            seen = Seen()
        else:
            if account.files or account.delivered:
                told(account)
        try:
            await asyncio.wait_for(stop.wait(), every_s)
        except TimeoutError:
            continue
