"""Shows the newest checkpoint to the witnesses every five minutes, and keeps what they answer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg

from api.access_log.sealing import log_keys, queries, stored, witness_queries
from api.access_log.sealing.halting import Halted, Reason
from api.access_log.transparency import notes
from api.access_log.verifier import Malformed, Note, Vkey, parse_note
from api.access_log.witnessing import client
from api.access_log.witnessing.client import Pushed
from api.access_log.witnessing.door import Fault
from api.access_log.witnessing.listed import read_witnesses
from api.core.crypto import SigningKeys
from api.core.logging import frames, log

WITNESSES: Final = "witnesses"
RHYTHM_SECONDS: Final = 300.0


class StoredLog(client.Source):
    """The log as the database holds it."""

    def __init__(self, connection: asyncpg.Connection, keys: SigningKeys, origin: str) -> None:
        self._connection = connection
        self._keys = keys
        self._origin = origin

    async def note(self) -> Note | None:
        found = await queries.newest_note(self._connection)
        return None if found is None else parse_note(found)

    async def consistency_proof(self, old_size: int, size: int) -> Sequence[bytes]:
        return await stored.consistency(self._connection, old_size, size)

    async def entries(self, start: int, end: int) -> bytes:
        return await queries.entries(self._connection, start, end)

    async def keys(self) -> Sequence[Vkey]:
        current = notes.vkey(self._origin, self._keys.current().private)
        return log_keys.chain(
            self._origin, current, await queries.key_change_notes(self._connection)
        )


async def publish(connection: asyncpg.Connection, keys: SigningKeys, home: Path) -> list[Pushed]:
    """To all witnesses at once, and what came of each is stored.

    Stops the signing when one of them knows more than the log does.
    """
    witnesses = read_witnesses(home / WITNESSES)
    if not witnesses:
        return []
    origin = (await queries.state(connection)).origin
    sizes = await witness_queries.witnessed_sizes(connection)
    known = {each.key: sizes.get(str(each.key), 0) for each in witnesses}
    try:
        results = await client.push_all(StoredLog(connection, keys, origin), witnesses, known)
    except (Malformed, IndexError, Halted) as error:  # what is stored does not make a proof
        reason = error.reason if isinstance(error, Halted) else Reason.TREE_ALTERED
        await queries.halt(connection, reason)
        log.error("log:sealing:halted", reason=reason)
        return []
    for pushed in results:
        await witness_queries.keep_pushed(connection, pushed)
        if pushed.fault is not None:
            log.error("log:witness:failed", fault=pushed.fault)
        if pushed.must_halt:
            is_shorter = pushed.fault is Fault.SHORTER
            await queries.halt(connection, Reason.ROLLED_BACK if is_shorter else Reason.FORKED)
            log.error("log:sealing:halted", reason=pushed.fault)
    return results


class Publisher:
    """Publishes again and again; a fault is noted and costs nothing else."""

    def __init__(self, connection: asyncpg.Connection, keys: SigningKeys, home: Path) -> None:
        self._connection = connection
        self._keys = keys
        self._home = home

    async def round(self) -> None:
        try:
            await publish(self._connection, self._keys, self._home)
        except Exception as error:  # the sealer lives on this task's worker
            log.error("log:witness:failed", error=type(error).__name__, frames=frames(error))

    async def run(self) -> None:
        """Until it is cancelled, or the connection breaks."""
        while not self._connection.is_closed():
            await asyncio.sleep(RHYTHM_SECONDS)
            await self.round()
