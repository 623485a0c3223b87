"""A network of its own: what concerns everybody in it must not reach the people of other tests."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest_asyncio
from litestar import Litestar

from api.consent.lifecycle import leaving
from api.core import database as core_database
from api.core.provisioning import app_dsn, ensure_database, provision
from api.directory import service as directory
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Visitor

PROFILES = Path(__file__).parents[2] / "api" / "directory" / "profiles"
KUMAMOTO = PROFILES / "kumamoto_demo.toml"
NEW_TERMS = """
[[terms]]
version = "2027-04"
text = {{ ja = "新しい約束です。", en = "These are new terms." }}
changes = {{ ja = "{changes}", en = "Care services may look too." }}

[retention]"""

Newest = Callable[[], Awaitable[str]]
Join = Callable[[str], Awaitable[Visitor]]


@pytest_asyncio.fixture(scope="package")
async def network(database: Deployment, server_dsn: str) -> AsyncIterator[Deployment]:
    """The pool moved to a fresh database, and back again at the end."""
    admin_dsn = await ensure_database(server_dsn, "tsunagu_lifecycle")
    await provision(admin_dsn, database.keys)
    await core_database.close_database()
    await core_database.open_database(app_dsn(admin_dsn, database.keys), database.keys)
    await directory.adopt_profile(KUMAMOTO)
    yield Deployment(database.settings, database.keys, admin_dsn, "")
    await core_database.close_database()
    await core_database.open_database(database.app_dsn, database.keys)
    await directory.adopt_profile(database.settings.profile)


@pytest_asyncio.fixture
async def open_browser(app: Litestar, network: Deployment):
    async with AsyncExitStack() as stack:

        async def opened() -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
            return await stack.enter_async_context(client)

        yield opened


@pytest_asyncio.fixture
async def joined(open_browser) -> Join:
    """Somebody of this name who takes part, at their own browser."""

    async def join(name: str) -> Visitor:
        actor, card = await scene.participant(name, "カナ")
        await leaving.take_part(actor, "participating")
        return await scene.visitor(await open_browser(), actor, card)

    return join


@pytest_asyncio.fixture
async def ueda(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.officer("上田 恵子"))


@pytest_asyncio.fixture
async def newest_terms(network: Deployment, tmp_path: Path) -> AsyncIterator[Newest]:
    """Called, the network's profile comes to end with newer terms; it answers their version."""
    path = tmp_path / "profile.toml"
    text = re.sub(r"(?m)^version = \d+", "version = 1003", KUMAMOTO.read_text("utf-8"), count=1)
    changes = NEW_TERMS.format(changes="介護の事業所も見られるようになります。")
    path.write_text(text.replace("\n[retention]", changes, 1), "utf-8")

    async def adopted() -> str:
        await directory.adopt_profile(path)
        return "2027-04"

    yield adopted
    await directory.adopt_profile(KUMAMOTO)


@pytest_asyncio.fixture
async def new_terms(newest_terms: Newest) -> str:
    return await newest_terms()
