"""What may be kept nowhere, not even aside: bytes that hold a 個人番号 (番号法 art. 20).

Asked of bodies no reader understood, so nothing is taken for granted: neither an encoding, nor
that an escape stands where its grammar has it. In doubt a body is not kept; its sender has it.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from api.identity.my_number import contains_my_number

_LENGTH: Final = 12
# Digits with at most three other characters between, of which `contains_my_number` says whether
# they hold them together.
_RUN: Final = re.compile(r"[0-9]+(?:[^0-9A-Za-z\",:;{}\[\]<>|^~&/\\.=()]{1,3}[0-9]+)*")
# Beyond these nobody looks further: it is not kept.
_LONGEST_RUN: Final = 50_000
_MOST_ALIKE: Final = 5_000
# Escapes of JSON, XML and HL7 v2, of what a number is written with.
_ESCAPED: Final = re.compile(
    r"\\u(003[0-9]|[fF]{2}1[0-9]|0020|3000|002[dD]|201[0-5]|2212|30[fF][cC])"
    r"|&#[xX]0*([0-9A-Fa-f]{2,4});|&#0*([0-9]{2,5});|\\X((?:[0-9A-Fa-f]{2})+)\\"
)
_UUID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
_AROUND: Final = 40  # a UUID has 36 characters
# A time in minutes has twelve digits too. It counts as one where CDA and HL7 v2 put times alone.
_CDA_TIME: Final = re.compile(r"\bvalue=[\"'](\d{12})(?:[+-]\d{4})?[\"']", re.ASCII)
_HL7_TIME: Final = re.compile(r"[|^~&](\d{12})(?:[+-]\d{4})?(?=[|^~&\r\n]|\Z)", re.ASCII)
_HL7_PERSON: Final = re.compile(r"(?:PID|PD1|NK1|IN[123]|GT1|MRG)[^A-Za-z0-9]")
_ATTACHED: Final = re.compile(rb"\"data\"\s*:\s*\"([A-Za-z0-9+/]{16,}={0,2})\"")
# Full-width digits of Shift_JIS, EUC-JP and UTF-8; then spaces and dashes of the same.
_WIDE: Final = re.compile(rb"\x82([\x4f-\x58])|\xa3([\xb0-\xb9])|\xef\xbc([\x90-\x99])")
_WIDE_BETWEEN: Final = re.compile(
    rb"\x81[\x40\x5b-\x5d\x7c]|\xa1[\xa1\xbc-\xbe\xdd]|\xe3\x80\x80|\xe3\x83\xbc|\xef\xbc\x8d"
    rb"|\xe2\x80[\x90-\x95]|\xe2\x88\x92"
)
_NO_LETTER: Final = bytes(range(0x80)) + b"x" * 0x80


def holds_my_number(body: bytes) -> bool:
    """Of attachments in base64, what is text is looked at too. True for one in ten of any other
    twelve digits that stand alone."""
    if any(_is_in(text) for text in _readings(body)):
        return True
    return any(holds_my_number(inner) for inner in _attached(body))


def _readings(body: bytes) -> Iterator[str]:
    """The text in every encoding that could be meant."""
    try:
        yield body.decode("utf-8")
    except UnicodeDecodeError:
        yield _narrow(body)
    if b"\x1b" in body:  # ISO-2022-JP, also where the standard codec would lose its way
        plain = re.sub(rb"\x1b[$(&][@()A-Z]{1,2}", b"", body)
        yield _narrow(re.sub(rb"!!|![<=>]|!]", b" ", re.sub(rb"#([0-9])", rb"\1", plain)))
    if b"\0" in body or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield _narrow(body.replace(b"\0", b""))
        for encoding in ("utf-16-le", "utf-16-be"):
            yield body.decode(encoding, "replace")


def _narrow(body: bytes) -> str:
    """Of mixed or broken bytes what matters: digits, and what may stand between them."""
    narrow = _WIDE.sub(_digit, body)
    return _WIDE_BETWEEN.sub(b" ", narrow).translate(_NO_LETTER).decode("ascii")


def _digit(found: re.Match[bytes]) -> bytes:
    shift_jis, euc, utf_8 = found.groups()
    number = ord(shift_jis) - 0x4F if shift_jis else (ord(euc or utf_8) & 0x3F) - 0x30
    return b"%d" % (number if shift_jis or euc else ord(utf_8) - 0x90)


def _attached(body: bytes) -> Iterator[bytes]:
    for found in _ATTACHED.finditer(body):
        try:
            yield base64.b64decode(found[1])
        except binascii.Error:
            continue


def _is_in(text: str) -> bool:
    if "\\" in text or "&#" in text:
        text = _ESCAPED.sub(_meant, text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    alike = 0
    for run in _RUN.finditer(text):
        length = run.end() - run.start()
        if length > _LONGEST_RUN or alike > _MOST_ALIKE:
            return True
        if length >= _LENGTH and contains_my_number(run[0]):
            if contains_my_number(_without_others(text, run)):
                return True
            alike += 1
    return False


def _without_others(text: str, run: re.Match[str]) -> str:
    """A run of digits without what of it is part of a UUID, or a time where times stand."""
    start, end = run.span()
    first = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    is_person = _HL7_PERSON.match(text, first) is not None
    kinds = (_UUID, _CDA_TIME) if is_person else (_UUID, _CDA_TIME, _HL7_TIME)
    left = list(run[0])
    for kind in kinds:
        for found in kind.finditer(text, max(start - _AROUND, 0), end + _AROUND):
            if kind is not _UUID and not _is_minute(found[1]):
                continue
            span = found.span(0 if kind is _UUID else 1)
            for place in range(max(span[0], start), min(span[1], end)):
                left[place - start] = "x"
    return "".join(left)


def _meant(found: re.Match[str]) -> str:
    by_four, by_hex, by_number, by_bytes = found.groups()
    if by_bytes:
        return bytes.fromhex(by_bytes).decode("cp932", "replace")
    number = int(by_number) if by_number else int(by_four or by_hex, 16)
    return chr(number) if not 0xD800 <= number < 0xE000 else "\ufffd"


def _is_minute(digits: str) -> bool:
    try:
        at = datetime.strptime(f"{digits}+0000", "%Y%m%d%H%M%z")
    except ValueError:
        return False
    return 1900 <= at.year < 2100
