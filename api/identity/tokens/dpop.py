"""Proofs that an app holds its key (RFC 9449): checked here, seen once by `app_tokens`."""

import hashlib
import hmac
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import jwt
from jwt.exceptions import PyJWTError

from api.core.canonical import canonical
from api.core.crypto import base64url, sha256
from api.identity.errors import BadProof

ALGORITHMS: Final = ("ES256", "EdDSA")
WINDOW_SECONDS: Final = 60
LONGEST: Final = 4_000
# RFC 7638: what of a public key goes into its thumbprint.
_MEMBERS: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_CURVES: Final = {"EC": "P-256", "OKP": "Ed25519"}


class Proof(NamedTuple):
    """`jkt`: the thumbprint of the key; `once`: what must not come a second time."""

    jkt: bytes
    once: bytes


def checked(proof: str, method: str, url: str, now: float, token: str | None = None) -> Proof:
    """`url` is what the app must have meant; with `token`, the proof must name it (`ath`).

    Raises `BadProof`.
    """
    if not proof or len(proof) > LONGEST:
        raise BadProof
    try:
        header = jwt.get_unverified_header(proof)
        if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS:
            raise BadProof
        public = _public(header.get("jwk"))
        claims = jwt.decode(
            proof,
            jwt.PyJWK.from_dict(public, header["alg"]),
            algorithms=[header["alg"]],
            options={"require": ["jti", "htm", "htu", "iat"], "verify_iat": False},
        )
        is_in_time = abs(now - float(claims["iat"])) <= WINDOW_SECONDS
    # TypeError, ValueError, OverflowError: a claim or a key that is no such thing
    except (PyJWTError, TypeError, ValueError, OverflowError) as error:
        raise BadProof from error
    jti = claims["jti"]
    if not (isinstance(jti, str) and 1 <= len(jti) <= 255 and is_in_time):
        raise BadProof
    if claims["htm"] != method or not _is_same(claims["htu"], url):
        raise BadProof
    if token is not None and not _is_hash_of(claims.get("ath"), token):
        raise BadProof
    jkt = sha256(canonical(public))
    return Proof(jkt, hashlib.sha256(jkt + jti.encode("utf-8", "surrogatepass")).digest())


def _public(jwk: Any) -> dict[str, str]:
    """Only what a thumbprint is made of; a private key is refused, not used."""
    kind = jwk.get("kty") if isinstance(jwk, dict) else None
    if kind not in _MEMBERS or "d" in jwk or jwk.get("crv") != _CURVES[kind]:
        raise BadProof
    public = {name: jwk.get(name) for name in _MEMBERS[kind]}
    if not all(isinstance(value, str) for value in public.values()):
        raise BadProof
    return public


def _is_same(htu: object, url: str) -> bool:
    """Without query and fragment; scheme and host in any case."""
    if not isinstance(htu, str):
        return False
    try:
        one, other = urlsplit(htu), urlsplit(url)
    except ValueError:
        return False
    return (one.scheme.lower(), one.netloc.lower(), one.path) == (
        other.scheme.lower(),
        other.netloc.lower(),
        other.path,
    )


def _is_hash_of(ath: object, token: str) -> bool:
    return isinstance(ath, str) and hmac.compare_digest(
        ath.encode(), base64url(sha256(token.encode())).encode()
    )
