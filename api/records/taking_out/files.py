"""Where the files of taking out and bringing in lie: under the state folder, unread by others."""

import shutil
from collections.abc import Collection, Iterable
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


def lying() -> list[Path]:
    """The folders that are there. To be asked before what is still wanted is: a folder is made
    after its job is said in PostgreSQL, so what is unwanted then belongs to none that comes."""
    root = _root()
    return list(root.iterdir()) if root.is_dir() else []


def sweep(there: Iterable[Path], wanted: Collection[UUID]) -> None:
    """Removes what belongs to no job that is still wanted."""
    names = {str(each) for each in wanted}
    for folder in there:
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return runtime.settings().home / FOLDER
