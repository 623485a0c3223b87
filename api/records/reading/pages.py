"""Where a search goes on: sealed, so that a link tells nothing and leads nobody else anywhere.

A page's link holds whom and what was searched for and where it stands, under the service's own
key, bound to whoever searched. It grants nothing: each page is decided and logged like the first.
"""

import base64
import os
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.core import clock, runtime
from api.core.actor import Actor
from api.records.errors import BadPage
from api.records.reading.search import Search

LIVES: Final = 12 * 60 * 60
LONGEST: Final = 16_000
_NONCE: Final = 12


class Place(msgspec.Struct, frozen=True, array_like=True):
    """`door` is what was asked: a type, '' for several, `$everything`, or a record's history."""

    door: str
    subject: UUID
    types: tuple[str, ...]
    search: Search
    count: int
    summary: str = "false"
    elements: tuple[str, ...] = ()
    expires_at: int = 0


def seal(actor: Actor, place: Place) -> str:
    """The link to `place`, for this actor and purpose alone."""
    until = int(clock.now().timestamp()) + LIVES
    text = msgspec.json.encode(msgspec.structs.replace(place, expires_at=until))
    nonce = os.urandom(_NONCE)
    sealed = _cipher().encrypt(nonce, text, _requester(actor))
    return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()


def opened(actor: Actor, token: str, door: str) -> Place:
    """Raises `BadPage` for whatever was not sealed for this requester and door, or too long ago."""
    if len(token) > LONGEST:
        raise BadPage
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        text = _cipher().decrypt(raw[:_NONCE], raw[_NONCE:], _requester(actor))
        place = msgspec.json.decode(text, type=Place)
    except (ValueError, InvalidTag, msgspec.MsgspecError):
        raise BadPage from None
    if place.door != door or place.expires_at <= clock.now().timestamp():
        raise BadPage
    return place


def _cipher() -> AESGCM:
    return AESGCM(runtime.keys().pages)


def _requester(actor: Actor) -> bytes:
    """Who asks, for what: another purpose is another search."""
    return msgspec.json.encode(
        (
            actor.kind,
            actor.facility_id,
            actor.professional_id,
            actor.client_id,
            actor.name,
            actor.profession,
            actor.purpose_of_use,
        )
    )
