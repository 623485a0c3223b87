"""What may be kept nowhere, not even aside: bytes that hold a 個人番号 (番号法 art. 20).

Asked of bodies no reader understood, so nothing is taken for granted: neither an encoding, nor
that an escape stands where its grammar has it. In doubt a body is not kept; its sender has it.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from api.identity.my_number import contains_my_number

_ESCAPED: Final = re.compile(
    r"\\u([0-9A-Fa-f]{4})|&#[xX]0*([0-9A-Fa-f]{1,5});|&#0*([0-9]{1,6});|\\X((?:[0-9A-Fa-f]{2})+)\\"
)
_UUID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
# A time in minutes has twelve digits too. It counts as one where CDA and HL7 v2 put times alone.
_CDA_TIME: Final = re.compile(r"(?<=\bvalue=[\"'])(\d{12})(?=(?:[+-]\d{4})?[\"'])", re.ASCII)
_HL7_TIME: Final = re.compile(r"(?<=[|^~&])(\d{12})(?=(?:[+-]\d{4})?(?:[|^~&]|$))", re.ASCII)
_HL7_PERSON: Final = re.compile(r"\s*(?:PID|PD1|NK1|IN[123]|GT1|MRG)[^A-Za-z0-9]")
_LINES: Final = re.compile(r"\r\n|\r|\n")
_ATTACHED: Final = re.compile(rb"\"data\"\s*:\s*\"([A-Za-z0-9+/]{16,}={0,2})\"")


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
        for encoding in ("utf-8", "cp932", "euc_jp"):
            yield body.decode(encoding, "replace")
    if b"\x1b" in body:
        yield body.decode("iso2022_jp", "replace")
        yield _without_shifts(body)
    if b"\0" in body or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield body.replace(b"\0", b"").decode("utf-8", "replace")
        for encoding in ("utf-16-le", "utf-16-be"):
            yield body.decode(encoding, "replace")


def _without_shifts(body: bytes) -> str:
    """Full-width digits of ISO-2022-JP where the standard codec lost its way."""
    plain = re.sub(rb"#([0-9])", rb"\1", body)
    return re.sub(rb"\x1b[$(&][@()A-Z]{1,2}", b"", plain).decode("ascii", "replace")


def _attached(body: bytes) -> Iterator[bytes]:
    for found in _ATTACHED.finditer(body):
        try:
            yield base64.b64decode(found[1])
        except binascii.Error:
            continue


def _is_in(text: str) -> bool:
    text = _UUID.sub("", _ESCAPED.sub(_meant, text))
    text = _CDA_TIME.sub(_unless_time, text)
    lines = (
        line if _HL7_PERSON.match(line) else _HL7_TIME.sub(_unless_time, line)
        for line in _LINES.split(text)
    )
    return contains_my_number("\n".join(lines))


def _meant(found: re.Match[str]) -> str:
    by_four, by_hex, by_number, by_bytes = found.groups()
    if by_bytes:
        return bytes.fromhex(by_bytes).decode("cp932", "replace")
    number = int(by_number) if by_number else int(by_four or by_hex, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _unless_time(found: re.Match[str]) -> str:
    try:
        at = datetime.strptime(f"{found[1]}+0000", "%Y%m%d%H%M%z")
    except ValueError:
        return found[1]
    return "" if 1900 <= at.year < 2100 else found[1]
