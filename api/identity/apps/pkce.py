"""Proof key for code exchange (RFC 7636), S256 alone."""

import hmac
import re
from typing import Final

from api.core.crypto import base64url, sha256

METHOD: Final = "S256"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def is_challenge(text: str) -> bool:
    return bool(_CHALLENGE.fullmatch(text))


def fits(challenge: str, verifier: str) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64url(sha256(verifier.encode("ascii")))
    return hmac.compare_digest(made.encode(), challenge.encode())
