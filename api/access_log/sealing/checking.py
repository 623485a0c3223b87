"""What must hold before a size is signed: all below the root agrees, nothing was taken back."""

from collections.abc import Iterable
from typing import Final

import asyncpg

from api.access_log.sealing import queries, stored
from api.access_log.sealing.halting import Halted, Reason
from api.access_log.transparency import entries, tiles, tree
from api.access_log.verifier import Checkpoint, Malformed, is_consistent

CHUNK: Final = 1 << 17


async def check_growth(
    connection: asyncpg.Connection, old_size: int, size: int, root: bytes
) -> None:
    """Entries from `old_size` on, read back, make the tiles that are stored and the root.

    Raises `Halted`.
    """
    try:
        at = old_size
        while at < size:
            until = min(size, at + CHUNK - at % CHUNK)
            known = await stored.fetch_tiles(connection, stored.edge(at))
            added = await queries.entries(connection, at, until)
            if len(added) != entries.WIDTH * (until - at):
                raise Malformed("an entry is missing")
            grown = tiles.grown(stored.source(known), at, entries.leaves(added))
            found = await stored.fetch_tiles(
                connection, [(tile.level, tile.number) for tile in grown]
            )
            for tile in grown:
                there = found.get((tile.level, tile.number), b"")
                width = 32 * tiles.width_at(tile.level, tile.number, size)
                if there[: len(tile.hashes)] != tile.hashes or len(there) != width:
                    raise Malformed("a tile differs from the entries below it")
            at = until
        known = await stored.fetch_tiles(connection, stored.holding([], size))
        if tree.root(tiles.hashes_in(stored.source(known)), size) != root:
            raise Malformed("the root differs from the tiles")
    except (Malformed, IndexError) as error:
        raise Halted(Reason.TREE_ALTERED) from error


async def check_prefixes(
    connection: asyncpg.Connection, signed: Iterable[Checkpoint], size: int, root: bytes
) -> None:
    """Each of these is the beginning of the tree of this size. Raises `Halted`."""
    for checkpoint in set(signed):
        if checkpoint.size > size:
            raise Halted(Reason.ROLLED_BACK)
        try:
            proof = await stored.consistency(connection, checkpoint.size, size)
        except (Malformed, IndexError) as error:
            raise Halted(Reason.TREE_ALTERED) from error
        if not is_consistent(checkpoint.size, checkpoint.root, size, root, proof):
            raise Halted(Reason.NOT_A_PREFIX)
