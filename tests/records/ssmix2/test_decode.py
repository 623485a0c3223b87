"""Bytes become text before anything is split, whatever a real writer put into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.records.ssmix2.decode import decode

KANJI = b"\x1b$B"
ASCII = b"\x1b(B"


def one(body: bytes) -> str:
    decoded = decode(body)
    assert decoded.undecoded == ()
    return "\n".join(decoded.lines)


@pytest.mark.parametrize("newline", [b"\r", b"\n", b"\r\n"], ids=["CR", "LF", "CRLF"])
def test_lines_end_in_three_ways(newline: bytes):
    assert decode(b"MSH|a" + newline + b"PID|b" + newline).lines == ("MSH|a", "PID|b")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(KANJI + b"\x2d\x21" + ASCII, "①", id="a circled number of NEC's row 13"),
        pytest.param(KANJI + b"\x2d\x6a" + ASCII, "㈱", id="a company of NEC's row 13"),
        pytest.param(KANJI + b"\x7c\x62" + ASCII, "髙", id="the ladder form of Taka"),
        pytest.param(KANJI + b"\x79\x75" + ASCII, "﨑", id="the standing form of Saki"),
        pytest.param(KANJI + b"\x2d\x53" + ASCII, "㎎", id="milligrams in one"),
        pytest.param(KANJI + b"\x21\x41" + ASCII, "～", id="a wave as Windows has it"),
        pytest.param(KANJI + b"\x21\x5d" + ASCII, "－", id="a minus as Windows has it"),
        pytest.param(b"\x1b(I\x54\x5d" + ASCII, "ﾔﾝ", id="half-width kana"),
        pytest.param(b"\x1b$(D\x30\x21" + ASCII, "丂", id="JIS X 0212"),
        pytest.param(b"\x1b$@\x30\x21\x1b(J", "亜", id="the escapes of 1978 and of JIS-Roman"),
        pytest.param(b"a" + KANJI + b"\x30\x21", "a亜", id="no escape back"),
    ],
)
def test_what_the_standard_codec_refuses(raw: bytes, text: str):
    assert one(b"PID|" + raw + b"\rPV1|x") == f"PID|{text}\nPV1|x"


def test_kanji_whose_bytes_are_delimiters_split_nothing():
    # Each second byte is one of | ^ ~ \ &.
    raw = KANJI + bytes([0x30, 0x7C, 0x30, 0x5E, 0x30, 0x7E, 0x30, 0x5C, 0x30, 0x26]) + ASCII
    _, text, end = one(b"OBX|" + raw + b"|end").split("|")
    assert (len(text), end) == (5, "end")
    assert not set(text) & set("|^~\\&")


@pytest.mark.parametrize(
    ("charset", "declared"),
    [
        ("utf-8", "UNICODE UTF-8"),
        ("utf-8", "~ISO IR87"),
        ("utf-8-sig", "~ISOIR87"),
        ("utf-16", "~ISO IR87"),
        ("cp932", "~ISO IR87"),
        ("cp932", ""),
        ("euc_jp", "~ISOIR87"),
        ("euc_jp", "EUC"),
        ("iso2022_jp", "UNICODE UTF-8"),
    ],
)
def test_the_bytes_tell_their_encoding_whatever_the_header_says(charset: str, declared: str):
    lines = [f"MSH|^~\\&|HIS||||||||||||||||{declared}", "PID|1||1||山本^花子~ヤマモト^ハナコ"]
    assert one("\r".join(lines).encode(charset)) == "\n".join(lines)


def test_bytes_that_mean_nothing_are_marked_and_kept():
    decoded = decode(b"MSH|a\rPID|" + KANJI + b"\x30\x7f" + ASCII + b"|b")
    assert decoded.lines == ("MSH|a", "PID|〓|b")
    assert decoded.undecoded == ((2, "307f"),)


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes):
    decoded = decode(body)
    assert all("\r" not in line and "\n" not in line and "\0" not in line for line in decoded.lines)


@given(st.text(st.characters(codec="iso2022_jp", exclude_characters="\r\n\x0b\x1a\x1b\x1c\0¥‾")))
def test_what_was_written_is_what_is_read(text: str):
    meant = text.translate(str.maketrans("〜−‖¢£¬", "～－∥￠￡￢"))
    assert one(f"PID|{text}|".encode("iso2022_jp")) == f"PID|{meant}|"


WINDOWS = st.characters(codec="cp932", min_codepoint=0x20, exclude_characters="\x7f¢£¬‖−〜")


@given(st.text(WINDOWS))
def test_mislabelled_shift_jis_is_read(text: str):
    lines = ("MSH|^~\\&|", f"PID|山本花子さんの記録です|{text}")
    assert decode("\r".join(lines).encode("cp932")).lines == lines
