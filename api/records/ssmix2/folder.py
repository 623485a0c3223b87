"""The files of a storage, as they lie there now."""

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from api.core.settings import SettingFault
from api.records.ssmix2 import path
from api.records.ssmix2.path import Name

MAX_BYTES = 10 * 1024 * 1024


class Found(NamedTuple):
    """A file below the folder. `name` is None for what is no message by its name."""

    relative: str
    name: Name | None
    size: int
    modified_ns: int
    is_file: bool


def check(folder: Path) -> Path:
    """The folder by its whole path. Raises `SettingFault` where there is none."""
    if not folder.is_dir():
        raise SettingFault(f"There is no folder {folder}. Nothing was stored.")
    return folder.resolve()


def count(folder: Path) -> int:
    """All files below, messages or not."""
    return sum(len(files) for _, _, files in os.walk(folder))


def by_patient(folder: Path) -> Iterator[tuple[str, list[Found]]]:
    """Patient by patient, in the order of the tree; "" for what names no patient."""
    found = _walk(str(folder), "")
    for patient, files in groupby(found, key=lambda each: each.name.patient if each.name else ""):
        yield patient, list(files)


def _walk(top: str, below: str) -> Iterator[Found]:
    """Depth first, sorted, so that a patient's files come together. A folder that cannot be read
    hides nothing else; one that was moved away meanwhile is gone."""
    try:
        with os.scandir(os.path.join(top, below)) as entries:
            inside = sorted(entries, key=lambda each: each.name)
    except OSError:
        return
    for entry in inside:
        relative = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(top, relative)
            continue
        try:
            stat = entry.stat()
            is_file = entry.is_file()
        except OSError:
            yield Found(relative, None, 0, 0, is_file=False)
            continue
        name = path.parse(entry.name) if is_file else None
        yield Found(relative, name, stat.st_size, stat.st_mtime_ns, is_file)


def read(folder: Path, found: Found) -> bytes | None:
    """None for what cannot be read, or is larger than any message."""
    try:
        with (folder / found.relative).open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    return body if len(body) <= MAX_BYTES else None
