"""Keys kept outside the database, and the few primitives built on them."""

import base64
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyRing:
    """One file per key in a folder only the service's user can read; made at first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _bytes(self, name: str, make: bytes) -> bytes:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / name
        draft = self.folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_bytes(make)
            try:
                os.link(draft, path)  # the first writer wins, also between two processes
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_bytes()

    @cached_property
    def context(self) -> bytes:
        """Signs the actor context that PostgreSQL checks."""
        return self._bytes("context.key", os.urandom(32))

    @cached_property
    def pepper(self) -> bytes:
        """Keyed hashing of activation codes and throttle keys."""
        return self._bytes("pepper.key", os.urandom(32))

    @cached_property
    def csrf(self) -> str:
        return self._bytes("csrf.key", secrets.token_hex(32).encode()).decode()

    @cached_property
    def app_password(self) -> str:
        return self._bytes("app_role.password", secrets.token_urlsafe(24).encode()).decode()

    @cached_property
    def migrator_password(self) -> str:
        return self._bytes("migrator_role.password", secrets.token_urlsafe(24).encode()).decode()

    @cached_property
    def sealer_password(self) -> str:
        return self._bytes("sealer_role.password", secrets.token_urlsafe(24).encode()).decode()

    @cached_property
    def token_signing(self) -> Ed25519PrivateKey:
        """Signs access tokens of facility systems."""
        fresh = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key = serialization.load_pem_private_key(self._bytes("token_signing.pem", fresh), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("token_signing.pem must hold an Ed25519 key")
        return key

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA256 of a value that must not be readable from the database."""
        return hmac.digest(self.pepper, f"{purpose}\0{value}".encode(), "sha256")


def sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def new_token() -> str:
    """256 random bits, base64url."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer key block of HMAC-SHA256 (RFC 2104), for a server without pgcrypto."""
    block = key.ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
