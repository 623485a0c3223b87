"""Scans lying in a folder or in one zip file, fetched by the plain name a list gives them."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

MOST_BYTES: Final = 10_000_000

# What a zip made by hand, or broken on the way, raises.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
# Others unpack into as much memory as the file asks for.
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

Scans = Callable[[str], bytes | None]


class NotAnArchive(ValueError):
    """What was given is no zip file, or one that cannot be read."""


def in_folder(folder: Path) -> Scans:
    """None for a name that is not there, is no file of this folder, or is too large."""
    root = folder.resolve()

    def fetch(name: str) -> bytes | None:
        path = root / name
        if path.parent != root or path.is_symlink() or not path.is_file():
            return None
        return path.read_bytes() if path.stat().st_size <= MOST_BYTES else None

    return fetch


def in_archive(archive: IO[bytes]) -> Scans:
    """Folders inside the archive do not count; a name that is there twice is not there."""
    try:
        zipped = zipfile.ZipFile(archive)
    except _BROKEN as error:
        raise NotAnArchive from error
    entries: dict[str, zipfile.ZipInfo | None] = {}
    for entry in zipped.infolist():
        if not entry.is_dir():
            name = entry.filename.rpartition("/")[2]
            entries[name] = None if name in entries else entry

    def fetch(name: str) -> bytes | None:
        entry = entries.get(name)
        if entry is None or entry.file_size > MOST_BYTES or entry.flag_bits & 1:
            return None
        if entry.compress_type not in _PACKED:
            return None
        try:
            with zipped.open(entry) as file:
                content = file.read(MOST_BYTES + 1)
        except _BROKEN:
            return None
        return content if len(content) <= MOST_BYTES else None

    return fetch
