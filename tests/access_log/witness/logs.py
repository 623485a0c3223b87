"""Logs in memory, and the naive tree of RFC 6962 beside them."""

import base64
import hashlib
from collections.abc import Sequence
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log.transparency import entries, notes
from api.access_log.verifier import EMPTY_ROOT, Note, Vkey, entry_of
from api.access_log.witnessing.client import Source

_NUMBERS = count()


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = _split(len(leaves))
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 2.1.2, word for word."""
    return _subproof(old, leaves, is_whole=True) if old else []


def _subproof(m: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if is_whole else [naive_root(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], is_whole=is_whole), naive_root(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], is_whole=False), naive_root(leaves[:k])]


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


class Log(Source):
    """Its entries and keys; `forked` makes another history with the same key."""

    def __init__(self, origin: str, key: Ed25519PrivateKey | None = None, size: int = 1) -> None:
        self.origin = origin
        self.key = key or Ed25519PrivateKey.generate()
        self.held = [entries.genesis(origin)]
        self.grow(size - 1)

    @property
    def vkey(self) -> Vkey:
        return notes.vkey(self.origin, self.key)

    @property
    def size(self) -> int:
        return len(self.held)

    def grow(self, more: int) -> "Log":
        self.held += [
            entry_of(1, hashlib.sha256(f"{self.origin} {next(_NUMBERS)}".encode()).digest())
            for _ in range(more)
        ]
        return self

    def forked(self, at: int, size: int) -> "Log":
        other = Log(self.origin, self.key)
        other.held = self.held[:at]
        return other.grow(size - at)

    def signed(self, size: int | None = None, key: Ed25519PrivateKey | None = None) -> Note:
        size = self.size if size is None else size
        root = naive_root(self.held[:size]) if size else EMPTY_ROOT
        return notes.checkpoint(self.origin, size, root, key or self.key)

    def proof(self, old: int, size: int | None = None) -> list[bytes]:
        return naive_proof(old, self.held[:size])

    def raw(self, start: int, end: int | None = None) -> bytes:
        return b"".join(self.held[start:end])

    async def note(self) -> Note | None:
        return self.signed() if self.held else None

    async def consistency_proof(self, old_size: int, size: int) -> list[bytes]:
        return self.proof(old_size, size)

    async def entries(self, start: int, end: int) -> bytes:
        return self.raw(start, end)

    async def keys(self) -> list[Vkey]:
        return [self.vkey]


def asking(old: int, proof: Sequence[bytes], note: Note | str) -> bytes:
    """The body of add-checkpoint."""
    return f"old {old}\n{_lines(proof)}\n{note}".encode()


def handing(proof: Sequence[bytes], raw: bytes) -> bytes:
    """The body of add-entries."""
    return f"{_lines(proof)}\n".encode() + raw


def _lines(proof: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
