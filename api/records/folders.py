"""Folders of jobs: under the state folder, unread by others, each as long as its job is wanted."""

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from api.core import runtime


class Folders(NamedTuple):
    """Of one kind of job, by its name."""

    name: str

    def of(self, job_id: UUID) -> Path:
        return self._root() / str(job_id)

    def made(self, job_id: UUID) -> Path:
        """The job's folder, with what an earlier try left there."""
        folder = self.of(job_id)
        self._root().mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def remove(self, job_id: UUID) -> None:
        shutil.rmtree(self.of(job_id), ignore_errors=True)

    def lying(self) -> list[Path]:
        """The folders that are there. To be asked before what is still wanted is: a folder is made
        after its job is said in PostgreSQL, so what is unwanted then belongs to none that comes."""
        root = self._root()
        return list(root.iterdir()) if root.is_dir() else []

    def sweep(self, there: Iterable[Path], wanted: Collection[UUID]) -> None:
        """Removes what belongs to no job that is still wanted."""
        names = {str(each) for each in wanted}
        for folder in there:
            if folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)

    def _root(self) -> Path:
        return runtime.settings().home / self.name
