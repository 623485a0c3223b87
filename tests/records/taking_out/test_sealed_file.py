"""What lies on the disk opens by its key alone, whole or not at all."""

import os
from pathlib import Path

import pytest

from api.records.taking_out.sealed_file import (
    PIECE,
    Broken,
    Writer,
    fresh_key,
    key_of,
    read,
)


def written(path: Path, key: bytes, content: bytes, step: int = 100_000) -> None:
    writer = Writer(path, key)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    assert writer.size == len(content)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5])
def test_what_was_written_is_read_again(tmp_path: Path, size: int) -> None:
    key, content = fresh_key(), os.urandom(size)
    written(tmp_path / "file", key, content)
    assert b"".join(read(tmp_path / "file", key)) == content


def test_nothing_of_it_can_be_read_without_its_key(tmp_path: Path) -> None:
    written(tmp_path / "file", fresh_key(), "山本花子".encode() * 1000)
    assert "山本".encode() not in (tmp_path / "file").read_bytes()
    assert (tmp_path / "file").stat().st_mode & 0o077 == 0
    with pytest.raises(Broken):
        list(read(tmp_path / "file", fresh_key()))


@pytest.mark.parametrize("harm", ["cut", "swapped", "changed", "longer"])
def test_a_file_that_was_tampered_with_does_not_open(tmp_path: Path, harm: str) -> None:
    key, path = fresh_key(), tmp_path / "file"
    written(path, key, os.urandom(3 * PIECE))
    lying = path.read_bytes()
    whole = PIECE + 16
    harmed = {
        "cut": lying[: 2 * whole],
        "swapped": lying[whole : 2 * whole] + lying[:whole] + lying[2 * whole :],
        "changed": bytes([lying[0] ^ 1]) + lying[1:],
        "longer": lying + lying[:whole],
    }[harm]
    path.write_bytes(harmed)
    with pytest.raises(Broken):
        list(read(path, key))


def test_the_files_of_one_job_have_keys_of_their_own() -> None:
    key = fresh_key()
    assert key_of(key, "a") != key_of(key, "b")
    assert key_of(key, "a") == key_of(key, "a")
