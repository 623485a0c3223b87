"""A new key for the log: the old one says so in a signed statement that goes into the tree."""

from pathlib import Path

import asyncpg

from api.access_log.sealing import key_changes, log_keys, queries
from api.access_log.transparency import notes
from api.access_log.verifier import Vkey, key_change_value
from api.core.crypto import SigningKeys


async def rotate(connection: asyncpg.Connection, keys: SigningKeys, home: Path) -> Vkey:
    """The new key signs from the next checkpoint and receipt on; answers its verifier key.

    Stopped half-way, it is finished by the next call: the statement stands before the key signs,
    and until then the old one goes on. Raises `Halted` when the key at hand is not the log's.
    """
    async with connection.transaction():
        await queries.lock_key_changes(connection)
        origin = (await queries.state(connection)).origin
        old, new = keys.current().private, notes.vkey(origin, keys.prepare())
        chain = log_keys.chain(
            origin, notes.vkey(origin, old), await queries.key_change_notes(connection)
        )
        if chain[-1] != new:
            note = notes.key_change(origin, old, new)
            await queries.add_key_change(connection, str(note), key_change_value(note.text))
    await key_changes.keep(connection, home)
    keys.take_over()
    return new
