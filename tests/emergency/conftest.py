"""A hospital with ER Dr Mori, a clinic that wrote Hanako's records, and two officers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar

from api.consent.lifecycle import participating
from api.consent.lifecycle.participating import ParticipationRow
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.emergency import service as emergency
from api.emergency.holding import service as holds
from api.emergency.service import Ground, Opened
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor


def ground(**changed: Any) -> Ground:
    said = Ground("unconscious", "路上で倒れていた", "card", datetime.now(UTC))
    return said._replace(**changed)


@pytest.fixture
async def hospital(database: Deployment) -> Place:
    return await scene.place("熊本救命病院", "クマモトキュウメイ", "Kumamoto Emergency", "hospital")


@pytest.fixture
async def clinic(database: Deployment) -> Place:
    return await scene.place("佐藤内科", "サトウナイカ", "Sato Clinic", "clinic")


@pytest.fixture
async def mori(hospital: Place) -> Actor:
    return await scene.professional(hospital, "森 直子", "physician")


@pytest.fixture
async def ueda(database: Deployment) -> Actor:
    return await scene.officer("上田 誠")


@pytest.fixture
async def colleague(database: Deployment) -> Actor:
    return await scene.officer("加藤 恵")


@pytest.fixture
async def browsers(app: Litestar) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def at_a_desk(app: Litestar, browsers: AsyncExitStack):
    async def signed_in(actor: Actor) -> Visitor:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
        return await scene.visitor(await browsers.enter_async_context(client), actor)

    return signed_in


async def joined(name: str, kana: str) -> Actor:
    actor, _ = await scene.participant(name, kana)
    row = ParticipationRow("participating", directory.profile().terms_in_force.version, None)
    async with unit_of_work(actor) as tx:
        await participating.participate_in(tx, actor, row)
    return actor


@pytest.fixture
async def hanako(database: Deployment) -> Actor:
    return await joined("山本 花子", "ヤマモト ハナコ")


@pytest.fixture
async def taro(database: Deployment) -> Actor:
    return await joined("山本 太郎", "ヤマモト タロウ")


@pytest.fixture
async def admin(database: Deployment) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


def who(actor: Actor) -> UUID:
    assert actor.participant_id is not None
    return actor.participant_id


async def opened(mori: Actor, about: Actor) -> Opened:
    return await emergency.open_session(mori, who(about), ground())


DANGER = "家の中の人が端末を見る"


async def held_back(mori: Actor, hanako: Actor, **how: Any) -> Opened:
    """Opened with the wish that the notice wait."""
    return await emergency.open_session(mori, who(hanako), ground(hold=DANGER, **how))


async def held(session: Opened, first: Actor, second: Actor, days: int = 2) -> None:
    """By two officers, until that many days from now."""
    for officer in (first, second):
        await holds.agree(officer, session.session_id, days)


async def wrote(
    at: Place,
    about: Actor,
    category: str,
    title: str,
    *,
    days: int = 0,
    sensitivity: int = 0,
    body: str = "{}",
) -> UUID:
    """A record dated `days` from today."""
    async with unit_of_work(OPERATOR, subject=about.participant_id) as tx:
        await tx.execute(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, title, body)"
            " VALUES (app.subject(), $1, 1, 'Observation', $2, $3, $4,"
            " (now() AT TIME ZONE 'Asia/Tokyo')::date + $5::integer,"
            " $6, $7)",
            record_id := uuid7(),
            category,
            sensitivity,
            at.facility_id,
            days,
            title,
            body,
        )
    return record_id
