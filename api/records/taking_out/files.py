"""Where the files of taking out and bringing in lie: under the state folder, unread by others."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final
from uuid import UUID

from api.core import runtime

FOLDER: Final = "own-files"


def folder_of(job_id: UUID) -> Path:
    return _root() / str(job_id)


def made(job_id: UUID) -> Path:
    """The job's folder, empty: what an earlier try left is of no use."""
    folder = folder_of(job_id)
    _root().mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def remove(job_id: UUID) -> None:
    shutil.rmtree(folder_of(job_id), ignore_errors=True)


def sweep(wanted: Collection[UUID]) -> None:
    """Removes what belongs to no job that is still wanted."""
    root, names = _root(), {str(each) for each in wanted}
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return runtime.settings().home / FOLDER
