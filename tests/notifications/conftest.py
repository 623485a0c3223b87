"""One house of notices for a file's stories, empty of notices at each one's beginning."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.conftest import Deployment
from tests.notifications.house import House, notice_house


@pytest_asyncio.fixture(scope="module")
async def whole_house(
    deployment: Deployment, server_dsn: str, tmp_path_factory
) -> AsyncIterator[House]:
    home: Path = tmp_path_factory.mktemp("notices")
    async with notice_house(server_dsn, deployment.keys, home) as house:
        yield house


@pytest_asyncio.fixture
async def house(whole_house: House) -> AsyncIterator[House]:
    yield whole_house
    whole_house.stop_all()
    whole_house.sinks.chaos = 0.0
    whole_house.sinks.token_behaviour = None
    await whole_house.admin.execute(
        "TRUNCATE outbox, inbox_notice, notice_delivery, push_token, push_subscription,"
        " mail_address, jobs.pgqueuer, jobs.pgqueuer_log"
    )
    whole_house.log.write_bytes(b"")
