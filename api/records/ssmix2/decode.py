"""The bytes of a message as lines of text: decoded before anything is split.

Second bytes of kanji are the very bytes HL7 splits by (`|`, `^`, `~`, backslash, `&`), so lines
alone may be told apart in bytes: CR and LF are no part of a character in any of these encodings.
ISO-2022-JP is read by a small machine of our own, since real writers put what the standard codec
refuses: characters of NEC and IBM, half-width kana, no escape back to ASCII at a line's end.
"""

import re
from typing import Final, NamedTuple

GETA: Final = "〓"  # what a printer sets where a character is missing

_LINES: Final = re.compile(rb"\r\n|\r|\n")
_ESCAPE: Final = re.compile(rb"\x1b(?:\$\([DOPQ@AB]|\$[@AB]|\([BJIHT]|\)[IJB]|&@)")
_ASCII: Final = "ascii"
_KANJI: Final = "kanji"
_SUPPLEMENT: Final = "supplement"
_KANA: Final = "kana"
_MODES: Final = {
    b"\x1b(B": _ASCII,
    b"\x1b(J": _ASCII,  # JIS-Roman: its yen sign is HL7's backslash
    b"\x1b(H": _ASCII,
    b"\x1b(T": _ASCII,
    b"\x1b(I": _KANA,
    b"\x1b$(D": _SUPPLEMENT,
}
# The standard codec and Windows differ in six characters; the writers are Windows.
_AS_WINDOWS: Final = (("〜", "～"), ("−", "－"), ("‖", "∥"), ("¢", "￠"), ("£", "￡"), ("¬", "￢"))


class Undecoded(NamedTuple):
    """Bytes that mean no character; `line` counts from one."""

    line: int
    bytes_hex: str


class Decoded(NamedTuple):
    """`charset` as the bytes tell it, whatever MSH-18 says."""

    lines: tuple[str, ...]
    charset: str
    undecoded: tuple[Undecoded, ...]


def decode(body: bytes) -> Decoded:
    """Never raises: what means no character stands as 〓 and is in `undecoded`."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", "replace").replace("\ufffd", GETA).replace("\0", "")
        return Decoded(_lines_of(text), "utf-16", ())
    body = body.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").strip(b"\x0b\x1c\x1a")
    charset = _charset(body)
    if charset == "utf-8":
        return Decoded(_lines_of(body.decode("utf-8")), charset, ())
    lines: list[str] = []
    undecoded: list[Undecoded] = []
    for raw in _LINES.split(body):
        lost: list[bytes] = []
        if raw.isascii() and b"\x1b" not in raw:
            line = raw.decode("ascii")
        elif charset == "iso-2022-jp":
            line = _from_iso_2022(raw, lost)
        else:
            line = _from_eight_bits(raw, charset, lost)
        if line:
            lines.append(line)
            undecoded += (Undecoded(len(lines), each.hex()) for each in lost)
    return Decoded(tuple(lines), charset, tuple(undecoded))


def _lines_of(text: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"\r\n|\r|\n", text.lstrip("\ufeff"))))


def _charset(body: bytes) -> str:
    """Which encoding it really is; what MSH-18 says only decides where the bytes leave it open."""
    if body.isascii() or re.search(rb"\x1b\$", body):
        return "iso-2022-jp"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    fitting = {name: _strangeness(body, name) for name in ("cp932", "euc_jp")}
    said = body.split(b"\r", 1)[0][:400].decode("ascii", "replace").upper()
    declared = "euc_jp" if "EUC" in said else "cp932"
    return min(fitting, key=lambda name: (fitting[name], name != declared))


def _strangeness(body: bytes, charset: str) -> int:
    """How little a text looks like Japanese: half-width kana of EUC read as Shift_JIS, gaps."""
    text = body.decode(charset, "replace")
    halves = sum("｡" <= character <= "ﾟ" for character in text)
    return halves + 20 * text.count("\ufffd")


def _from_iso_2022(raw: bytes, lost: list[bytes]) -> str:
    """One line, from ASCII; whoever forgot the escape back is back at the next line."""
    if b"\x1b(J" not in raw:
        try:
            text = raw.decode("iso2022_jp")
        except UnicodeDecodeError:
            pass
        else:
            for written, meant in _AS_WINDOWS:
                if written in text:
                    text = text.replace(written, meant)
            return text
    parts: list[str] = []
    mode, start = _ASCII, 0
    for escape in _ESCAPE.finditer(raw):
        _take(parts, raw[start : escape.start()], mode, lost)
        start = escape.end()
        if escape[0] not in (b"\x1b&@", b"\x1b)I", b"\x1b)J", b"\x1b)B"):
            mode = _MODES.get(escape[0], _KANJI)
    _take(parts, raw[start:], mode, lost)
    return "".join(parts)


def _take(parts: list[str], raw: bytes, mode: str, lost: list[bytes]) -> None:
    if not raw:
        return
    if mode == _ASCII:
        parts.append(_plain(raw, lost))
    elif mode == _KANA:
        parts.extend(_half_width(byte, lost) for byte in raw)
    else:
        parts.append(_double(raw, mode, lost))


def _plain(raw: bytes, lost: list[bytes]) -> str:
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return "".join(_half_width(byte, lost) if byte > 0x7F else _visible(byte) for byte in raw)


def _visible(byte: int) -> str:
    return "" if byte == 0x1B else chr(byte)


def _half_width(byte: int, lost: list[bytes]) -> str:
    code = byte & 0x7F
    if 0x21 <= code <= 0x5F:
        return chr(0xFF61 + code - 0x21)
    if byte < 0x80:
        return _visible(byte)
    lost.append(bytes([byte]))
    return GETA


def _double(raw: bytes, mode: str, lost: list[bytes]) -> str:
    if mode == _KANJI and len(raw) % 2 == 0:
        try:
            return _in_shift_jis(raw).decode("cp932")
        except (UnicodeDecodeError, ValueError):
            pass
    parts: list[str] = []
    place = 0
    while place < len(raw):
        first = raw[place]
        if first < 0x21 or first > 0x7E or place + 1 == len(raw):
            if first <= 0x20:
                parts.append(_visible(first))
            else:
                lost.append(raw[place : place + 1])
                parts.append(GETA)
            place += 1
            continue
        pair = raw[place : place + 2]
        parts.append(_character(pair, mode, lost))
        place += 2
    return "".join(parts)


def _in_shift_jis(raw: bytes) -> bytes:
    """JIS X 0208 with the rows of NEC and IBM: cp932 knows them all, and ～ － as Windows does."""
    out = bytearray()
    for first, second in zip(raw[::2], raw[1::2], strict=True):
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            raise ValueError
        row = (first - 0x21) >> 1
        out.append(row + (0x81 if row < 0x1F else 0xC1))
        if first & 1:
            out.append(second + (0x1F if second < 0x60 else 0x20))
        else:
            out.append(second + 0x7E)
    return bytes(out)


def _character(pair: bytes, mode: str, lost: list[bytes]) -> str:
    high = bytes(byte | 0x80 for byte in pair)
    if mode == _SUPPLEMENT:
        attempts = ((b"\x8f" + high, "euc_jp"), (b"\x8f" + high, "euc_jis_2004"))
    else:
        try:
            attempts = ((_in_shift_jis(pair), "cp932"), (high, "euc_jis_2004"))
        except ValueError:
            attempts = ((high, "euc_jis_2004"), (b"\x8f" + high, "euc_jp"))
    for raw, charset in attempts:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    lost.append(pair)
    return GETA


def _from_eight_bits(raw: bytes, charset: str, lost: list[bytes]) -> str:
    parts: list[str] = []
    place = 0
    while place < len(raw):
        try:
            parts.append(raw[place:].decode(charset))
            break
        except UnicodeDecodeError as error:
            parts.append(raw[place : place + error.start].decode(charset))
            place += error.start
            pair = raw[place : place + 2]
            if charset == "euc_jp" and len(pair) == 2 and min(pair) >= 0xA1:
                parts.append(_character(bytes(byte & 0x7F for byte in pair), _KANJI, lost))
                place += 2
            else:
                lost.append(raw[place : place + 1])
                parts.append(GETA)
                place += 1
    return "".join(parts)
