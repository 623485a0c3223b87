"""What others have published of cosignatures and witnesses holds here too."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from api.access_log.verifier import (
    COSIGNATURE,
    Forged,
    Vkey,
    cosigned_at,
    is_signed,
    parse_note,
    parse_vkey,
)
from api.access_log.witnessing.client import checked_cosignature
from api.access_log.witnessing.door import WitnessFault
from api.access_log.witnessing.store import Store
from api.access_log.witnessing.witness import Witness, parse_log_keys
from tests.access_log.witness.logs import asking

FIGURES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "witness.json").read_text(encoding="utf-8")
)
COSIGNED = FIGURES["cosigned"]


@pytest.mark.parametrize("vkey", COSIGNED["witnesses"])
def test_a_cosignature_that_a_public_witness_made(vkey):
    key, note = parse_vkey(vkey, COSIGNATURE), parse_note(COSIGNED["note"])
    assert str(key) == vkey
    assert cosigned_at(note, key) == COSIGNED["seconds"]
    assert is_signed(note, parse_vkey(COSIGNED["log"]))
    with pytest.raises(Forged):
        cosigned_at(note._replace(text=note.text.replace("1432088532", "42")), key)
    answer = "".join(str(each) for each in note.lines if each.name == key.name).encode()
    assert str(checked_cosignature(note, key, answer)).encode() == answer
    with pytest.raises(WitnessFault):
        checked_cosignature(note._replace(text=f"{note.text}more\n"), key, answer)


@pytest.mark.parametrize("figure", FIGURES["lines"])
def test_a_cosignature_holds_key_id_time_and_signature(figure):
    (line,) = parse_note(f"text\n\n{figure['line']}").lines
    assert line.key_id.hex() == figure["key_id"]
    assert int.from_bytes(line.signature[:8]) == figure["seconds"]
    assert len(line.signature) == 72
    assert str(line) == figure["line"]


def test_a_witness_s_key_has_an_id_of_its_own_type():
    figure = FIGURES["key"]
    key = Vkey(figure["name"], COSIGNATURE, bytes.fromhex(figure["public"]))
    assert str(key) == figure["vkey"]
    assert parse_vkey(figure["vkey"], COSIGNATURE) == key


def test_another_implementation_s_requests_are_answered_alike(tmp_path):
    """Growth, then a request that began before it and would roll it back."""
    witness = Witness(Store(tmp_path), parse_log_keys([FIGURES["log"]]))
    for step in FIGURES["asked"]:
        proof = [b64decode(each) for each in step["proof"]]
        answer = witness.add_checkpoint(asking(step["old"], proof, step["note"]))
        assert answer.status == step["status"]
        if answer.status == 409:
            assert answer.content == f"{step['size']}\n".encode()
