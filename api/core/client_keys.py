"""ES256 keys by which this service proves itself to others, and the next one before it signs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from api.core.canonical import canonical
from api.core.crypto import base64url, made_once, sha256

SIGNING: Final = "signing.pem"
NEXT: Final = "next.pem"


class ClientKey(NamedTuple):
    """`kid` is the thumbprint of the public half (RFC 7638)."""

    kid: str
    private: EllipticCurvePrivateKey


class ClientKeys:
    """A folder with the key that signs and the one that will.

    Both are published, so whoever keeps our key set for a while knows a key before it first signs.
    Other processes may rotate at any time: the files are read at each call.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> ClientKey:
        return self._key(SIGNING)

    def published(self) -> list[dict[str, str]]:
        """The public halves as JWKs (RFC 7517)."""
        return [public_jwk(self._key(name).private) for name in (SIGNING, NEXT)]

    def rotate(self) -> str:
        """The published next key signs from now on, the earlier one is forgotten; its `kid`."""
        self._key(NEXT)
        (self._folder / NEXT).replace(self._folder / SIGNING)
        self._key(NEXT)
        return self.current().kid

    def _key(self, name: str) -> ClientKey:
        pem = made_once(self._folder / name, _fresh_pem())
        private = serialization.load_pem_private_key(pem, None)
        if not isinstance(private, EllipticCurvePrivateKey):
            raise TypeError(f"{name} must hold a P-256 key")
        return ClientKey(public_jwk(private)["kid"], private)


class LastingKeys(ClientKeys):
    """As `ClientKeys`, for what is checked long after it was signed: the public half of a key that
    signs no more stays published for `lasts`, which is as long as anything it signed is good."""

    def __init__(self, folder: Path, lasts: timedelta) -> None:
        super().__init__(folder)
        self._lasts = lasts

    def published(self) -> list[dict[str, str]]:
        now = datetime.now(UTC)
        retired = [json.loads(path.read_text()) for path in sorted(self._folder.glob("*.jwk"))]
        good = [each["key"] for each in retired if now < datetime.fromisoformat(each["until"])]
        return super().published() + good

    def rotate(self) -> str:
        old = public_jwk(self.current().private)
        until = datetime.now(UTC) + self._lasts
        kept = {"until": until.isoformat(timespec="seconds"), "key": old}
        # Before the key is forgotten: whatever it signed must stay checkable.
        made_once(self._folder / f"{old['kid']}.jwk", json.dumps(kept).encode())
        return super().rotate()


def public_jwk(private: EllipticCurvePrivateKey) -> dict[str, str]:
    made: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public = {name: str(made[name]) for name in ("crv", "kty", "x", "y")}
    kid = base64url(sha256(canonical(public)))
    return public | {"kid": kid, "use": "sig", "alg": "ES256"}


def _fresh_pem() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
