"""Keys kept outside the database, and the few primitives built on them."""

import base64
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.core.canonical import canonical


class KeyRing:
    """One file per key in a folder only the service's user can read; made at first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _bytes(self, name: str, make: bytes) -> bytes:
        return made_once(self.folder / name, make)

    @cached_property
    def context(self) -> bytes:
        """Signs the actor context that PostgreSQL checks."""
        return self._bytes("context.key", os.urandom(32))

    @cached_property
    def pepper(self) -> bytes:
        """Keyed hashing of activation codes and throttle keys."""
        return self._bytes("pepper.key", os.urandom(32))

    @cached_property
    def second_factor(self) -> bytes:
        """Seals the secrets of people's authenticator apps."""
        return self._bytes("second_factor.key", AESGCM.generate_key(256))

    @cached_property
    def paper_scans(self) -> bytes:
        """Seals the scans of enrolment forms."""
        return self._bytes("paper_scans.key", AESGCM.generate_key(256))

    @cached_property
    def pages(self) -> bytes:
        """Seals where a FHIR search goes on."""
        return self._bytes("pages.key", AESGCM.generate_key(256))

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
    def worker_password(self) -> str:
        return self._bytes("worker_role.password", secrets.token_urlsafe(24).encode()).decode()

    @cached_property
    def token_signing(self) -> Ed25519PrivateKey:
        """Signs access tokens of facility systems."""
        return private_key(self._bytes("token_signing.pem", fresh_pem()))

    @cached_property
    def web_push(self) -> bytes:
        """PEM of the P-256 key our pushes to browsers are signed with (RFC 8292); changing it ends
        every subscription."""
        fresh = generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._bytes("web_push.pem", fresh)

    @cached_property
    def receipts(self) -> "SigningKeys":
        """Sign the receipts of settings."""
        return SigningKeys(self.folder / "receipts")

    @cached_property
    def log(self) -> "SigningKeys":
        """Sign the log's checkpoints and the receipts of its events."""
        return SigningKeys(self.folder / "log")

    @property
    def my_number_client(self) -> Path:
        """Where the keys are that prove this service to the My Number login (`ClientKeys`)."""
        return self.folder / "my_number_client"

    @property
    def emergency_card(self) -> Path:
        """Where the keys are that sign emergency cards (`LastingKeys`)."""
        return self.folder / "emergency_card"

    @cached_property
    def log_master(self) -> bytes:
        """Wraps the network's key, which wraps each participant's; bodies of the log need it."""
        return self._bytes("log_master.key", os.urandom(32))

    @cached_property
    def log_blind(self) -> bytes:
        """Blinds who stands where in the log's head map."""
        return self._bytes("log_blind.key", os.urandom(32))

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA256 of a value that must not be readable from the database."""
        return hmac.digest(self.pepper, f"{purpose}\0{value}".encode(), "sha256")


class SigningKey(NamedTuple):
    """`kid` is the thumbprint of the public half (RFC 7638)."""

    kid: str
    private: Ed25519PrivateKey


class SigningKeys:
    """Numbered Ed25519 keys in a folder: the newest signs, the public halves of all stay known.

    `<n>.pem` is a key that may sign, `<n>.pub.pem` what is left of one retired. Other processes
    may rotate at any time, so each call looks at the folder's names again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[str, ...] = ()
        self._current: SigningKey | None = None
        self._published: tuple[dict[str, str], ...] = ()

    def current(self) -> SigningKey:
        self._look()
        if self._current is None:
            raise LookupError("no signing key")
        return self._current

    def published(self) -> tuple[dict[str, str], ...]:
        """Every public half as a JWK (RFC 7517, RFC 8037), newest first."""
        self._look()
        return self._published

    def rotate(self) -> str:
        """Makes a new key and forgets the private halves of the others; answers its `kid`."""
        self.prepare()
        self.take_over()
        return self.current().kid

    def prepare(self) -> Ed25519PrivateKey:
        """The key that will sign after `take_over`; the same one until then."""
        return private_key(made_once(self._folder / ".next.pem", fresh_pem()))

    def take_over(self) -> None:
        """The prepared key signs from now on; the private halves of the others are forgotten."""
        number = max(self._numbers(), default=0) + 1
        (self._folder / ".next.pem").rename(self._folder / f"{number}.pem")
        for each in self._numbers() - {number}:
            path = self._folder / f"{each}.pem"
            if path.exists():
                public = private_key(path.read_bytes()).public_key()
                made_once(self._folder / f"{each}.pub.pem", _public_pem(public))
                path.unlink(missing_ok=True)

    def _look(self) -> None:
        names = self._names()
        if not names:
            made_once(self._folder / "1.pem", fresh_pem())
            names = self._names()
        if names != self._seen:
            newest = max(self._numbers())
            private = private_key((self._folder / f"{newest}.pem").read_bytes())
            self._current = SigningKey(jwk(private.public_key())["kid"], private)
            self._published = tuple(
                jwk(self._public(number)) for number in sorted(self._numbers(), reverse=True)
            )
            self._seen = names

    def _public(self, number: int) -> Ed25519PublicKey:
        retired = self._folder / f"{number}.pub.pem"
        if not retired.exists():
            return private_key((self._folder / f"{number}.pem").read_bytes()).public_key()
        key = serialization.load_pem_public_key(retired.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError(f"{retired.name} must hold an Ed25519 key")
        return key

    def _names(self) -> tuple[str, ...]:
        try:
            found = os.listdir(self._folder)
        except FileNotFoundError:
            return ()
        return tuple(sorted(name for name in found if not name.startswith(".")))

    def _numbers(self) -> set[int]:
        return {int(name.partition(".")[0]) for name in self._names()}


def made_once(path: Path, make: bytes) -> bytes:
    """What the file holds; the first writer wins, also between two processes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.parent / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_bytes(make)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def fresh_pem() -> bytes:
    """A new Ed25519 key."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def private_key(pem: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not an Ed25519 key")
    return key


def jwk(key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    public = {"crv": "Ed25519", "kty": "OKP", "x": base64url(raw)}
    thumbprint = base64url(sha256(canonical(public)))
    return public | {"kid": thumbprint, "use": "sig", "alg": "EdDSA"}


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def new_token() -> str:
    """256 random bits, base64url."""
    return base64url(os.urandom(32))


TENANT = b"tsunagu/1 tenant"


def fresh_key(over: bytes, name: bytes) -> bytes:
    """256 new random bits for AES, wrapped under the key `over`; `name` says what they are for."""
    nonce = os.urandom(12)
    return nonce + AESGCM(over).encrypt(nonce, os.urandom(32), name)


def unwrapped(over: bytes, name: bytes, wrapped: bytes) -> bytes:
    """The key inside. Raises `InvalidTag` for another key, another name, or a changed byte."""
    return AESGCM(over).decrypt(wrapped[:12], wrapped[12:], name)


def sealed(key: bytes, content: bytes, name: bytes) -> bytes:
    """AES-256-GCM under `key`; `name` says what it is and must be told again to open it."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, name)


def unsealed(key: bytes, content: bytes, name: bytes) -> bytes:
    """Raises `InvalidTag` for another key, another name, or a changed byte."""
    return AESGCM(key).decrypt(content[:12], content[12:], name)


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer key block of HMAC-SHA256 (RFC 2104), for a server without pgcrypto."""
    block = key.ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
