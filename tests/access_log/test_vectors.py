"""What others have published of the formats holds here too."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import verifier as v
from api.access_log.transparency import notes, tiles, tree
from api.core.canonical import canonical

FOLDER = Path(__file__).parent / "vectors"
TREES, NOTES, TILES, CANONICAL = (
    json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("trees", "notes", "tiles", "canonical")
)
LEAVES = [v.leaf_hash(bytes.fromhex(each)) for each in TREES["leaves"]]
ROOTS = {int(size): bytes.fromhex(each) for size, each in TREES["roots"].items()}
SOURCE = tree.over(b"".join(LEAVES))


def path_of(proof):
    return list(map(bytes.fromhex, proof["path"]))


def test_hashes():
    assert {
        "empty": v.EMPTY_ROOT.hex(),
        "empty_leaf": v.leaf_hash(b"").hex(),
        "leaf": v.leaf_hash(b"L123456").hex(),
        "node": v.node_hash(b"N123", b"N456").hex(),
    } == TREES["hashes"]


@pytest.mark.parametrize("size", ROOTS)
def test_roots(size):
    assert tree.root(SOURCE, size) == ROOTS[size]


@pytest.mark.parametrize("proof", TREES["inclusion"], ids=lambda each: f"{each['leaf']}")
def test_inclusion(proof):
    leaf, size = proof["leaf"], proof["of"]
    assert tree.inclusion(SOURCE, leaf, size) == path_of(proof)
    assert v.is_included(LEAVES[leaf], leaf, size, path_of(proof), ROOTS[size])


@pytest.mark.parametrize("proof", TREES["consistency"], ids=lambda each: f"{each['from']}")
def test_consistency(proof):
    old, size = proof["from"], proof["to"]
    assert tree.consistency(SOURCE, old, size) == path_of(proof)
    assert v.is_consistent(old, ROOTS[old], size, ROOTS[size], path_of(proof))


@pytest.mark.parametrize("vector", NOTES["good"], ids=lambda each: each["what"])
def test_a_good_note(vector):
    note = v.parse_note(vector["note"])
    assert str(note) == vector["note"]
    assert all(v.is_signed(note, v.parse_vkey(each)) for each in vector["keys"])


@pytest.mark.parametrize("vector", NOTES["bad"], ids=lambda each: each["what"])
def test_a_bad_note(vector):
    assert not any(is_good(vector["note"], v.parse_vkey(each)) for each in vector["keys"])


def is_good(text, key):
    try:
        return v.is_signed(v.parse_note(text), key)
    except (v.Malformed, v.Forged):
        return False


@pytest.mark.parametrize("text", NOTES["keys"]["good"])
def test_a_good_key(text):
    assert str(v.parse_vkey(text)) == text


@pytest.mark.parametrize("text", NOTES["keys"]["bad"] + NOTES["keys"]["witness"])
def test_a_bad_key_of_a_log(text):
    with pytest.raises(v.Malformed):
        v.parse_vkey(text)


@pytest.mark.parametrize("text", NOTES["keys"]["witness"])
def test_a_good_key_of_a_witness(text):
    assert str(v.parse_vkey(text, v.COSIGNATURE)) == text


def test_signing():
    vector = NOTES["signing"]
    name, _, encoded = vector["secret"].removeprefix("PRIVATE+KEY+").split("+", 2)
    key = Ed25519PrivateKey.from_private_bytes(b64decode(encoded)[1:])
    assert str(notes.signature_line(vector["text"], name, key)) == vector["line"]


@pytest.mark.parametrize("vector", TILES["paths"], ids=lambda each: each["path"])
def test_paths_of_tiles(vector):
    place = (vector["level"], vector["tile"], vector["width"])
    assert tiles.path(*place) == vector["path"]
    assert tiles.parse_path(vector["path"]) == place


@pytest.mark.parametrize("vector", TILES["trees"], ids=lambda each: str(each["size"]))
def test_tiles_of_a_tree(vector):
    found = list(tiles.places(vector["size"]))
    for level, expected in enumerate(vector["levels"]):
        widths = [width for at, _, width in found if at == level]
        assert widths.count(tiles.WIDTH) == expected["full"]
        assert [each for each in widths if each < tiles.WIDTH] == [expected["partial"]] * (
            expected["partial"] > 0
        )
    assert max(level for level, _, _ in found) == len(vector["levels"]) - 1


@pytest.mark.parametrize("vector", CANONICAL, ids=lambda each: each["what"])
def test_canonical_json(vector):
    value = json.loads(vector["given"])
    assert rfc8785.dumps(value).decode() == vector["canonical"]
    assert (canonical(value).decode() == vector["canonical"]) is vector["is_within_ours"]
