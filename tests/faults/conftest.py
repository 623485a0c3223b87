"""A demo of its own, in processes of its own, on a PostgreSQL that may be killed."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest

from api import demo
from api.core.embedded import EmbeddedPostgres
from api.core.provisioning import database_dsn
from api.core.settings import Settings
from tests.cli.console import Running, environment
from tests.serving import free_port

# Also on a machine that is busy with others.
PATIENCE_SECONDS = 120


@dataclass
class House:
    """`app` is what serves now; the database is embedded in `home`."""

    home: Path
    env: dict[str, str]
    app: Running
    postgres: EmbeddedPostgres
    starts: int = 0

    def start_app(self) -> None:
        self.starts += 1
        self.app = Running("demo", self.env, self.home.parent / f"said-{self.starts}")
        self.app.wait_until_ready()

    def kill_app(self) -> None:
        """The console command and its workers, not the database."""
        postmaster = self.postmaster()
        for each in self.app.family():
            with suppress(psutil.NoSuchProcess):
                # A backend may have come this moment: whose it is is asked last.
                if postmaster.pid not in (each.pid, each.ppid()):
                    each.kill()
        self.app.process.wait()

    def kill_postgres(self) -> None:
        """The postmaster first, and every process of it."""
        postmaster = self.postmaster()
        for each in (postmaster, *postmaster.children()):
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue

    def stop_postgres(self) -> None:
        """As its operator would, though the application is still connected."""
        postmaster = self.postmaster()
        postmaster.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        with suppress(psutil.NoSuchProcess):  # between the two questions
            while postmaster.is_running() and postmaster.status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def postmaster(self) -> psutil.Process:
        path = self.home / "postgres" / "data" / "postmaster.pid"
        return psutil.Process(int(path.read_text().split("\n", 1)[0]))

    async def admin(self) -> asyncpg.Connection:
        dsn = await asyncio.to_thread(self.postgres.start)
        return await asyncpg.connect(database_dsn(dsn, "tsunagu"))

    def token(self, person: str, scope: str = "system/*.read") -> str:
        settings = Settings(home=self.home, public_url=self.app.url)
        return demo.fetch_token(settings, person, scope)

    def people(self) -> dict[str, demo.Cast]:
        return {each.key: each for each in demo.cast(self.home)}


@contextmanager
def standing(folder: Path) -> Iterator[House]:
    home = folder / "home"
    env = environment(home, free_port())
    app = Running("demo", env, folder / "said-0")
    app.wait_until_ready()
    house = House(home, env, app, EmbeddedPostgres(home))
    yield house
    if house.app.process.poll() is None:
        house.app.press_ctrl_c()
    house.postgres.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory.mktemp("house")) as house:
        yield house
