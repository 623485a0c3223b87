"""The keys bodies are sealed under: master file → network → participant, each wrapped by the last.

Invariant: a key is kept in memory only once it is committed, and PostgreSQL refuses what is sealed
under one no longer in force; so a worker that missed an erasure finds out at its next append.
"""

import hmac
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import queries
from api.access_log.queries import Connection
from api.core import runtime
from api.core.crypto import TENANT, fresh_key, unwrapped
from api.core.database import DB
from api.core.errors import NotFound
from api.core.settings import SettingFault

KEPT_KEYS: Final = 20_000
# So long a process opens with a key that another one may have destroyed, or replaced since.
REMEMBERED_SECONDS: Final = 60.0
NOBODY: Final = UUID(int=0)


class Key(NamedTuple):
    version: int
    cipher: AESGCM


class Unwrapper:
    """Opens a database's wrapped keys. Raises `InvalidTag` for another database's master key."""

    def __init__(self, master: bytes, tenant: bytes) -> None:
        """`tenant` is the network's key, wrapped."""
        self.tenant = unwrapped(master, TENANT, tenant)
        self.system = AESGCM(hmac.digest(self.tenant, b"tsunagu/1 system log", "sha256"))

    def cipher(self, participant: UUID, wrapped: bytes, purpose: str = "log") -> AESGCM:
        return AESGCM(unwrapped(self.tenant, _name(purpose, participant), wrapped))


class _Held:
    """What this process holds of one database's keys."""

    def __init__(self, pool: object, unwrapper: Unwrapper) -> None:
        self.pool = pool
        self.unwrapper = unwrapper
        self.system = Key(1, unwrapper.system)
        self.keys: OrderedDict[UUID, Key] = OrderedDict()
        self.phr: OrderedDict[UUID, tuple[AESGCM, float]] = OrderedDict()


_held: _Held | None = None


async def _open(connection: Connection) -> _Held:
    global _held
    if _held is None or _held.pool is not DB.pool:
        wrapped = await queries.tenant_key(connection)
        try:
            unwrapper = Unwrapper(runtime.keys().log_master, wrapped)
        except InvalidTag as error:
            raise SettingFault(
                f"{runtime.keys().folder / 'log_master.key'} is not the key this database's log "
                "was written under: bring that file back. Nothing was changed."
            ) from error
        _held = _Held(DB.pool, unwrapper)
    return _held


async def check(connection: Connection) -> None:
    """Raises `SettingFault` when the master key does not open this database's key store."""
    await _open(connection)


async def keys_in_force(connection: Connection, participants: Collection[UUID]) -> dict[UUID, Key]:
    """Made where there are none: of the transaction's subject, and of whom an event is owed."""
    held = await _open(connection)
    found = {each: key for each in participants if (key := held.keys.get(each)) is not None}
    missing = [each for each in participants if each not in found]
    if missing:
        fresh = [fresh_key(held.unwrapper.tenant, _name("log", each)) for each in missing]
        for row in await queries.take_keys(connection, missing, fresh):
            found[row["participant_id"]] = key = _unwrap(held, row)
            if row["is_settled"]:
                held.keys[row["participant_id"]] = key
                if len(held.keys) > KEPT_KEYS:
                    held.keys.popitem(last=False)
    return found


async def keys_of_subject(connection: Connection) -> dict[int, AESGCM]:
    """All that are left of the transaction's subject, by version, to read with."""
    held = await _open(connection)
    rows = await queries.keys_of_subject(connection)
    return {row["version"]: _unwrap(held, row).cipher for row in rows}


async def phr_ciphers(
    connection: Connection, participants: Collection[UUID], *, is_writing: bool = False
) -> dict[UUID, AESGCM]:
    """What participants wrote is sealed under these: of the transaction's subject, and of whom an
    event is owed. None of somebody who wrote nothing, or whose key is destroyed.

    Writing asks PostgreSQL each time, which makes a key where there is none; a key that is only
    remembered opens what is no longer there, and seals nothing.
    """
    held = await _open(connection)
    if is_writing:
        fresh = [fresh_key(held.unwrapper.tenant, _name("phr", each)) for each in participants]
        rows = await queries.phr_keys(connection, list(participants), fresh)
        if not rows:  # of an account that was closed meanwhile
            raise NotFound
        return {row["participant_id"]: _phr(held, row) for row in rows}
    since = time.monotonic() - REMEMBERED_SECONDS
    found = {
        each: key[0]
        for each in participants
        if (key := held.phr.get(each)) is not None and key[1] > since
    }
    missing = [each for each in participants if each not in found]
    if missing:
        for row in await queries.phr_keys(connection, missing, []):
            found[row["participant_id"]] = _phr(held, row)
    return found


def _phr(held: _Held, row: queries.Record) -> AESGCM:
    participant = row["participant_id"]
    cipher = held.unwrapper.cipher(participant, row["wrapped"], "phr")
    if row["is_settled"]:
        held.phr[participant] = cipher, time.monotonic()
        held.phr.move_to_end(participant)
        if len(held.phr) > KEPT_KEYS:
            held.phr.popitem(last=False)
    return cipher


async def system_key(connection: Connection) -> Key:
    """Of events that concern no participant."""
    return (await _open(connection)).system


def forget(participants: Iterable[UUID]) -> None:
    """They may be in force no longer."""
    if _held is not None:
        for each in participants:
            _held.keys.pop(each, None)
            _held.phr.pop(each, None)


def _unwrap(held: _Held, row: queries.Record) -> Key:
    return Key(row["version"], held.unwrapper.cipher(row["participant_id"], row["wrapped"]))


def _name(purpose: str, participant: UUID) -> bytes:
    return f"tsunagu/1 {purpose}\0".encode() + participant.bytes
