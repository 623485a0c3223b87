"""The people of the portal's tests, and a hand on the calendar."""

import asyncpg
import pytest_asyncio

from tests.access_log.superuser import unguarded
from tests.conftest import Deployment
from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    open_browser,
    pharmacy,
    sato,
    ueda,
    yumi,
)
from tests.portal.scene import Visitor
from tests.proxies.conftest import pair, taro

__all__ = [
    "browsers",
    "clinic",
    "hanako",
    "open_browser",
    "pair",
    "pharmacy",
    "sato",
    "taro",
    "ueda",
    "yumi",
]


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def days_pass(admin: asyncpg.Connection):
    """Only whoever owns the server can turn the calendar."""

    async def pass_(who: Visitor, days: int) -> None:
        await unguarded(
            admin,
            f"UPDATE account_closing SET asked_at = asked_at - interval '{days:d} days',"
            f" ends_at = ends_at - interval '{days:d} days'"
            f" WHERE participant_id = '{who.actor.participant_id}'",
        )

    return pass_
