"""A witness as its operator starts it: a process of its own, without a database anywhere."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from api.access_log.verifier import COSIGNATURE, Vkey, parse_vkey
from api.access_log.witnessing.listed import Witness
from tests.access_log.witness.logs import Log
from tests.serving import free_port

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "api.cli", "witness")
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def tsunagu_witness(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Running:
    def __init__(self, store: Path, logs: Sequence[Log], *, port: int | None = None) -> None:
        self.store = store
        self._logs = logs
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/witness/v1"
        self.http = httpx.Client(trust_env=False, timeout=20)
        self.start()

    def start(self) -> "Running":
        keys = [word for log in self._logs for word in ("--log", str(log.vkey))]
        self.said = self.store.with_name(f"{self.store.name}-{self.port}.log")
        with self.said.open("ab") as said:
            self.process = subprocess.Popen(
                [
                    *COMMAND, "serve", "--store", str(self.store), "--mirror",
                    "--listen", f"127.0.0.1:{self.port}", *keys,
                ],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )  # fmt: skip
        return self

    def ready(self) -> "Running":
        for _ in range(600):
            assert self.process.poll() is None, self.said.read_text()
            with suppress(httpx.TransportError):
                if self.http.get(f"{self.url}/key").status_code == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"no witness: {self.said.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=20)

    @property
    def vkey(self) -> Vkey:
        return parse_vkey(self.http.get(f"{self.url}/key").text.strip(), COSIGNATURE)

    @property
    def listed(self) -> Witness:
        return Witness(self.vkey, self.url, is_mirror=True)

    def push(self, body: bytes) -> httpx.Response:
        return self.http.post(f"{self.url}/add-checkpoint", content=body)

    def state(self, log: Log) -> dict[str, object] | None:
        logs = self.http.get(f"{self.url}/state").json()["logs"]
        return next((each for each in logs if each["origin"] == log.origin), None)
