"""The real application in a process of its own, on the run's database, for tests from outside."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen


class Served(NamedTuple):
    """`url` is what people would type; `log` holds all the server said."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]


# Below those the system gives away by itself: none of ours is taken between choosing and serving.
PORTS = range(12_000, 32_000)
# Also on a machine that is busy with others.
READY_SECONDS = 180
# Each answer of it: httpx alone gives up after five.
ANSWER_SECONDS = 120


def free_port() -> int:
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def serving(
    home: Path,
    app_dsn: str,
    *,
    is_demo: bool = True,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """One worker, until the block ends. `settings`: more of its environment."""
    port = port or free_port()
    log = home / f"server-{port}.log"
    environment = (
        os.environ
        | {
            "TSUNAGU_HOME": str(home),
            "PUBLIC_URL": f"http://localhost:{port}",
            "APP_DATABASE_URL": app_dsn,
            "TSUNAGU_DEMO": "1" if is_demo else "",
        }
        | dict(settings or {})
    )
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"],
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            served = Served(f"http://localhost:{port}", log, process)
            _wait_until_ready(served)
            yield served
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


class Kept:
    """One server for all who ask while it is kept; once ended, the next who asks begins another."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._served: Served | None = None

    def served(self, home: Path, app_dsn: str) -> Served:
        if self._served is None:
            self._served = self._stack.enter_context(serving(home, app_dsn))
        return self._served

    def end(self) -> None:
        self._stack.close()
        self._served = None


def _wait_until_ready(served: Served) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        try:
            with urlopen(f"{served.url}/health/ready", timeout=10):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{served.log.read_text()[-4000:]}")
