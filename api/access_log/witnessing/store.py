"""A witness's memory: one folder, no database.

`name` and `witness.pem` make its key. Below `logs/`, called by the SHA-256 of the origin:
`<log>.note`, the newest checkpoint with the witness's own cosignature; `<log>.fork`, the first
other one that the log signed for the same size; `<log>.lock`; and of a mirror `<log>.entries`, 34
bytes each, with `<log>.mirrored`, how many of them are proven and their root.

Invariants: a file that counts is replaced whole, and is on the disk with its folder before any
answer that rests on it. The lock is held from reading to replacing, by threads and processes alike.
Bytes of `entries` past the proven ones were never confirmed to anybody and are written over.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log.transparency import notes
from api.access_log.transparency.entries import WIDTH
from api.access_log.verifier import (
    COSIGNATURE,
    Forged,
    Malformed,
    Note,
    SignatureLine,
    Vkey,
    cosigned_at,
    decimal,
    from_base64,
    is_key_name,
    parse_checkpoint,
    parse_note,
    sha256,
    to_base64,
)
from api.access_log.witnessing.frontier import Frontier
from api.access_log.witnessing.rules import MOST_ENTRIES, Known
from api.core.crypto import fresh_pem, private_key
from api.core.settings import SettingFault

WHAT_TO_DO: Final = (
    "Leave the folder as it is for whoever looks into it, and start a new witness, with a new key, "
    "in an empty one. Never put an older copy in its place: a witness that has forgotten what it "
    "signed proves nothing (docs/how-to/run-a-witness.md)."
)
SEND_AGAIN: Final = (
    "Remove this file and the one ending in .mirrored: the log sends its entries again."
)


class Store:
    """Raises `SettingFault` where the folder is not what a witness left there."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self._folder = folder
        self._logs = folder / "logs"
        self._edges: dict[str, Frontier] = {}
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder / "witness.lock"):
            self.name, self._key = self._identity(name)

    def _identity(self, name: str | None) -> tuple[str, Ed25519PrivateKey]:
        name_file, key_file = self._folder / "name", self._folder / "witness.pem"
        if not key_file.exists():
            if any(self._logs.glob("*.note")):
                raise SettingFault(
                    f"{key_file} is missing, and there are checkpoints. {WHAT_TO_DO}"
                )
            chosen = name or f"{os.uname().nodename}/witness"
            if not is_key_name(chosen):
                raise SettingFault(f"A witness's name has no spaces and no plus: not {chosen!r}.")
            _replace(name_file, chosen.encode())
            _replace(key_file, fresh_pem())
        try:
            kept = name_file.read_text().strip()
            key = private_key(key_file.read_bytes())
        except (FileNotFoundError, ValueError, TypeError) as error:
            raise SettingFault(f"{self._folder} has no whole key. {WHAT_TO_DO}") from error
        if name not in (None, kept) or not is_key_name(kept):
            raise SettingFault(
                f"The witness in {self._folder} is called {kept!r}, and a key keeps its name: "
                "leave --name out, or give another witness another folder."
            )
        return kept, key

    @cached_property
    def vkey(self) -> Vkey:
        return notes.vkey(self.name, self._key, COSIGNATURE)

    def cosignature(self, text: str, seconds: int) -> SignatureLine:
        return notes.cosignature_line(text, self.name, self._key, seconds)

    def check(self) -> None:
        """Reads everything once: a start on what is broken would end in a lie."""
        for path in sorted(self._logs.glob("*.note")):
            note = self._note(path)
            origin = parse_checkpoint(note.text).origin
            if path.stem != _stem(origin):
                raise SettingFault(f"{path} is the file of another log. {WHAT_TO_DO}")
            with self.log(origin) as log:
                log.mirrored()
        for path in sorted(self._logs.glob("*.mirrored")):
            if not path.with_suffix(".note").exists():
                raise SettingFault(f"{path.with_suffix('.note')} is missing. {WHAT_TO_DO}")

    def origins(self) -> list[str]:
        """Of the logs with a checkpoint here."""
        texts = [self._note(path).text for path in self._logs.glob("*.note")]
        return sorted(parse_checkpoint(text).origin for text in texts)

    @contextmanager
    def log(self, origin: str) -> Iterator["KeptLog"]:
        """What is kept of one log, for nobody else as long as the block lasts."""
        base = self._logs / _stem(origin)
        with _locked(base.with_suffix(".lock")):
            yield KeptLog(self, origin, base)

    def _note(self, path: Path) -> Note:
        """The witness's own cosignature proves that each byte is as it was written."""
        try:
            note = parse_note(path.read_bytes().decode())
            parse_checkpoint(note.text)
            if cosigned_at(note, self.vkey) is not None:
                return note
        except (Malformed, Forged, UnicodeDecodeError):
            pass
        raise SettingFault(f"{path} is damaged. {WHAT_TO_DO}")


class KeptLog:
    """Only while its lock is held."""

    def __init__(self, store: Store, origin: str, base: Path) -> None:
        self._store = store
        self._origin = origin
        self._note = base.with_suffix(".note")
        self._fork = base.with_suffix(".fork")
        self._entries = base.with_suffix(".entries")
        self._mirrored = base.with_suffix(".mirrored")

    def note(self) -> Note | None:
        return self._store._note(self._note) if self._note.exists() else None

    def known(self) -> Known:
        note = self.note()
        if note is None:
            return Known()
        _, size, root = parse_checkpoint(note.text)
        return Known(size, root, cosigned_at(note, self._store.vkey) or 0)

    def keep(self, note: Note) -> None:
        """On the disk when this returns."""
        _replace(self._note, str(note).encode())

    def keep_fork(self, note: Note) -> None:
        """Two checkpoints of one size prove by themselves that the log lied; one pair is enough."""
        if not self._fork.exists():
            _replace(self._fork, str(note).encode())

    def fork(self) -> str | None:
        return self._fork.read_text() if self._fork.exists() else None

    def mirrored(self) -> Frontier:
        """The proven entries' edge; read anew where another process has gone on."""
        if not self._mirrored.exists():
            return Frontier()
        try:
            count, root, end = self._mirrored.read_text().split("\n")
            size, expected = decimal(count), from_base64(root)
            is_whole = not end
        except ValueError:
            is_whole = False
        if not is_whole:
            raise SettingFault(f"{self._mirrored} is damaged. {SEND_AGAIN}")
        edge = self._store._edges.get(self._origin, Frontier())
        if edge.size > size:
            edge = Frontier()
        while edge.size < size:
            more = self.entries(edge.size, min(size - edge.size, MOST_ENTRIES))
            if not more:
                break
            edge = edge.plus(more)
        if edge.size != size or edge.root != expected:
            raise SettingFault(f"{self._entries} is damaged. {SEND_AGAIN}")
        self._store._edges[self._origin] = edge
        return edge

    def append(self, before: Frontier, more: bytes, after: Frontier) -> None:
        """On the disk when this returns; `before` and `after` are the edges around `more`."""
        with _opened(self._entries, os.O_WRONLY | os.O_CREAT) as file:
            os.truncate(file, before.size * WIDTH)
            _write(file, before.size * WIDTH, more)
        _replace(self._mirrored, f"{after.size}\n{to_base64(after.root)}\n".encode())
        self._store._edges[self._origin] = after

    def entries(self, start: int, count: int) -> bytes:
        """As many whole ones as there are, proven or not."""
        try:
            with _opened(self._entries, os.O_RDONLY) as file:
                raw = os.pread(file, count * WIDTH, start * WIDTH)
        except FileNotFoundError:
            return b""
        return raw[: len(raw) - len(raw) % WIDTH]


def _stem(origin: str) -> str:
    return sha256(origin.encode()).hex()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _opened(path, os.O_RDWR | os.O_CREAT) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _replace(path: Path, content: bytes) -> None:
    """The old bytes or the new ones, whatever happens, and the new ones once this returns."""
    draft = path.with_name(f"{path.name}.draft")
    with _opened(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
        _write(file, 0, content)
    draft.replace(path)
    with _opened(path.parent, os.O_RDONLY) as folder:
        os.fsync(folder)


def _write(file: int, offset: int, content: bytes) -> None:
    while content:
        written = os.pwrite(file, content, offset)
        offset, content = offset + written, content[written:]
    os.fsync(file)
