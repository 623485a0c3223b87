"""What participants write lies sealed: only what a record is found by is read without their key.

The members that say something stand as one, `"sealed":"…"`, last in the resource's JSON: opening a
text puts them back in its place, also in the midst of a Bundle. Nobody else can make such a member
that opens: it is AES-256-GCM under the participant's key, bound to them.
"""

import base64
import os
import re
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.phr.entries.fields import Json

# What searches, lists and readers of a kind go by (`app.tokens`); all else is sealed.
_CLEAR: Final = frozenset(
    (
        *("resourceType", "id", "meta", "identifier", "status", "lifecycleStatus"),
        *("clinicalStatus", "verificationStatus", "category", "code", "vaccineCode"),
        *("medicationCodeableConcept", "type", "class"),
    )
)
# Numbers stay numbers, with their digits.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_MARK: Final = '"sealed":"'
_SEALED: Final = re.compile(r'"sealed":"([A-Za-z0-9_-]{40,})"')
_SEALED_BYTES: Final = re.compile(rb'"sealed":"([A-Za-z0-9_-]{40,})"')


def sealed(cipher: AESGCM, participant_id: UUID, resource: Json) -> str:
    """The text to be stored. A concept of words alone is sealed whole."""
    clear, told = dict[str, Any](), dict[str, Any]()
    for name, value in resource.items():
        part = clear if name in _CLEAR and not _has_words(value) else told
        part[name] = value
    nonce = os.urandom(12)
    inner = _ENCODER.encode(told)[1:-1]
    kept = nonce + cipher.encrypt(nonce, inner, _name(participant_id))
    text = base64.urlsafe_b64encode(kept).rstrip(b"=").decode()
    return f'{_ENCODER.encode(clear).decode()[:-1]},{_MARK}{text}"}}'


def is_sealed(text: str | bytes) -> bool:
    return _MARK.encode() in text if isinstance(text, bytes) else _MARK in text


def opened(cipher: AESGCM | None, participant_id: UUID, text: str) -> str:
    """What does not open stays as it is: it was not sealed by us, or its key is destroyed."""

    def put_back(found: re.Match[str]) -> str:
        inner = _inner(cipher, participant_id, found[1].encode())
        return found[0] if inner is None else inner.decode()

    return _SEALED.sub(put_back, text)


def opened_bytes(cipher: AESGCM | None, participant_id: UUID, text: bytes) -> bytes:
    """The same."""

    def put_back(found: re.Match[bytes]) -> bytes:
        inner = _inner(cipher, participant_id, found[1])
        return found[0] if inner is None else inner

    return _SEALED_BYTES.sub(put_back, text)


def _inner(cipher: AESGCM | None, participant_id: UUID, text: bytes) -> bytes | None:
    if cipher is None:
        return None
    try:
        kept = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        return cipher.decrypt(kept[:12], kept[12:], _name(participant_id))
    except (InvalidTag, ValueError):
        return None


def _has_words(value: Any) -> bool:
    return isinstance(value, dict) and "text" in value and "coding" not in value


def _name(participant_id: UUID) -> bytes:
    return b"tsunagu/1 own entry\0" + participant_id.bytes
