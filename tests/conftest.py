"""One real PostgreSQL for the whole run, one seeded demo network in it, one loop for all tests."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from litestar import Litestar

from api import demo
from api.app import create_app
from api.core import database as core_database
from api.core import embedded, runtime
from api.core.actor import Actor, ActorKind
from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import Settings
from api.directory import service as directory
from tests.serving import Kept, Served


@dataclass(frozen=True)
class Deployment:
    """A provisioned database and the settings that lead to it."""

    settings: Settings
    keys: KeyRing
    admin_dsn: str
    app_dsn: str


# How long a busy machine takes says nothing about a property.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Workers share the files: the longest begin first, or one of them would be left at the end.
LONGEST = (
    "tests/attacks/test_matrix.py",
    "tests/attacks/test_schema.py",
    "tests/portal_shell/test_in_the_browser.py",
    "tests/journeys/test_pages_are_for_everyone.py",
    "tests/portal_shell/test_templates.py",
    "tests/faults/",
    "tests/journeys/",
    "tests/cli/",
)


def pytest_configure() -> None:
    """A run begun in the background ignores Ctrl-C, and so would all it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


# The files with a test that asks the served application something; they come first.
ASKING = pytest.StashKey[frozenset[Path]]()


def pytest_collectstart() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking through it again and again finds nothing."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asking = frozenset(item.path for item in items if "served" in getattr(item, "fixturenames", ()))

    def turn(item: pytest.Item) -> tuple[bool, int]:
        found = (n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path))
        return item.path not in asking, next(found, len(LONGEST))

    config.stash[ASKING] = asking
    items.sort(key=turn)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A state folder PostgreSQL's own user can reach, also when the suite runs as root."""
    folder = Path(tempfile.mkdtemp(prefix="tsunagu-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_dsn(home: Path) -> Iterator[str]:
    """The administrator's DSN of a fresh PostgreSQL, or of TEST_DATABASE_URL's server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    server = embedded.EmbeddedPostgres(home)
    # It is thrown away in the end: nothing in it waits for the disk.
    with mock.patch.dict(embedded.SETTINGS, fsync="off"):
        dsn = server.start()
    yield dsn
    # Nor for a last tidying up of what a whole run wrote.
    server._end(signal.SIGQUIT)


@pytest_asyncio.fixture(scope="session")
async def deployment(home: Path, server_dsn: str) -> Deployment:
    keys = KeyRing(home / "keys")
    admin_dsn = await ensure_database(server_dsn, "tsunagu_tests")
    await provision(admin_dsn, keys)
    settings = Settings(home=home, database_url=admin_dsn, is_demo=True)
    return Deployment(settings, keys, admin_dsn, app_dsn(admin_dsn, keys))


@pytest_asyncio.fixture(scope="session")
async def database(deployment: Deployment) -> AsyncIterator[Deployment]:
    """The application's own pool, open, with the demo's profile adopted."""
    runtime.start(deployment.settings, deployment.keys)
    await core_database.open_database(deployment.app_dsn, deployment.keys)
    await directory.adopt_profile(deployment.settings.profile)
    yield deployment
    await core_database.close_database()


@pytest_asyncio.fixture(scope="session")
async def people(database: Deployment) -> dict[str, demo.Cast]:
    """The seeded cast by key: sato, ito, mori, ueda, hanako, yumi, taro."""
    await demo.seed(database.settings.home)
    return {person.key: person for person in demo.cast(database.settings.home)}


@pytest.fixture(scope="session")
def app(database: Deployment) -> Litestar:
    """The wired application on the open pool (its lifespan is for real servers)."""
    return create_app(database.settings, database.keys, database.app_dsn)


@pytest_asyncio.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


def acting(person: demo.Cast) -> Actor:
    """The participant of the cast as a signed-in actor."""
    return Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=person.account_id,
        participant_id=person.person_id,
        name=person.name,
    )


@pytest.fixture(scope="session")
def kept_server() -> Iterator[Kept]:
    """The served application, for the files that ask it."""
    kept = Kept()
    yield kept
    kept.end()


@pytest.fixture(scope="module", autouse=True)
def alone(request: pytest.FixtureRequest, kept_server: Kept) -> None:
    """Where nobody asks the served application, nothing in its background takes up, sweeps or sends
    what a test has just made."""
    if request.path not in request.config.stash[ASKING]:
        kept_server.end()


@pytest.fixture(scope="module")
def served(kept_server: Kept, database: Deployment, people: dict[str, demo.Cast]) -> Served:
    """The application in its own process, on the seeded demo network."""
    return kept_server.served(database.settings.home, database.app_dsn)
