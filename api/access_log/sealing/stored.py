"""The tree as PostgreSQL holds it: which tiles a computation needs, and a source over them."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from api.access_log.transparency import tiles, tree
from api.access_log.verifier import Malformed

Place = tuple[int, int]


class Reads(Protocol):
    """A connection, or an open transaction."""

    async def fetch(self, sql: str, *args: object) -> Any: ...


def edge(size: int) -> Iterator[Place]:
    """The tiles a tree of this size is still filling; every cut node is made of theirs."""
    level = 0
    while count := size >> (tiles.HEIGHT * level):
        if count % tiles.WIDTH:
            yield level, count // tiles.WIDTH
        level += 1


def holding(nodes: Iterable[Place], size: int) -> set[Place]:
    """The tiles out of which `tree.node` gives these nodes in a tree of this size."""
    found = set(edge(size))
    for level, index in nodes:
        if (index + 1) << level <= size:
            tile_level, within = divmod(level, tiles.HEIGHT)
            found.add((tile_level, index >> (tiles.HEIGHT - within)))
    return found


def consistency_nodes(old_size: int, size: int) -> list[Place]:
    """The nodes of `tree.consistency`."""
    if not 0 < old_size < size:
        return []
    level = (old_size & -old_size).bit_length() - 1
    index = (old_size >> level) - 1
    return [(level, index), *tree.siblings(level, index, size)]


async def fetch_tiles(reads: Reads, places: Iterable[Place]) -> dict[Place, bytes]:
    wanted = list(places)
    rows = await reads.fetch(
        "SELECT t.level, t.idx, t.hashes FROM unnest($1::smallint[], $2::bigint[]) AS w(level, idx)"
        " JOIN log_tile t ON t.level = w.level AND t.idx = w.idx",
        [level for level, _ in wanted],
        [idx for _, idx in wanted],
    )
    return {(row["level"], row["idx"]): row["hashes"] for row in rows}


async def consistency(reads: Reads, old_size: int, size: int) -> list[bytes]:
    """RFC 6962 2.1.2. Raises `Malformed` or `IndexError` where a tile is not as it should be."""
    nodes = consistency_nodes(old_size, size)
    known = await fetch_tiles(reads, holding(nodes, size))
    return tree.consistency(tiles.hashes_in(source(known)), old_size, size)


def source(found: dict[Place, bytes]) -> tiles.TileAt:
    """Raises `Malformed` for a tile that is not there."""

    def tile_at(level: int, index: int) -> bytes:
        try:
            return found[level, index]
        except KeyError:
            raise Malformed("a tile is missing") from None

    return tile_at
