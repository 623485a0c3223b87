"""The committed stylesheet is what its source gives, small, and the check notices a change."""

import gzip
from pathlib import Path

import pytest

from tests.checks.css import COMMITTED, main


def test_the_committed_stylesheet_equals_a_fresh_build() -> None:
    assert main([]) == 0


def test_a_stylesheet_edited_by_hand_is_caught(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = tmp_path / "app.css"
    edited.write_bytes(COMMITTED.read_bytes().replace(b"#fff", b"#ffe", 1))
    assert main([], edited) == 1
    assert "not what its source gives" in capsys.readouterr().out


def test_the_stylesheet_stays_small() -> None:
    css = COMMITTED.read_bytes()
    assert len(css) <= 24_500
    assert len(gzip.compress(css)) <= 6_500
