"""A file on the disk that its key alone opens: written and read from front to end, piece by piece.

Each piece is AES-256-GCM under a key of this file alone, bound to its place and to whether it is
the last: a piece left out, moved or cut off is found out before it is handed on.
"""

import hmac
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE: Final = 256 * 1024
_TAG: Final = 16


class Broken(Exception):
    """The file is not what was written under this key."""


def fresh_key() -> bytes:
    """Of a job: each of its files has one of its own, made of it."""
    return os.urandom(32)


def key_of(key: bytes, name: str) -> bytes:
    """The key of one file of a job."""
    return hmac.digest(key, b"tsunagu/1 own file\0" + name.encode(), "sha256")


class Writer:
    """As much of a binary file as those need who only write."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.size = 0
        self._cipher = AESGCM(key)
        self._kept = bytearray()
        self._number = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self._kept += data
        while len(self._kept) > PIECE:
            self._put(bytes(self._kept[:PIECE]), is_last=False)
            del self._kept[:PIECE]
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """What is kept back goes out with its piece."""

    def finish(self) -> None:
        """All of it is on the disk."""
        self._put(bytes(self._kept), is_last=True)
        self._kept.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        self._file.close()

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        nonce, bound = _place(self._number, is_last)
        self._file.write(self._cipher.encrypt(nonce, piece, bound))
        self._number += 1


def read(path: Path, key: bytes) -> Iterator[bytes]:
    """Raises `Broken`; `FileNotFoundError` for a file that is gone."""
    cipher = AESGCM(key)
    with path.open("rb") as file:
        number, following = 0, file.read(PIECE + _TAG)
        while True:
            piece, following = following, file.read(PIECE + _TAG)
            nonce, bound = _place(number, not following)
            try:
                yield cipher.decrypt(nonce, piece, bound)
            except InvalidTag:
                raise Broken from None
            if not following:
                return
            number += 1


def _place(number: int, is_last: bool) -> tuple[bytes, bytes]:
    """A key is of one file, so a piece's number never repeats under it."""
    return number.to_bytes(12, "big"), b"last" if is_last else b"more"
