"""The people of the portal's tests, and a hand on the calendar."""

import asyncpg
import pytest_asyncio

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
        async with admin.transaction():
            await admin.execute(
                "ALTER TABLE account_closing DISABLE TRIGGER closing_is_not_hastened"
            )
            await admin.execute(
                "UPDATE account_closing SET asked_at = asked_at - make_interval(days => $2),"
                " ends_at = ends_at - make_interval(days => $2) WHERE participant_id = $1",
                who.actor.participant_id,
                days,
            )
            await admin.execute(
                "ALTER TABLE account_closing ENABLE ALWAYS TRIGGER closing_is_not_hastened"
            )

    return pass_
