"""One worker of the real application in its own process, with plain routes to compare with."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import asyncpg
import psutil
from litestar import Litestar, Response, get

from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import Settings

UNAUDITED = """
SELECT string_agg('{"fullUrl":"' || $3 || '/' || resource_type || '/' || record_id
  || '","resource":' || body || ',"search":{"mode":"match"}}', ',' ORDER BY record_id DESC)
FROM record WHERE participant_id = $1 AND resource_type = $2 AND is_current
"""


class Place(NamedTuple):
    """Where a benchmark's deployment lives."""

    settings: Settings
    keys: KeyRing
    admin_dsn: str
    app_dsn: str


@contextmanager
def place() -> Iterator[Place]:
    """A fresh PostgreSQL with the settings of production, and a free port."""
    with tempfile.TemporaryDirectory(prefix="tsunagu-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = EmbeddedPostgres(home)
        try:
            admin_dsn = asyncio.run(ensure_database(server.start(), "bench"))
            keys = KeyRing(home / "keys")
            asyncio.run(provision(admin_dsn, keys))
            settings = Settings(
                home=home, public_url=f"http://localhost:{_free_port()}", database_url=admin_dsn
            )
            yield Place(settings, keys, admin_dsn, app_dsn(admin_dsn, keys))
        finally:
            server.stop()


@contextmanager
def serving(where: Place, *, workers: int = 1) -> Iterator[psutil.Process]:
    """The worker process, or the largest of them, while they serve."""
    environment = os.environ | {
        "TSUNAGU_HOME": str(where.settings.home),
        "PUBLIC_URL": where.settings.public_url,
        "DATABASE_URL": where.admin_dsn,
        "APP_DATABASE_URL": where.app_dsn,
    }
    with Path(where.settings.home, "server.log").open("w") as said:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "asgi", "--factory",
                "--workers", str(workers), "--host", "127.0.0.1", "--no-ws",
                "--log-level", "warning", "--port", str(where.settings.port),
                "benchmarks.server:compared",
            ],
            env=environment, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            _await(where.settings.public_url)
            children = psutil.Process(process.pid).children()
            yield max(children, key=lambda each: each.memory_info().rss)
        finally:
            process.terminate()
            process.wait(timeout=20)


def compared() -> Litestar:
    """The application with two routes beside it: hello, and the same rows with nothing asked."""
    from api.app import app_from_environment
    from api.identity.guards import anyone, systems_that_read

    pool: list[asyncpg.Pool] = []
    opening = asyncio.Lock()

    @get("/fhir/bench/hello", guards=[anyone], opt={"door": "fhir"}, include_in_schema=False)
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @get(
        "/fhir/bench/unaudited/{kind:str}/{patient:uuid}",
        guards=[systems_that_read],
        opt={"door": "fhir"},
        include_in_schema=False,
    )
    async def unaudited(kind: str, patient: UUID) -> Response[bytes]:
        async with opening:
            if not pool:
                pool.append(
                    await asyncpg.create_pool(
                        os.environ["DATABASE_URL"], min_size=16, max_size=16, reset=_no_reset
                    )
                )
        base = f"{os.environ['PUBLIC_URL']}/fhir/R4"
        entries = await pool[0].fetchval(UNAUDITED, patient, kind, base)
        body = f'{{"resourceType":"Bundle","type":"searchset","entry":[{entries or ""}]}}'
        return Response(body.encode(), media_type="application/fhir+json")

    app = app_from_environment()
    app.register(hello)
    app.register(unaudited)
    return app


async def _no_reset(_: asyncpg.Connection) -> None:
    return None


def _await(url: str) -> None:
    for _ in range(300):
        try:
            with urlopen(f"{url}/health/ready", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
