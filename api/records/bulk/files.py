"""The files of exports, by names nobody guesses.

A file is only ever added to. What of it counts is said in PostgreSQL once it is on the disk, so a
process that dies leaves at most bytes that nobody looks at.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from io import BufferedWriter
from pathlib import Path
from typing import Final
from uuid import UUID

from api.core.crypto import new_token
from api.records.bulk.rules import File
from api.records.folders import Folders

LARGEST: Final = 200_000_000
CHUNK: Final = 256 * 1024

FOLDERS: Final = Folders("exports")
folder_of = FOLDERS.of


class Writer:
    """Writes one export's lines, a file for each type; `known` are those of an earlier try."""

    def __init__(self, export_id: UUID, known: Iterable[File]) -> None:
        self.folder = FOLDERS.made(export_id)
        self.closed = list(known)
        self.open: dict[str, tuple[BufferedWriter, File]] = {}

    def write(self, kind: str, lines: Collection[bytes]) -> None:
        if not lines:
            return
        handle, file = self.open.get(kind) or self._begun(kind)
        size = 0
        for line in lines:
            handle.write(line)
            handle.write(b"\n")
            size += len(line) + 1
        file = File(file.name, kind, file.count + len(lines), file.bytes + size)
        self.open[kind] = handle, file
        if file.bytes >= LARGEST:
            _settle(handle)
            handle.close()
            self.closed.append(file)
            del self.open[kind]

    def settled(self) -> tuple[File, ...]:
        """All files as they are now, once all of that is on the disk."""
        for handle, _ in self.open.values():
            _settle(handle)
        return (*self.closed, *(file for _, file in self.open.values()))

    def close(self) -> None:
        for handle, _ in self.open.values():
            handle.close()

    def _begun(self, kind: str) -> tuple[BufferedWriter, File]:
        name = new_token()
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "ab"), File(name, kind, 0, 0)


def _settle(handle: BufferedWriter) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def pieces(path: Path, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file."""
    with path.open("rb") as file:
        left = size
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
