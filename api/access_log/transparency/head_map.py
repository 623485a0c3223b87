"""The map of heads: who has how many events, at one place each, under one root.

A full binary tree of depth 32, of which the beginning is filled: positions are given in order.
What is filled is kept as tiles of 256 hashes of every eighth level, without the empty rest.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from api.access_log.transparency import tree
from api.access_log.transparency.tiles import BYTES, HEIGHT, WIDTH, TileAt
from api.access_log.verifier import EMPTY_HEADS, HEAD_DEPTH, head_leaf, head_value

NUMBERS: Final = 8 * WIDTH


class Head(NamedTuple):
    """`events` counts a participant's events; `commit` is that of the last."""

    position: int
    events: int
    commit: bytes
    blind: bytes


class MapTile(NamedTuple):
    """`numbers` stand at level 0 alone: the events at each position, as u64."""

    level: int
    number: int
    hashes: bytes
    numbers: bytes


class HeadMap(NamedTuple):
    root: bytes
    participants: int
    tiles: list[MapTile]


def build(heads: Iterable[Head]) -> HeadMap:
    """In ascending order of position; empty places between them stay empty."""
    leaves: list[bytes] = []
    numbers: list[bytes] = []
    participants = 0
    for position, events, commit, blind in heads:
        gap = position - len(leaves)
        if gap < 0 or position >> HEAD_DEPTH:
            raise ValueError("heads come in ascending order of position, below 2^32")
        if gap:
            leaves += [EMPTY_HEADS[0]] * gap
            numbers += [bytes(8)] * gap
        leaves.append(head_leaf(head_value(blind, events, commit)))
        numbers.append(events.to_bytes(8))
        participants += 1
    levels = _levels(b"".join(leaves), 0, HEAD_DEPTH)
    counts = b"".join(numbers)
    return HeadMap(
        levels[HEAD_DEPTH] or EMPTY_HEADS[HEAD_DEPTH],
        participants,
        [
            MapTile(level, number, levels[HEIGHT * level][start : start + BYTES], counted)
            for level in range(HEAD_DEPTH // HEIGHT)
            for number, start in enumerate(range(0, len(levels[HEIGHT * level]), BYTES))
            for counted in [b"" if level else counts[NUMBERS * number : NUMBERS * (number + 1)]]
        ],
    )


def proof(tile_at: TileAt, position: int) -> dict[int, bytes]:
    """The siblings on the way up that are not empty, by level; asks for four tiles at most.

    A tile that is not there is `b""`.
    """
    found = {}
    for level in range(HEAD_DEPTH // HEIGHT):
        base = HEIGHT * level
        tile, place = divmod(position >> base, WIDTH)
        for within, nodes in enumerate(_levels(tile_at(level, tile), base, HEIGHT)[:HEIGHT]):
            beside = 32 * ((place >> within) ^ 1)
            sibling = nodes[beside : beside + 32]
            if sibling and sibling != EMPTY_HEADS[base + within]:
                found[base + within] = sibling
    return found


def root(tile_at: TileAt) -> bytes:
    """Computed anew from the tiles of the upper levels."""
    top = _levels(tile_at(HEAD_DEPTH // HEIGHT - 1, 0), HEAD_DEPTH - HEIGHT, HEIGHT)[HEIGHT]
    return top or EMPTY_HEADS[HEAD_DEPTH]


def _levels(nodes: bytes, level: int, height: int) -> list[bytes]:
    """These nodes, which begin at the left, and the levels above them."""
    levels = [nodes]
    for each in range(level, level + height):
        if len(nodes) % 64:
            nodes += EMPTY_HEADS[each]
        nodes = tree.parents(nodes, b"\x22")
        levels.append(nodes)
    return levels
