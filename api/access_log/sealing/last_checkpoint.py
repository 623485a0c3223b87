"""The newest signed checkpoint once more, outside the database: what a rolled-back one cannot undo.

Invariant: it is on the disk before the database has it, so no checkpoint that anybody saw is newer.
"""

import os
from pathlib import Path
from typing import Final

PLACE: Final = Path("log") / "last_checkpoint"


def read(home: Path) -> str | None:
    try:
        return (home / PLACE).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def write(home: Path, note: str) -> None:
    replace(home / PLACE, note)


def replace(path: Path, text: str) -> None:
    """Wholly or not at all, and on the disk when it returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
