"""The prover of RFC 6962: roots, proofs and growth over a source of whole nodes.

Node `(level, index)` covers the leaves from `index · 2^level` on; a source knows those that are
whole. Many hashes are held as bytes one after the other, 32 each: an object per node would cost
more than the hashing.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256

from api.access_log.verifier import EMPTY_ROOT, node_hash

HashAt = Callable[[int, int], bytes]
"""The hash of the whole node at (level, index)."""


def node(hash_at: HashAt, level: int, index: int, size: int) -> bytes:
    """The node in a tree of this size: where the tree ends within it, the hash of what there is."""
    if (index + 1) << level <= size:
        return hash_at(level, index)
    left = node(hash_at, level - 1, 2 * index, size)
    if (2 * index + 1) << (level - 1) >= size:
        return left
    return node_hash(left, node(hash_at, level - 1, 2 * index + 1, size))


def height(size: int) -> int:
    """The level of the root."""
    return (size - 1).bit_length()


def root(hash_at: HashAt, size: int) -> bytes:
    return node(hash_at, height(size), 0, size) if size else EMPTY_ROOT


def siblings(level: int, index: int, size: int) -> Iterator[tuple[int, int]]:
    """The nodes beside the way up from one node; where there is nothing on the right, none."""
    for above in range(level, height(size)):
        beside = (index >> (above - level)) ^ 1
        if beside << above < size:
            yield above, beside


def inclusion(hash_at: HashAt, index: int, size: int) -> list[bytes]:
    """RFC 6962 2.1.1."""
    if not 0 <= index < size:
        raise IndexError("the leaf is not in the tree")
    return [node(hash_at, *place, size) for place in siblings(0, index, size)]


def consistency(hash_at: HashAt, old_size: int, size: int) -> list[bytes]:
    """RFC 6962 2.1.2."""
    if not 0 <= old_size <= size:
        raise IndexError("the older tree is not a beginning of the other")
    if old_size in (0, size):
        return []
    level = (old_size & -old_size).bit_length() - 1
    index = (old_size >> level) - 1
    places = list(siblings(level, index, size))
    if index:  # else the older root is this very node, which the verifier knows
        places.insert(0, (level, index))
    return [node(hash_at, *place, size) for place in places]


def grown(hash_at: HashAt, size: int, leaves: bytes) -> list[bytes]:
    """The nodes that become whole when these leaves come after the first `size`, by level.

    At level `l` they begin with the index `size >> l`. Of the source only whole nodes at the
    right edge are asked for.
    """
    levels = [leaves]
    while True:
        level = len(levels) - 1
        first = size >> level
        nodes = levels[-1]
        if first & 1 and nodes:
            nodes = hash_at(level, first - 1) + nodes
        if len(nodes) < 64:
            return levels
        levels.append(parents(nodes))


def parents(nodes: bytes, prefix: bytes = b"\x01") -> bytes:
    """Of whole pairs, from the left; an odd last node has none yet."""
    return b"".join(
        [
            sha256(prefix + nodes[start : start + 64]).digest()
            for start in range(0, len(nodes) - 63, 64)
        ]
    )


def over(leaves: bytes) -> HashAt:
    """A source that holds every node of the tree over these leaves in memory."""
    levels = grown(_nothing, 0, leaves)

    def hash_at(level: int, index: int) -> bytes:
        found = levels[level][32 * index : 32 * index + 32]
        if len(found) != 32:
            raise IndexError("the node is not whole")
        return found

    return hash_at


def _nothing(level: int, index: int) -> bytes:
    raise IndexError("the tree is empty")
