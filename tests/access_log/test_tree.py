"""Trees and tiles against RFC 6962 read word for word, at every size up to 300."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log import verifier as v
from api.access_log.transparency import bundle, entries, tiles, tree
from tests.pace import quickest

MOST = 300
LEAVES = [v.leaf_hash(number.to_bytes(2)) for number in range(MOST)]
SOURCE = tree.over(b"".join(LEAVES))


@cache
def mth(start, end):
    """RFC 6962 2.1, over the leaves from `start` up to `end`."""
    if start == end:
        return v.sha256(b"")
    if end - start == 1:
        return LEAVES[start]
    middle = start + split(end - start)
    return v.sha256(b"\x01" + mth(start, middle) + mth(middle, end))


def split(count):
    """The largest power of two smaller than the count."""
    return 1 << ((count - 1).bit_length() - 1)


def naive_inclusion(leaf, start, end):
    """RFC 6962 2.1.1."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if leaf < middle:
        return [*naive_inclusion(leaf, start, middle), mth(middle, end)]
    return [*naive_inclusion(leaf, middle, end), mth(start, middle)]


def naive_consistency(old, start, end, is_known):
    """RFC 6962 2.1.2, SUBPROOF."""
    if old == end:
        return [] if is_known else [mth(start, end)]
    middle = start + split(end - start)
    if old <= middle:
        return [*naive_consistency(old, start, middle, is_known), mth(middle, end)]
    return [*naive_consistency(old, middle, end, False), mth(start, middle)]


@pytest.mark.parametrize("size", range(MOST + 1))
def test_a_tree_of_every_size(size):
    root = mth(0, size)
    assert tree.root(SOURCE, size) == root
    for leaf in range(size):
        proof = tree.inclusion(SOURCE, leaf, size)
        assert proof == naive_inclusion(leaf, 0, size)
        assert v.is_included(LEAVES[leaf], leaf, size, proof, root)
    for old in range(size + 1):
        proof = tree.consistency(SOURCE, old, size)
        assert proof == (naive_consistency(old, 0, size, True) if old else [])
        assert v.is_consistent(old, mth(0, old), size, root, proof)


@pytest.mark.parametrize("size", range(1, 34))
def test_a_proof_holds_for_one_leaf_size_and_root_alone(size):
    root = mth(0, size)
    for leaf in range(size):
        proof = tree.inclusion(SOURCE, leaf, size)
        for other in range(size + 2):
            assert v.is_included(LEAVES[leaf], other, size, proof, root) == (other == leaf)
        for number, each in enumerate(proof):
            bent = [*proof[:number], bytes((each[0] ^ 1,)) + each[1:], *proof[number + 1 :]]
            assert not v.is_included(LEAVES[leaf], leaf, size, bent, root)
        for wrong in (proof[1:], proof[:-1], [*proof, root], [root, *proof]):
            if wrong != proof:
                assert not v.is_included(LEAVES[leaf], leaf, size, wrong, root)
        assert not v.is_included(LEAVES[leaf], leaf, size, proof, mth(0, size + 1))


@pytest.mark.parametrize("size", range(1, 34))
def test_a_tree_continues_what_it_was_alone(size):
    root = mth(0, size)
    for old in range(size + 1):
        proof = tree.consistency(SOURCE, old, size)
        for other in range(size + 2):
            holds = v.is_consistent(other, mth(0, old), size, root, proof)
            assert holds == (other == old)
            holds = v.is_consistent(old, mth(0, other), size, root, proof)
            assert holds == (other == old)
        for number, each in enumerate(proof):
            bent = [*proof[:number], bytes((each[0] ^ 1,)) + each[1:], *proof[number + 1 :]]
            assert not v.is_consistent(old, mth(0, old), size, root, bent)
        for wrong in (proof[1:], proof[:-1], [*proof, root], [root, *proof]):
            if wrong != proof:
                assert not v.is_consistent(old, mth(0, old), size, root, wrong)


@given(st.data())
def test_many_leaves_are_proven_at_once(data):
    size = data.draw(st.integers(1, MOST))
    leaves = data.draw(st.sets(st.integers(0, size - 1), min_size=1))
    needed = bundle.needed_nodes(leaves, size)
    nodes = {f"{level}/{index}": tree.node(SOURCE, level, index, size) for level, index in needed}
    known = {leaf: LEAVES[leaf] for leaf in leaves}
    assert v.root_of_many(known, size, nodes) == mth(0, size)
    if nodes:
        name = data.draw(st.sampled_from(sorted(nodes)))
        with pytest.raises(LookupError):
            v.root_of_many(known, size, {each: nodes[each] for each in nodes if each != name})
        bent = nodes | {name: v.ZEROS}
        assert v.root_of_many(known, size, bent) != mth(0, size)
    with pytest.raises(v.Malformed):
        v.root_of_many(known, size, nodes | {"40/0": v.ZEROS})
    leaf = data.draw(st.sampled_from(sorted(leaves)))
    assert v.root_of_many(known | {leaf: v.ZEROS}, size, nodes) != mth(0, size)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=8))
def test_a_tree_grows_in_any_steps_to_the_same_tiles(steps):
    leaves = b"".join(v.leaf_hash(number.to_bytes(3)) for number in range(sum(steps)))
    store = {}
    size = 0
    for step in steps:
        for tile in tiles.grown(
            lambda *place: store[place], size, leaves[32 * size :][: 32 * step]
        ):
            store[tile.level, tile.number] = tile.hashes
        size += step
        found = {(level, number): 32 * width for level, number, width in tiles.places(size)}
        assert {place: len(hashes) for place, hashes in store.items()} == found
    hash_at = tiles.hashes_in(lambda *place: store[place])
    whole = tree.over(leaves)
    assert tree.root(hash_at, size) == tree.root(whole, size)
    for leaf in range(0, size, 97):
        assert tree.inclusion(hash_at, leaf, size) == tree.inclusion(whole, leaf, size)
    for before, after in pairwise([0, *steps]):
        if before <= after <= size:
            assert tree.consistency(hash_at, before, after) == tree.consistency(
                whole, before, after
            )


def test_a_tile_that_has_grown_since_serves_the_older_tree():
    whole = tree.over(b"".join(LEAVES))
    store = {}
    for tile in tiles.grown(lambda *place: store[place], 0, b"".join(LEAVES)):
        store[tile.level, tile.number] = tile.hashes
    hash_at = tiles.hashes_in(lambda *place: store[place])
    for size in (1, 100, 255, 256, 257):
        assert tree.root(hash_at, size) == tree.root(whole, size) == mth(0, size)


@given(st.integers(0, 63), st.integers(0, (1 << 56) - 1), st.integers(1, 256))
def test_the_path_of_a_tile_is_read_back(level, number, width):
    assert tiles.parse_path(tiles.path(level, number, width)) == (level, number, width)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0/",
        "0/0",
        "0/0000",
        "0/x000/001",
        "0/001/002",
        "0/x001",
        "00/000",
        "64/000",
        "-1/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/",
        "0/000/",
        "0/000 ",
        "0/٠٠٠",
        "0/../000",
        "0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_nothing_else_is_the_path_of_a_tile(text):
    with pytest.raises(v.Malformed):
        tiles.parse_path(text)


def test_entries_are_read_back():
    for kind in entries.EntryType:
        entry = entries.Entry(kind, v.sha256(bytes((kind,))))
        assert len(bytes(entry)) == entries.WIDTH
        assert entries.parse(bytes(entry)) == entry
    for wrong in (b"", bytes(33), bytes(34), b"\x01\x03" + v.ZEROS, b"\x02\x01" + v.ZEROS):
        with pytest.raises(v.Malformed):
            entries.parse(wrong)


def test_a_hundred_thousand_leaves_are_added_in_a_second():
    many = b"".join(
        bytes(entries.Entry(entries.EntryType.PARTICIPANT_EVENT, each)) for each in LEAVES
    )
    many *= 100_000 // MOST + 1

    def grow() -> None:
        tiles.grown(lambda *place: b"", 0, entries.leaves(many))

    allowed = len(entries.leaves(many)) / 32 / 100_000
    assert quickest(grow, allowed) < allowed
