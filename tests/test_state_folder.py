"""The tests' own server stands in memory where there is room, and leaves nothing there for long."""

import os
from pathlib import Path

import pytest

from tests import conftest

DEAD_PID = 2**31 - 1


def folder(place: Path, pid: int) -> Path:
    made = place / f"{conftest.PREFIX}{pid}-x"
    (made / "postgres").mkdir(parents=True)
    return made


@pytest.mark.parametrize(("room", "is_there"), [(0, True), (1 << 62, False)])
def test_what_a_killed_run_left_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, is_there: bool
) -> None:
    monkeypatch.setattr(conftest, "MEMORY", tmp_path)
    monkeypatch.setattr(conftest, "ROOM", room)
    left, used = folder(tmp_path, DEAD_PID), folder(tmp_path, os.getpid())
    assert conftest.place_of_state() == (tmp_path if is_there else None)
    assert not left.exists()
    assert used.exists()


def test_where_memory_is_no_place_it_is_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "MEMORY", Path("/nowhere"))
    assert conftest.place_of_state() is None
