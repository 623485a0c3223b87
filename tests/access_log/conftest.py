"""Databases for the log's tests: one is provisioned, the others are copies of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest_asyncio

from api.core.crypto import KeyRing
from api.core.provisioning import database_dsn, ensure_database, provision
from tests.access_log.house import LogHouse

TEMPLATE = "tsunagu_log_template"

Build = Callable[[], Awaitable[LogHouse]]


@pytest_asyncio.fixture(scope="session")
async def log_template(home: Path, server_dsn: str) -> KeyRing:
    keys = KeyRing(home / "keys")
    await provision(await ensure_database(server_dsn, TEMPLATE), keys)
    return keys


@pytest_asyncio.fixture
async def log_house(
    log_template: KeyRing, server_dsn: str, tmp_path: Path
) -> AsyncIterator[LogHouse]:
    house = await build_house(log_template, server_dsn, tmp_path)
    yield house
    await pull_down(house, server_dsn)


async def build_house(keys: KeyRing, server_dsn: str, folder: Path) -> LogHouse:
    name = f"tsunagu_log_{uuid4().hex[:12]}"
    server = await asyncpg.connect(server_dsn)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    await server.close()
    dsn = database_dsn(server_dsn, name)
    return LogHouse(name, dsn, keys, folder, await asyncpg.connect(dsn), names=[name])


async def pull_down(house: LogHouse, server_dsn: str) -> None:
    await house.close()
    server = await asyncpg.connect(server_dsn)
    for name in house.names:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await server.close()
