"""Has the whole log looked at every night, in a process of its own: it is an hour of work."""

import asyncio
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from api.access_log.sealing import queries
from api.core import clock
from api.core.logging import log

HOUR: Final = 3
LOOK_SECONDS: Final = 600.0


def is_due(now: datetime, last: datetime | None) -> bool:
    """In the hour after three in the morning in Japan, once."""
    here = now.astimezone(clock.JAPAN)
    return here.hour == HOUR and (last is None or now - last > timedelta(hours=2))


async def check_for_ever(connect: queries.Connect, app_dsn: str, home: Path) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            connection = await connect()
            try:
                last = await queries.last_fsck_at(connection)
            finally:
                connection.terminate()
            if is_due(clock.now(), last):
                await check(app_dsn, home)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.error("log:fsck:failed", error=type(error).__name__)


async def check(app_dsn: str, home: Path) -> bool:
    """Whether nothing was found; the result is stored."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "log", "fsck"),
        env=os.environ | {"APP_DATABASE_URL": app_dsn, "TSUNAGU_HOME": str(home)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        raise
    if code:
        log.error("log:fsck:found" if code == 1 else "log:fsck:failed", code=code)
    return code == 0
