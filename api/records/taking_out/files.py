"""Where the files of taking out and bringing in lie."""

from pathlib import Path
from typing import Final
from uuid import UUID

from api.records.folders import Folders

FOLDERS: Final = Folders("own-files")
folder_of = FOLDERS.of
remove = FOLDERS.remove


def made(job_id: UUID) -> Path:
    """The job's folder, empty: what an earlier try left is of no use."""
    remove(job_id)
    return FOLDERS.made(job_id)
