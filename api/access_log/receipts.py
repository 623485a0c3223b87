"""Receipts for whoever was answered: the log's signature that an event stands in it."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.access_log import appending
from api.access_log.appending import Appended, microseconds
from api.access_log.verifier import ED25519, MERGE_DELAY, Receipt, Vkey, receipt_message
from api.core import runtime

HEADER: Final = "Tsunagu-Receipt"


LOOK_AGAIN_SECONDS: Final = 1.0


class _Signer(NamedTuple):
    """`until`: other processes may rotate the key; on the monotonic clock."""

    key_id: bytes
    private: Ed25519PrivateKey
    until: float


_origin: str | None = None
_signer: _Signer | None = None


def origin_of(public_url: str, profile_id: str) -> str:
    """How a network's log is called, from its first start on and for ever."""
    return f"{urlsplit(public_url).hostname}/{profile_id}"


def under_origin(origin: str) -> None:
    """The log's name as it was fixed at its first start, should PUBLIC_URL be another by now."""
    global _origin, _signer
    _origin, _signer = origin, None


def header(event: Appended) -> str:
    """The value of `HEADER`."""
    return event.receipt or _receipt(_current(), event)


def signing() -> Callable[[Appended], Appended]:
    """Signs receipts where there is time for it; whoever has no key hears so now, not then."""
    signer = _current()
    return lambda event: event._replace(receipt=_receipt(signer, event))


def _receipt(signer: _Signer, event: Appended) -> str:
    at = microseconds(event.at)
    merge_by = at + MERGE_DELAY
    signature = signer.private.sign(receipt_message(event.commit, at, merge_by))
    return str(Receipt(signer.key_id, event.commit, at, merge_by, signature))


def _current() -> _Signer:
    global _origin, _signer
    if _signer is None or time.monotonic() > _signer.until:
        if _origin is None:
            profile = appending.profile()
            _origin = origin_of(runtime.settings().public_url, profile.id)
        private = runtime.keys().log.current().private
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        until = time.monotonic() + LOOK_AGAIN_SECONDS
        _signer = _Signer(Vkey(_origin, ED25519, public).key_id, private, until)
    return _signer
