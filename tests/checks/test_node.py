"""What pages are judged with is there once, whoever asks for it first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.checks import node


def test_two_that_need_the_packages_at_once_install_them_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    both = threading.Barrier(2)

    def put() -> None:
        begun.append("npm ci")
        folder = tmp_path / "node_modules"
        folder.mkdir()
        (folder / ".package-lock.json").touch()

    def need() -> None:
        both.wait()
        node.install()

    (tmp_path / "package-lock.json").touch()
    monkeypatch.setattr(node, "ROOT", tmp_path)
    monkeypatch.setattr(node, "_ci", put)
    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(need) for _ in range(2)]:
            each.result()
    assert begun == ["npm ci"]
