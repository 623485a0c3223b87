"""An emergency card as it stands in its QR codes: a signed summary, and the parts it is shown in.

docs/reference/emergency-card.md says the same for whoever reads cards of another network. A compact
JWS (RFC 7515, ES256) over deflated JSON, as SMART Health Cards do, is written as pairs of digits,
which a QR code holds in its densest way, behind the address of a page that reads it. What stands
behind the `#` of an address is never sent to a server.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import jwt
import msgspec
from jwt.api_jws import PyJWS
from msgspec import Struct

from api.core.client_keys import ClientKey
from api.emergency.cards.content import (
    LONGEST_LINE,
    MOST_LINES,
    Contact,
    Content,
    Line,
    LineKind,
    LineMark,
)
from api.proxies.rules import Family

FORMAT: Final = 1
MOST_PARTS: Final = 2
MOST_BYTES: Final = 16_384
_LONGEST_TEXT: Final = 40_000
# A code of version 25 with level M holds 1,000 bytes: what printed on 6 cm a telephone reads.
_BITS: Final = 8_000
_BITS_OF_HEADERS: Final = 100
_PART: Final = re.compile(r"#(?:([12])/([12])/)?([0-9]{100,})")
_JWS: Final = PyJWS()

KINDS: Final[dict[LineKind, str]] = {
    "allergy": "a",
    "contraindication": "x",
    "implant": "i",
    "medicine": "m",
    "condition": "c",
    "infection": "f",
}
MARKS: Final[dict[LineMark, str]] = {"": "", "high": "!", "unconfirmed": "?", "own": "*"}
SEXES: Final = {"female": "f", "male": "m", "other": "o", "unknown": "u"}
_ANSWERS: Final = {"yes": "y", "no": "n"}


class Payload(Struct, omit_defaults=True, rename={"format": "tsu"}):
    """The signed JSON, member by member as docs/reference/emergency-card.md has it."""

    format: int
    iss: str
    iat: int
    exp: int
    jti: str
    n: str
    k: str
    b: date
    s: str
    id: str
    l: list[tuple[str, str]] = []  # noqa: E741 - the name on the wire
    bt: str = ""
    p: str = ""
    due: date | None = None
    d: str = ""
    t: list[tuple[str, str, str]] = []
    w: str = ""
    o: int = 0


class Seal(NamedTuple):
    """What a card is signed with: by whom, when, until when its code serves, and the code."""

    issuer: str
    made_at: datetime
    expires_at: datetime
    code: str
    key: ClientKey


class Sealed(NamedTuple):
    """`parts` are the texts of one or two QR codes; `left_out` are lines that did not fit."""

    jws: str
    parts: tuple[str, ...]
    left_out: tuple[Line, ...]


class Unreadable(ValueError):
    """No emergency card, a damaged one, one part of two, or not signed by any of the keys."""


def seal(content: Content, seal: Seal, page: str) -> Sealed:
    """As many lines as fit, from the first on; `page` is the address that reads cards."""
    lines = content.lines
    room = _letters_in_a_part(page)
    for count in range(len(lines), -1, -1):
        jws = _signed(content, lines[:count], len(lines) - count, seal)
        if len(jws) <= room * MOST_PARTS:
            return Sealed(jws, tuple(_parts(jws, room, page)), lines[count:])
    raise ValueError("a card without lines fits")


def opened(jws: str, keys: Iterable[Mapping[str, str]]) -> Payload:
    """The summary in a card, once one of these keys (JWKs) signed it. Raises `Unreadable`."""
    try:
        kid = jwt.get_unverified_header(jws).get("kid")
        key = next(each for each in keys if each["kid"] == kid)
        packed = _JWS.decode(jws, jwt.PyJWK(dict(key)).key, algorithms=["ES256"])
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        body = unpacking.decompress(packed, MOST_BYTES)
        if not unpacking.eof or unpacking.unconsumed_tail:
            raise Unreadable
        return msgspec.json.decode(body, type=Payload)
    except (jwt.PyJWTError, StopIteration, zlib.error, msgspec.MsgspecError, KeyError) as error:
        raise Unreadable from error


def looks_like_a_part(text: str) -> bool:
    return _PART.search(text) is not None


def read(texts: str) -> str:
    """The JWS in what was scanned or typed: one QR code, or both in any order. A code read twice
    counts once. Raises `Unreadable`."""
    if len(texts) > _LONGEST_TEXT:
        raise Unreadable
    found: dict[int, str] = {}
    of = 0
    for match in _PART.finditer(texts):
        number, of = int(match[1] or 1), int(match[2] or 1)
        found[number] = match[3]
    if not found or sorted(found) != list(range(1, of + 1)):
        raise Unreadable
    return _letters("".join(found[number] for number in sorted(found)))


def content_of(payload: Payload) -> Content:
    """What the summary says. Raises `Unreadable` for what no card of ours says."""
    kinds = {short: kind for kind, short in KINDS.items()}
    marks = {short: mark for mark, short in MARKS.items()}
    answers = {short: answer for answer, short in _ANSWERS.items()} | {"": ""}
    sexes = {short: sex for sex, short in SEXES.items()}
    try:
        raw: dict[str, Any] = {
            "name": payload.n,
            "name_kana": payload.k,
            "birth_on": payload.b,
            "sex": sexes[payload.s],
            "card": payload.id,
            "lines": tuple(
                Line(kinds[tag[:1]], text[:LONGEST_LINE], marks[tag[1:]])
                for tag, text in payload.l[:MOST_LINES]
            ),
            "blood": payload.bt,
            "pregnancy": answers[payload.p],
            "due_on": payload.due,
            "directive": answers[payload.d],
            "contacts": tuple(
                Contact(msgspec.convert(family, Family), name, phone)
                for family, name, phone in payload.t
            ),
            "note": payload.w,
        }
    except (KeyError, msgspec.ValidationError) as error:
        raise Unreadable from error
    return Content(**raw)


def made_at(payload: Payload) -> datetime:
    return datetime.fromtimestamp(payload.iat, UTC)


def _signed(content: Content, lines: tuple[Line, ...], left_out: int, seal: Seal) -> str:
    payload = Payload(
        format=FORMAT,
        iss=seal.issuer,
        iat=int(seal.made_at.timestamp()),
        exp=int(seal.expires_at.timestamp()),
        jti=seal.code,
        n=content.name,
        k=content.name_kana,
        b=content.birth_on,
        s=SEXES[content.sex],
        id=content.card,
        l=[(KINDS[line.kind] + MARKS[line.mark], line.text) for line in lines],
        bt=content.blood,
        p=_ANSWERS.get(content.pregnancy, ""),
        due=content.due_on,
        d=_ANSWERS.get(content.directive, ""),
        t=[(each.family, each.name, each.phone) for each in content.contacts],
        w=content.note,
        o=left_out,
    )
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packing.compress(msgspec.json.encode(payload)) + packing.flush()
    headers = {"typ": "", "kid": seal.key.kid, "zip": "DEF"}
    return _JWS.encode(packed, seal.key.private, algorithm="ES256", headers=headers)


def _letters_in_a_part(page: str) -> int:
    digits = (_BITS - _BITS_OF_HEADERS - 8 * len(f"{page}#1/2/")) * 3 // 10
    return digits // 2


def _parts(jws: str, room: int, page: str) -> Iterable[str]:
    if len(jws) <= room:
        yield f"{page}#{_digits(jws)}"
        return
    half = -(-len(jws) // 2)
    yield f"{page}#1/2/{_digits(jws[:half])}"
    yield f"{page}#2/2/{_digits(jws[half:])}"


def _digits(text: str) -> str:
    """Two digits for each letter: its place in ASCII from `-` on."""
    return "".join(f"{ord(letter) - 45:02d}" for letter in text)


def _letters(digits: str) -> str:
    if len(digits) % 2:
        raise Unreadable
    pairs = (int(digits[at : at + 2]) for at in range(0, len(digits), 2))
    return "".join(chr(pair + 45) for pair in pairs)
