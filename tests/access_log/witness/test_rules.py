"""The decision of a witness: a table, and whatever else anybody may send, against a naive model."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access_log.transparency import notes
from api.access_log.verifier import EMPTY_ROOT, Malformed, Vkey
from api.access_log.witnessing import rules
from api.access_log.witnessing.frontier import Frontier
from api.access_log.witnessing.rules import Known
from tests.access_log.witness.logs import Log, asking, handing, naive_root

LOG = Log("log.example.jp/network", size=40)
FORK = LOG.forked(at=20, size=40)


def known_of(log: Log, size: int) -> Known:
    return Known(size, naive_root(log.held[:size]), 1) if size else Known()


def status_of(body: bytes, known: Known, keys: list[Vkey] | None = None) -> int:
    """As `Witness.add_checkpoint` goes through the rules."""
    try:
        asked = rules.parse(body)
    except Malformed:
        return 400
    if not rules.vouched(asked.note, keys or [LOG.vkey]).lines:
        return 403
    refused = rules.refusal(asked, known)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    ("old", "size", "known", "status"),
    [
        pytest.param(0, 7, 0, 200, id="a log never seen, from zero"),
        pytest.param(7, 12, 7, 200, id="growth"),
        pytest.param(8, 16, 8, 200, id="growth between powers of two"),
        pytest.param(7, 7, 7, 200, id="the same once more"),
        pytest.param(0, 12, 7, 409, id="a forgotten size"),
        pytest.param(9, 12, 7, 409, id="a size never seen"),
        pytest.param(5, 6, 7, 409, id="a replayed older checkpoint, by its own old size"),
        pytest.param(7, 6, 7, 400, id="a smaller one, said openly"),
        pytest.param(3, 12, 0, 409, id="a proof to a witness that never saw anything"),
    ],
)
def test_a_checkpoint_passes_only_from_the_last_one_on(old, size, known, status):
    body = asking(old, LOG.proof(old, size) if old <= size else [], LOG.signed(size))
    assert status_of(body, known_of(LOG, known)) == status


def test_the_size_is_told_with_a_conflict():
    asked = rules.parse(asking(0, [], LOG.signed(12)))
    assert rules.refusal(asked, known_of(LOG, 7)).size == 7


def test_another_history_is_refused_with_any_proof_there_is():
    for size in range(30, 41):
        for proof in (FORK.proof(30, size), LOG.proof(30, size), []):
            status = status_of(asking(30, proof, FORK.signed(size)), known_of(LOG, 30))
            assert status == (409 if size == 30 else 422)
    asked = rules.parse(asking(30, [], FORK.signed(30)))
    assert rules.refusal(asked, known_of(LOG, 30)).is_fork


@pytest.mark.parametrize(
    ("size", "root", "proof", "known", "status"),
    [
        (0, EMPTY_ROOT, [], 0, 200),
        (0, bytes(32), [], 0, 422),
        (0, naive_root([b"leaf"]), [], 0, 422),
        (0, EMPTY_ROOT, [bytes(32)], 0, 422),
        (1, naive_root(LOG.held[:1]), [], 0, 200),
        (1, naive_root(LOG.held[:1]), [bytes(32)], 0, 422),
        (1, naive_root(LOG.held[:1]), [bytes(32)], 1, 409),
    ],
)
def test_an_empty_tree_has_one_root_and_needs_no_proof(size, root, proof, known, status):
    note = notes.checkpoint(LOG.origin, size, root, LOG.key)
    assert status_of(asking(0, proof, note), known_of(LOG, known)) == status


def test_only_the_log_s_own_signature_counts_and_a_false_one_spoils_the_note():
    stranger = Ed25519PrivateKey.generate()
    assert status_of(asking(0, [], LOG.signed(7, stranger)), Known()) == 403
    own, foreign = LOG.signed(7), LOG.signed(7, stranger)
    both = own._replace(lines=own.lines + foreign.lines)
    assert status_of(asking(0, [], both), Known()) == 200
    kept = rules.vouched(both, [LOG.vkey]).lines
    assert kept == own.lines
    forged = own._replace(lines=(*own.lines, own.lines[0]._replace(signature=bytes(64))))
    assert status_of(asking(0, [], forged), Known()) == 403
    elsewhere = own._replace(text=own.text.replace("7", "8", 1))
    assert status_of(asking(0, [], elsewhere), Known()) == 403


def test_every_changed_byte_of_a_proof_is_noticed():
    proof = LOG.proof(13, 37)
    assert status_of(asking(13, proof, LOG.signed(37)), known_of(LOG, 13)) == 200
    for place, each in enumerate(proof):
        for byte in range(32):
            bent = bytearray(each)
            bent[byte] ^= 1
            body = asking(13, [*proof[:place], bytes(bent), *proof[place + 1 :]], LOG.signed(37))
            assert status_of(body, known_of(LOG, 13)) == 422
    for bent in (proof[1:], proof[:-1], [*proof, proof[0]], proof[::-1]):
        assert status_of(asking(13, bent, LOG.signed(37)), known_of(LOG, 13)) == 422


def test_no_beginning_of_a_body_and_no_changed_byte_passes_for_another():
    body = asking(13, LOG.proof(13, 37), LOG.signed(37))
    for end in range(len(body)):
        assert status_of(body[:end], known_of(LOG, 13)) != 200
    for place in range(len(body)):
        bent = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert status_of(bent, known_of(LOG, 13)) != 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"old 0\n\n",
        b"new 0\n\n" + str(LOG.signed(7)).encode(),
        b"old 00\n\n" + str(LOG.signed(7)).encode(),
        b"old -1\n\n" + str(LOG.signed(7)).encode(),
        b"old  0\n\n" + str(LOG.signed(7)).encode(),
        "old \u0661\n\n".encode() + str(LOG.signed(7)).encode(),
        b"old 9223372036854775808\n\n" + str(LOG.signed(7)).encode(),
        b"old 0\r\n\r\n" + str(LOG.signed(7)).encode(),
        b"old 0\nAAAA\n\n" + str(LOG.signed(7)).encode(),
        b"\xff" + asking(0, [], LOG.signed(7)),
        asking(0, [bytes(32)] * 64, LOG.signed(7)),
        asking(0, [], LOG.signed(7))[:-1],
        asking(0, [], str(LOG.signed(7)) + "more\n"),
    ],
)
def test_what_is_not_a_request_is_not_understood(body):
    with pytest.raises(Malformed):
        rules.parse(body)


def test_a_cosignature_is_never_older_than_the_one_before():
    known = Known(7, bytes(32), 1000)
    assert rules.cosigning_time(1001, known) == 1001
    assert rules.cosigning_time(990, known) == 1000
    assert rules.cosigning_time(100, known) is None


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_the_rules_say_what_a_naive_model_says(data):
    """The model keeps whole histories: a checkpoint follows when the leaves before it are these."""
    stranger = Ed25519PrivateKey.generate()
    kept: list[bytes] = []
    for _ in range(data.draw(st.integers(1, 6))):
        log = data.draw(st.sampled_from((LOG, LOG, FORK)))
        size = data.draw(st.integers(0, log.size))
        old = data.draw(st.one_of(st.just(len(kept)), st.integers(0, log.size)))
        right = log.proof(old, size) if old <= size else []
        proof = data.draw(
            st.sampled_from((right, right, right, [], right[:-1], [*right, bytes(32)]))
        )
        is_own = data.draw(st.integers(0, 5)) > 0
        leaves = log.held[:size]
        if not is_own:
            expected = 403
        elif old > size:
            expected = 400
        elif old != len(kept) or (old == size and leaves != kept):
            expected = 409
        else:
            expected = 200 if leaves[:old] == kept and proof == right else 422
        note = log.signed(size, None if is_own else stranger)
        known = Known(len(kept), naive_root(kept), 1)
        assert status_of(asking(old, proof, note), known) == expected
        if expected == 200:
            kept = leaves


def test_entries_are_taken_when_they_begin_the_tree_and_never_else():
    known = known_of(LOG, 37)
    for end in range(1, 41):
        root = Frontier().plus(LOG.raw(0, end)).root
        proofs = [LOG.proof(end, 37), FORK.proof(end, 37)] if end <= 37 else [[]]
        refused = rules.entries_refusal(known, end, root, tuple(proofs[0]))
        assert (refused is None) == (end <= 37)
        if end > 20:
            other = Frontier().plus(FORK.raw(0, end)).root
            for proof in (*proofs, []):
                assert rules.entries_refusal(known, end, other, tuple(proof)) is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_the_edge_of_a_tree_grows_as_the_tree_does(steps):
    log = Log("edge.example", size=sum(steps))
    edge, size = Frontier(), 0
    for each in steps:
        edge = edge.plus(log.raw(size, size + each))
        size += each
        assert (edge.size, edge.root) == (size, naive_root(log.held[:size]))
        assert len(edge.nodes) == size.bit_count()


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"\n" + bytes(33), bytes(34), b"AAAA\n\n" + bytes(34), b"\xff\n\n" + bytes(34)],
)
def test_what_are_not_entries_is_not_understood(body):
    with pytest.raises(Malformed):
        rules.parse_entries(body)


def test_entries_may_hold_empty_lines_themselves():
    raw = b"\n" * 34
    assert rules.parse_entries(handing([], raw)) == ((), raw)
    assert rules.parse_entries(handing([bytes(32)], raw)) == ((bytes(32),), raw)
