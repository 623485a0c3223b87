"""One world for all tests of reading; a fresh person for each."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from litestar import Litestar

from tests.conftest import Deployment
from tests.records.reading.scene import Emr, Someone, World, make_world, someone


@pytest_asyncio.fixture(scope="session")
async def world(database: Deployment) -> World:
    return await make_world()


@pytest_asyncio.fixture
async def hanako(world: World) -> Someone:
    return await someone(world)


@pytest_asyncio.fixture
async def http(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


@pytest_asyncio.fixture
async def emr(http: httpx.AsyncClient, world: World) -> Emr:
    return Emr(http, await world.emr.token())
