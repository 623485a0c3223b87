"""Tiles (c2sp.org/tlog-tiles): 256 hashes of every eighth level, as they are stored and served."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from api.access_log.transparency import tree
from api.access_log.verifier import Malformed, decimal

HEIGHT: Final = 8
WIDTH: Final = 256
BYTES: Final = 32 * WIDTH

TileAt = Callable[[int, int], bytes]
"""The hashes of the tile at (tile level, index), as many as are known."""


class Tile(NamedTuple):
    level: int
    number: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // 32


def path(level: int, index: int, width: int = WIDTH) -> str:
    """`0/x001/x234/067`, with `.p/<width>` where the tile is partial."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"{level}/{'/'.join(groups)}{partial}"


def parse_path(text: str) -> tuple[int, int, int]:
    """Level, index and width; only of the one text that names this tile."""
    head, _, partial = text.partition(".p/")
    level, _, groups = head.partition("/")
    digits = [each.removeprefix("x") for each in groups.split("/")]
    if not all(len(each) == 3 and each.isascii() and each.isdigit() for each in digits):
        raise Malformed("the path of a tile was expected")
    index = int("".join(digits))
    width = decimal(partial) if partial else WIDTH
    place = decimal(level), index, width
    if not (place[0] < 64 and index < 1 << 56 and 0 < width <= WIDTH) or path(*place) != text:
        raise Malformed("the path of a tile was expected")
    return place


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes a tile has in a tree of this size."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - WIDTH * index))


def places(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of every tile of a tree of this size."""
    level = 0
    while count := size >> (HEIGHT * level):
        for index in range((count + WIDTH - 1) // WIDTH):
            yield level, index, width_at(level, index, size)
        level += 1


def grown(tile_at: TileAt, size: int, leaves: bytes) -> list[Tile]:
    """The tiles that change when these leaves come after the first `size`, as they are then."""
    changed = []
    levels = tree.grown(hashes_in(tile_at), size, leaves)
    for level, fresh in enumerate(levels[::HEIGHT]):
        first = size >> (HEIGHT * level)
        index, kept = divmod(first, WIDTH)
        if not fresh:
            continue
        hashes = (tile_at(level, index)[: 32 * kept] if kept else b"") + fresh
        for start in range(0, len(hashes), BYTES):
            changed.append(Tile(level, index + start // BYTES, hashes[start : start + BYTES]))
    return changed


def hashes_in(tile_at: TileAt, *, keep: int = 4096) -> tree.HashAt:
    """Every whole node, out of tiles; each tile is fetched once while it is among those kept."""

    @lru_cache(keep)
    def levels(level: int, index: int) -> list[bytes]:
        return tree.grown(_beyond, 0, tile_at(level, index))

    def hash_at(level: int, index: int) -> bytes:
        tile_level, within = divmod(level, HEIGHT)
        tile, place = divmod(index, WIDTH >> within)
        found = levels(tile_level, tile)
        node = found[within][32 * place : 32 * place + 32] if within < len(found) else b""
        if len(node) != 32:
            raise IndexError("the node is not whole")
        return node

    return hash_at


def _beyond(level: int, index: int) -> bytes:
    raise IndexError("nothing stands left of a tile")
