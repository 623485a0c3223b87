"""The map of heads against its definition, and its speed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log import verifier as v
from api.access_log.transparency import head_map
from api.access_log.transparency.head_map import Head
from tests.pace import quickest


def naive(leaves, level=v.HEAD_DEPTH, index=0):
    """The node at a level and index, from the leaves by position alone."""
    if level == 0:
        return leaves.get(index, v.sha256(b"\x20"))
    if not any(position >> level == index for position in leaves):
        below = naive({}, level - 1, 0)
        return v.sha256(b"\x22" + below + below)
    left, right = (naive(leaves, level - 1, 2 * index + side) for side in (0, 1))
    return v.sha256(b"\x22" + left + right)


def head(position, events=1):
    return Head(position, events, v.sha256(b"%d" % position), v.sha256(b"blind%d" % position))


def leaf(each):
    return v.head_leaf(v.head_value(each.blind, each.events, each.commit))


def source(made):
    stored = {(tile.level, tile.number): tile.hashes for tile in made.tiles}
    return lambda level, number: stored.get((level, number), b"")


@given(st.sets(st.one_of(st.integers(0, 40), st.integers(240, 270), st.integers(500, 1100))))
def test_the_root_is_the_defined_one(positions):
    heads = [head(each) for each in sorted(positions)]
    made = head_map.build(heads)
    leaves = {each.position: leaf(each) for each in heads}
    assert made.root == naive(leaves) == head_map.root(source(made))
    assert made.participants == len(positions)
    for each in [*heads, head(41), head(2000)]:
        proof = head_map.proof(source(made), each.position)
        here = leaves.get(each.position, v.EMPTY_HEADS[0])
        assert v.head_map_root(here, each.position, proof) == made.root
        assert all(hashed != v.EMPTY_HEADS[level] for level, hashed in proof.items())


def test_the_numbers_stand_beside_the_leaves():
    made = head_map.build([head(0, 7), head(300, 9)])
    numbers = b"".join(tile.numbers for tile in made.tiles if tile.level == 0)
    read = [int.from_bytes(numbers[start : start + 8]) for start in range(0, len(numbers), 8)]
    assert read == [7, *[0] * 299, 9]
    assert all(not tile.numbers for tile in made.tiles if tile.level)


def test_nobody_is_counted_at_two_places():
    for positions in ([1, 1], [2, 1], [1 << 32]):
        with pytest.raises(ValueError, match="ascending"):
            head_map.build(map(head, positions))


def test_two_hundred_thousand_participants_are_counted_in_two_seconds():
    heads = [Head(each, each % 50 + 1, v.ZEROS, v.ZEROS) for each in range(200_000)]
    assert quickest(lambda: head_map.build(heads), 2) < 2
    made = head_map.build(heads)
    assert made.participants == 200_000
    assert quickest(lambda: head_map.proof(source(made), 123_456), 0.05) < 0.05
    proof = head_map.proof(source(made), 123_456)
    assert v.head_map_root(leaf(heads[123_456]), 123_456, proof) == made.root
