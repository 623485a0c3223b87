"""What the wiring starts: the sealer, on a connection of its own role."""

from functools import partial
from pathlib import Path

import asyncpg

from api.access_log.sealing import nightly, sealer
from api.access_log.sealing.sealer import LogKeys
from api.core.crypto import KeyRing
from api.core.provisioning import role_dsn


def sealer_dsn(app_dsn: str, keys: KeyRing) -> str:
    return role_dsn(app_dsn, "tsunagu_sealer", keys.sealer_password)


async def connect(app_dsn: str, keys: KeyRing) -> asyncpg.Connection:
    return await asyncpg.connect(
        sealer_dsn(app_dsn, keys),
        timeout=10,
        server_settings={"application_name": "tsunagu sealer"},
    )


async def run(app_dsn: str, keys: KeyRing, home: Path, origin: str) -> None:
    """Seals until it is cancelled. `origin` names the log at its very first start."""
    connecting = partial(connect, app_dsn, keys)
    await sealer.run(
        connecting,
        LogKeys(keys.log, keys.log_blind, keys.log_master),
        home,
        origin,
        [partial(nightly.check_for_ever, connecting, app_dsn, home)],
    )
