"""Seals what was logged so far, for tests that look at what comes of it."""

import asyncio

import asyncpg

from api.access_log.receipts import origin_of
from api.access_log.sealing import queries
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys, Sealer
from api.directory import service as directory
from tests.conftest import Deployment

PATIENCE = 600
ROUNDS = 100


async def seal(deployment: Deployment) -> None:
    """Here, or where a server that runs meanwhile holds the lock."""
    keys = deployment.keys
    connection = await sealing.connect(deployment.app_dsn, keys)
    try:
        if await queries.try_lock(connection):
            origin = origin_of(deployment.settings.public_url, directory.profile().id)
            await queries.fix_origin(connection, origin)
            log_keys = LogKeys(keys.log, keys.log_blind, keys.log_master)
            sealer = Sealer(connection, log_keys, deployment.settings.home)
            # What the service does in the background may hold a round back for a moment.
            for _ in range(ROUNDS):
                await sealer.round()
                if await _waiting(connection) == 0:
                    return
                await asyncio.sleep(0.05)
            return
        for _ in range(PATIENCE):
            if await _waiting(connection) == 0:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("nobody seals")
    finally:
        await connection.close()


async def _waiting(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM access_event e WHERE NOT EXISTS (SELECT FROM log_entry l"
        r" WHERE l.entry = '\x0101'::bytea || e.commit"
        " AND l.idx < (SELECT max(size) FROM log_checkpoint))"
    )
    return found
