"""A second deployment: its own database, keys and state folder, on the same server."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api.core import database as core_database
from api.core import runtime
from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import Settings
from api.directory import service as directory
from tests.conftest import Deployment


async def provisioned(here: Deployment, home: Path) -> Deployment:
    """Roles belong to the whole server, and so do their passwords; every other key is its own."""
    folder = home / "keys"
    folder.mkdir(parents=True)
    for each in here.keys.folder.glob("*.password"):
        shutil.copy(each, folder / each.name)
    keys = KeyRing(folder)
    admin_dsn = await ensure_database(here.admin_dsn, "tsunagu_elsewhere")
    await provision(admin_dsn, keys)
    settings = Settings(home=home, database_url=admin_dsn, is_demo=True)
    return Deployment(settings, keys, admin_dsn, app_dsn(admin_dsn, keys))


@asynccontextmanager
async def serving(there: Deployment, here: Deployment) -> AsyncIterator[None]:
    """All services speak to the other deployment until the end."""
    await _turn_to(there)
    try:
        yield
    finally:
        await _turn_to(here)


async def _turn_to(deployment: Deployment) -> None:
    await core_database.close_database()
    runtime.start(deployment.settings, deployment.keys)
    await core_database.open_database(deployment.app_dsn, deployment.keys)
    await directory.adopt_profile(deployment.settings.profile)
