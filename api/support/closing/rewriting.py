"""After a destruction the files that held it are written anew.

A deleted row lies in its page and in the write-ahead log until something is written over it, and
a wrapped key found there opens with the master key. Invariant: no certificate before this is done.
"""

import asyncio
from typing import Final

import asyncpg

from api.core import clock, runtime
from api.core.database import DB
from api.core.errors import Unavailable
from api.core.provisioning import role_dsn
from api.support.closing import queries
from api.support.closing.rules import Rewritten

# What opens something sealed, and what says who somebody is and how they are reached. Each has a
# few rows of a participant at most: everybody waits for the second it takes, which a table of every
# device's samples would make minutes. That one holds ids and moments alone.
TABLES: Final = (
    "keystore.participant_key",
    "emergency_card",
    "registration",
    "mail_address",
    "push_token",
    "push_subscription",
    "national_identity",
    "password",
    "own_export",
    "own_import",
    "own_due",
    "child_offer",
)
# Whoever reads meanwhile waits behind us for so long at most.
LOCK_MS: Final = "2000"
# What the service itself has running is over by then; a copy that is being made is not.
TRIES: Final = 5
PAUSE_SECONDS: Final = 0.2


async def rewrite() -> Rewritten | None:
    """None while a transaction that began before the destruction still runs: it is to be done
    again then. Raises `Unavailable`, and asyncpg's PostgresError where a table is in use."""
    dsn = role_dsn(DB.config["dsn"], "tsunagu_worker", runtime.keys().worker_password)
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=10,
            server_settings={"application_name": "tsunagu closing", "lock_timeout": LOCK_MS},
        )
    except (OSError, asyncpg.InterfaceError) as error:
        raise Unavailable from error
    try:
        for table in TABLES:
            for attempt in range(TRIES):
                if await queries.write_anew(connection, table):
                    break
                await asyncio.sleep(PAUSE_SECONDS * attempt)
            else:
                return None
        at = clock.now()
        return Rewritten(at, await _turned(connection))
    finally:
        await connection.close()


async def _turned(connection: asyncpg.Connection) -> bool:
    """Whether the write-ahead log of before is gone as well; where the server's administrator does
    not let us, its own next checkpoints do it. A segment that is used again keeps its old end."""
    try:
        await queries.turn_log(connection)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return not await queries.is_log_recycled(connection)
