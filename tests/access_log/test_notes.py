"""Signatures of the log and of witnesses: what is signed is read back, all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log import verifier as v
from api.access_log.transparency import notes
from tests.access_log.synthetic import ORIGIN, WITNESSES, drawn, key

KEY = key("log", 1)
VKEY = notes.vkey(ORIGIN, KEY)
NOTE = notes.checkpoint(ORIGIN, 7, drawn("root"), KEY)
COSIGNED = v.Note(NOTE.text, (*NOTE.lines, notes.cosignature_line(NOTE.text, *WITNESSES[0], 99)))


def is_good(text):
    """Whether log and witness both signed what this note says."""
    try:
        note = v.parse_note(text)
        v.parse_checkpoint(note.text)
        return v.is_signed(note, VKEY) and v.cosigned_at(note, WITNESSES[0].vkey) is not None
    except (v.Malformed, v.Forged):
        return False


def test_what_is_signed_is_read_back():
    note = v.parse_note(str(COSIGNED))
    assert note == COSIGNED
    assert v.is_signed(note, VKEY)
    assert v.cosigned_at(note, WITNESSES[0].vkey) == 99
    assert v.cosigned_at(note, WITNESSES[1].vkey) is None
    assert v.parse_checkpoint(note.text) == (ORIGIN, 7, drawn("root"))


def test_one_key_cannot_speak_as_the_other_kind():
    """A key's id contains its type, so a log's key is no witness."""
    as_witness = notes.vkey(ORIGIN, KEY, v.COSIGNATURE)
    assert as_witness.key_id != VKEY.key_id
    assert v.cosigned_at(NOTE, as_witness) is None
    with pytest.raises(v.Malformed):
        v.parse_vkey(str(as_witness))
    with pytest.raises(v.Malformed):
        v.parse_vkey(str(VKEY), v.COSIGNATURE)


def test_every_letter_of_a_note_counts():
    text = str(COSIGNED)
    for place, letter in enumerate(text):
        for other in {"A", "B", "0", "+", " ", "\n", "\r", "—", "é", ""} - {letter}:
            assert not is_good(text[:place] + other + text[place + 1 :])
        assert not is_good(text[:place])


@given(st.data())
def test_no_byte_of_a_note_may_change(data):
    raw = bytearray(str(COSIGNED).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    assert not is_good(raw.decode(errors="surrogateescape"))


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n07\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n-7\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n+7\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n7 \n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n٧\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n{1 << 63}\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{v.to_base64(drawn())}\n",
        f"\n7\n{v.to_base64(drawn())}\n",
        f"{ORIGIN}\n7\n{v.to_base64(drawn()[:31])}\n",
        f"{ORIGIN}\n7\n{v.to_base64url(drawn())}\n",
        f"{ORIGIN}\n7\n{v.to_base64(drawn())}",
        f"{ORIGIN}\n7\n{v.to_base64(drawn())}\n\nmore\n",
    ],
)
def test_nothing_else_is_a_checkpoint(text):
    with pytest.raises(v.Malformed):
        v.parse_checkpoint(text)


def test_extension_lines_are_read_over_and_signed():
    text = f"{v.checkpoint_text(ORIGIN, 0, v.EMPTY_ROOT)}more\n"
    note = notes.sign(text, ORIGIN, KEY)
    assert v.parse_checkpoint(note.text) == (ORIGIN, 0, v.EMPTY_ROOT)
    assert v.is_signed(note, VKEY)
    assert not is_good(str(note).replace("more", "less"))


def test_many_signatures_are_allowed_but_not_any_number():
    lines = [notes.signature_line(NOTE.text, f"w{each}", key(each)) for each in range(65)]
    assert len(v.parse_note(str(v.Note(NOTE.text, tuple(lines[:64])))).lines) == 64
    with pytest.raises(v.Malformed):
        v.parse_note(str(v.Note(NOTE.text, tuple(lines))))


def test_a_second_line_of_the_same_key_must_hold_too():
    forged = NOTE.lines[0]._replace(signature=bytes(64))
    with pytest.raises(v.Forged):
        v.is_signed(v.Note(NOTE.text, (*NOTE.lines, forged)), VKEY)


def test_a_time_beyond_all_clocks_is_no_cosignature():
    """c2sp.org/tlog-cosignature: it must not exceed 2^63 - 1."""
    for seconds, is_fine in ((1 << 63) - 1, True), (1 << 63, False):
        line = notes.cosignature_line(NOTE.text, *WITNESSES[0], seconds)
        assert is_good(str(v.Note(NOTE.text, (*NOTE.lines, line)))) is is_fine


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b"])
def test_a_name_that_would_not_be_read_back_cannot_sign(name):
    with pytest.raises(v.Malformed):
        notes.vkey(name, KEY)


def test_a_text_without_its_newline_is_not_signed():
    with pytest.raises(v.Malformed):
        notes.sign("text", ORIGIN, KEY)


@given(st.data())
def test_no_bit_of_a_receipt_may_change(data):
    receipt = notes.receipt(drawn("commit"), 1_777_766_400_000_000, ORIGIN, KEY)
    assert v.parse_receipt(str(receipt)) == receipt
    assert receipt.is_signed(VKEY)
    raw = bytearray(v.from_base64url(str(receipt)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not v.parse_receipt(v.to_base64url(bytes(raw))).is_signed(VKEY)


@given(st.binary(max_size=40))
def test_bytes_have_one_text(value):
    assert v.from_base64(v.to_base64(value)) == value
    assert v.from_base64url(v.to_base64url(value)) == value


@given(st.text(alphabet="AQZaz09+/-_= \n", max_size=12))
def test_a_text_has_at_most_one_meaning(text):
    for read, write in ((v.from_base64, v.to_base64), (v.from_base64url, v.to_base64url)):
        try:
            assert write(read(text)) == text
        except v.Malformed:
            continue
