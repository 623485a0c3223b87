"""The right edge of a tree: enough to grow it and to know its root, however many leaves it has."""

from collections.abc import Mapping
from typing import NamedTuple

from api.access_log.transparency import entries, tree


class Frontier(NamedTuple):
    """`nodes` holds, by level, the last whole node wherever the size has a bit set."""

    size: int = 0
    nodes: Mapping[int, bytes] = {}

    def plus(self, more: bytes) -> "Frontier":
        """After these entries, 34 bytes each."""
        levels = tree.grown(self._hash_at, self.size, entries.leaves(more))
        size = self.size + len(more) // entries.WIDTH
        nodes = {}
        for level in range(size.bit_length()):
            if size >> level & 1:
                is_new = size >> level > self.size >> level
                nodes[level] = levels[level][-32:] if is_new else self.nodes[level]
        return Frontier(size, nodes)

    @property
    def root(self) -> bytes:
        return tree.root(self._hash_at, self.size)

    def _hash_at(self, level: int, index: int) -> bytes:
        if index != (self.size >> level) - 1:
            raise IndexError("the node is not at the edge")
        return self.nodes[level]
