"""The console command in a process of its own, as an operator would start it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "api.cli")


def environment(home: Path, port: int, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TSUNAGU_HOME": str(home),
        "PUBLIC_URL": f"http://localhost:{port}",
    } | more


def tsunagu(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs to its end; the bound is for what never ends."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


# For what never comes; a machine busy with others is slow.
PATIENCE_SECONDS = 180


class Running:
    """A command that goes on, a session of its own as in a terminal."""

    def __init__(self, command: str, env: dict[str, str], said: Path) -> None:
        self.url = env["PUBLIC_URL"]
        self._said = said
        with said.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, command],
                env=env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def status(self, path: str) -> int | None:
        """None when nobody answers."""
        try:
            with urlopen(f"{self.url}{path}", timeout=30) as answer:
                return int(answer.status)
        except URLError as error:
            return getattr(error, "code", None)
        except OSError:
            return None

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.status("/health/ready") != 200:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)

    def family(self) -> list[psutil.Process]:
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)

    def kill_everything(self) -> None:
        for each in self.family():
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()


@contextmanager
def running(command: str, env: dict[str, str], said: Path) -> Iterator[Running]:
    """Until the block ends, whatever happens in it."""
    started = Running(command, env, said)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.press_ctrl_c()
