"""The sealer: once a second, what was logged goes into the tree; what was checked is signed.

One at a time, by a lock that ends with its connection; any worker takes over. Each step may fail,
or fail after it was done: entries, tiles, root and cursor are one transaction; a root without a
checkpoint is checked and signed in the next round; a checkpoint that is on the disk and not in the
database is put there, never signed anew.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from api.access_log.sealing import (
    checking,
    head_maps,
    last_checkpoint,
    log_keys,
    publishing,
    queries,
    stored,
)
from api.access_log.sealing.halting import Halted, Reason
from api.access_log.transparency import entries, notes, tiles, tree
from api.access_log.verifier import Checkpoint, Malformed
from api.core.crypto import SigningKeys
from api.core.logging import frames, log

RHYTHM_SECONDS: Final = 1.0
WITNESS_PATIENCE: Final = 8.0


class LogKeys(NamedTuple):
    """`signing` vouches for the tree, `blind` hides who stands where in the head map, `master`
    opens bodies."""

    signing: SigningKeys
    blind: bytes
    master: bytes


class Sealer:
    """On a connection that holds the lock; the copy of the newest checkpoint lies in `home`."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        keys: LogKeys,
        home: Path,
        head_map_every: timedelta = timedelta(hours=1),
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._home = home
        self._head_map_every = head_map_every
        self._has_checked = False

    async def round(self) -> int:
        """Seals what is due, signs what is not signed yet, and answers the size of the tree."""
        state = await queries.state(self._connection)
        if state.halted_reason is not None:
            return state.size
        try:
            if not self._has_checked:  # before adding to what may not be the log's own tree
                await self._sign()
                self._has_checked = True
            if await queries.head_map_is_due(self._connection, self._head_map_every):
                await head_maps.take(self._connection, self._keys.blind)
            try:
                size = await self._seal(state)
            except asyncpg.UniqueViolationError as error:
                if (await queries.state(self._connection)).size > state.size:
                    raise  # somebody else has sealed meanwhile
                # Due again, and in the tree already: the cursor is not where it was left.
                raise Halted(Reason.TREE_ALTERED) from error
            if size > state.size:
                await self._sign()
        except Halted as error:
            await queries.halt(self._connection, error.reason)
            log.error("log:sealing:halted", reason=error.reason)
            return state.size
        return size

    async def _seal(self, state: queries.State) -> int:
        """One transaction of one snapshot: what it sees and the cursor has not, and the cursor."""
        if not state.is_same_cluster or state.ids_went_back:
            raise Halted(Reason.RESTORED)
        if state.entries != state.size:  # what a root was never made of
            raise Halted(Reason.TREE_ALTERED)
        async with self._connection.transaction(isolation="repeatable_read"):
            size, leaves = state.size, b""
            if size == 0:
                first = entries.genesis(state.origin)
                await queries.add_entries(self._connection, 0, [first])
                leaves = entries.leaves(first)
            seen = state.seen if state.seen_epoch == state.epoch else None
            leaves += await queries.take_in(
                self._connection, size + len(leaves) // 32, state.epoch, seen
            )
            if not leaves:
                return size
            known = await stored.fetch_tiles(self._connection, stored.edge(size))
            try:
                grown = await asyncio.to_thread(tiles.grown, stored.source(known), size, leaves)
            except (Malformed, IndexError) as error:
                raise Halted(Reason.TREE_ALTERED) from error
            size += len(leaves) // 32
            await queries.put_tiles(self._connection, grown)
            known |= {(tile.level, tile.number): tile.hashes for tile in grown}
            root = tree.root(tiles.hashes_in(stored.source(known)), size)
            await queries.add_root(self._connection, size, root)
            await queries.move_cursor(self._connection, state.epoch)
        return size

    async def _sign(self) -> None:
        """Only a root that is committed, and only after reading back what lies under it."""
        state = await queries.state(self._connection)
        kept = last_checkpoint.read(self._home)
        if state.entries != state.size:
            raise Halted(Reason.TREE_ALTERED)
        if state.size == 0:
            if kept is not None:
                raise Halted(Reason.ROLLED_BACK)
            return
        origin = state.origin
        signing = self._keys.signing.current().private
        keys = log_keys.chain(
            origin, notes.vkey(origin, signing), await queries.key_change_notes(self._connection)
        )
        known = await queries.notes_to_keep(self._connection) + ([kept] if kept else [])
        signed = {log_keys.checkpoint_of(note, keys): note for note in known}
        in_database = await queries.signed_size(self._connection)
        await checking.check_growth(self._connection, in_database, state.size, state.root)
        await checking.check_prefixes(self._connection, signed, state.size, state.root)
        if in_database == state.size:
            return
        # The very bytes that may have been seen, where this size was signed and not yet stored.
        note = signed.get(Checkpoint(origin, state.size, state.root)) or str(
            notes.checkpoint(origin, state.size, state.root, signing)
        )
        await asyncio.to_thread(last_checkpoint.write, self._home, note)
        await queries.add_checkpoint(self._connection, state.size, state.root, note)


async def run(
    connect: queries.Connect,
    keys: LogKeys,
    home: Path,
    origin: str,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
) -> None:
    """Until it is cancelled; a fault is noted and tried again on a new connection.

    What is given as `beside` runs where and while the lock is held.
    """
    while True:
        try:
            async with _lent(connect) as connection:
                while not await queries.try_lock(connection):  # noqa: ASYNC110 - nobody would tell
                    await asyncio.sleep(RHYTHM_SECONDS)
                await queries.fix_origin(connection, origin)
                await _serve(connection, connect, keys, home, beside)
        except Exception as error:  # whatever it was: nobody else seals
            log.error("log:sealing:failed", error=type(error).__name__, frames=frames(error))
        await asyncio.sleep(RHYTHM_SECONDS)


async def _serve(
    connection: asyncpg.Connection,
    connect: queries.Connect,
    keys: LogKeys,
    home: Path,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]],
) -> None:
    async with _lent(connect) as another, AsyncExitStack() as stack:
        publisher = publishing.Publisher(another, keys.signing, home)
        # Witnesses remember what a rolled-back machine does not; who is away is not waited for.
        with suppress(TimeoutError):
            async with asyncio.timeout(WITNESS_PATIENCE):
                await publisher.round()
        for each in (publisher.run, *beside):
            stack.callback(asyncio.create_task(each()).cancel)
        sealer = Sealer(connection, keys, home)
        while True:
            began = time.monotonic()
            await sealer.round()
            await asyncio.sleep(max(0.0, RHYTHM_SECONDS - (time.monotonic() - began)))


@asynccontextmanager
async def _lent(connect: queries.Connect) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect()
    try:
        yield connection
    finally:
        connection.terminate()
