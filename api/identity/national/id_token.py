"""What an ID token must say before anybody is believed to be there (OIDC Core §3.1.3.7)."""

import base64
import hashlib
import hmac
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeGuard

import jwt
import msgspec

ALGORITHM: Final = "ES256"
SKEW_SECONDS: Final = 60
# Issued for this very login, minutes ago; an old one is somebody's copy.
OLDEST_SECONDS: Final = 600
_LEVEL: Final = re.compile(r"aal([1-3])")


class Fault(StrEnum):
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NONCE = "nonce"
    SUBJECT = "subject"
    TIME = "time"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - the fault of its hash
    LEVEL = "level"
    NOT_FRESH = "not_fresh"


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """`fresh_since`: they must have shown the card after it; None takes an earlier sign-in."""

    issuer: str
    client_id: str
    nonce: str
    acr: str
    fresh_since: datetime | None = None


class Proved(msgspec.Struct, frozen=True):
    """Who is there, by the issuer's own name for them; `acr` is what the login reached."""

    sub: str
    acr: str


class Refused(msgspec.Struct, frozen=True):
    """`sub` where everything but the strength of the login was right: then it is truly theirs."""

    fault: Fault
    sub: str | None = None


def key_id(token: str) -> str | None:
    """Of a well-formed ES256 token; None otherwise."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        return None
    kid = header.get("kid")
    return kid if header.get("alg") == ALGORITHM and isinstance(kid, str) else None


def check(
    token: str, key: jwt.PyJWK, access_token: str, expected: Expected, now: datetime
) -> Proved | Refused:
    claims = _signed(token, key)
    if isinstance(claims, Fault):
        return Refused(claims)
    fault = _fault(claims, access_token, expected, now.timestamp())
    if fault is not None:
        return Refused(fault)
    sub = claims["sub"]
    acr = claims.get("acr")
    if not isinstance(acr, str) or not reaches(acr, expected.acr):
        return Refused(Fault.LEVEL, sub)
    if expected.fresh_since is not None:
        shown_at = claims.get("auth_time")
        if not _is_time(shown_at) or shown_at < expected.fresh_since.timestamp() - SKEW_SECONDS:
            return Refused(Fault.NOT_FRESH, sub)
    return Proved(sub, acr)


def reaches(acr: str, wanted: str) -> bool:
    """A level by its number or above it, any other word as it stands: `aal3 crl` reaches `aal2`."""
    given = acr.split()
    levels = [int(found[1]) for word in given if (found := _LEVEL.fullmatch(word))]
    for word in wanted.split():
        if level := _LEVEL.fullmatch(word):
            if not levels or max(levels) < int(level[1]):
                return False
        elif word not in given:
            return False
    return True


def _signed(token: str, key: jwt.PyJWK) -> dict[str, Any] | Fault:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            options={
                # Asked below, each with its own name and by the clock that was given.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.InvalidSignatureError:
        return Fault.SIGNATURE
    except jwt.PyJWTError:
        return Fault.MALFORMED
    return claims


def _fault(
    claims: dict[str, Any], access_token: str, expected: Expected, now: float
) -> Fault | None:
    if claims.get("iss") != expected.issuer:
        return Fault.ISSUER
    audience = claims.get("aud")
    # More audiences than us would let another client bring its own token here.
    if audience not in (expected.client_id, [expected.client_id]):
        return Fault.AUDIENCE
    if claims.get("azp", expected.client_id) != expected.client_id:
        return Fault.AUDIENCE
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), expected.nonce.encode()
    ):
        return Fault.NONCE
    sub = claims.get("sub")
    if not isinstance(sub, str) or not re.fullmatch(r"[\x20-\x7e]{1,255}", sub):
        return Fault.SUBJECT
    if not _is_timely(claims, now):
        return Fault.TIME
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token):
        return Fault.ACCESS_TOKEN
    return None


def _is_timely(claims: dict[str, Any], now: float) -> bool:
    ends, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    return (
        _is_time(ends)
        and _is_time(issued)
        and _is_time(begins)
        and now < ends + SKEW_SECONDS
        and begins - SKEW_SECONDS <= now
        and now - OLDEST_SECONDS - SKEW_SECONDS <= issued <= now + SKEW_SECONDS
    )


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _half_hash(access_token: str) -> str:
    """OIDC Core §3.1.3.6."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
