"""The demo's one-time links: once, for a while, and in the demo only."""

import asyncio

import asyncpg
import msgspec
import pytest
from litestar import Litestar

from api import demo
from api.app import create_app
from api.core import runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import SettingFault
from api.identity import demo_door
from api.identity import service as identity
from api.identity.enrolling import intake, look_alikes, registered
from api.identity.enrolling.insurance import parse_insurer
from api.identity.errors import DemoLinkGone
from tests.conftest import Deployment
from tests.identity.conftest import Paper


@pytest.fixture
async def link(hanako: Paper) -> str:
    await demo_door.declare_deployment(is_demo=True)
    account_id = uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=hanako.participant_id
    )
    return await demo_door.make_demo_link(account_id)


async def test_a_link_signs_in_once(hanako: Paper, link: str):
    answers = await asyncio.gather(
        *(demo_door.redeem_demo_link(link) for _ in range(4)), return_exceptions=True
    )
    opened = [answer for answer in answers if not isinstance(answer, Exception)]
    assert len(opened) == 1
    actor = await identity.actor_of(opened[0].token)
    assert actor.participant_id == hanako.participant_id
    with pytest.raises(DemoLinkGone):
        await demo_door.redeem_demo_link(link)


async def test_a_link_of_yesterday_is_gone(link: str, admin: asyncpg.Connection):
    await admin.execute("UPDATE demo_sign_in SET expires_at = now()")
    with pytest.raises(DemoLinkGone):
        await demo_door.redeem_demo_link(link)


async def test_a_demo_cannot_become_a_production_service(link: str):
    with pytest.raises(SettingFault, match="was made as a demo"):
        await demo_door.declare_deployment(is_demo=False)


async def test_postgresql_refuses_the_door_in_a_production_database(
    database: Deployment, server_dsn: str
):
    admin_dsn = await ensure_database(server_dsn, "tsunagu_tests_production")
    await provision(admin_dsn, database.keys)
    connection = await asyncpg.connect(app_dsn(admin_dsn, database.keys))
    try:
        await connection.execute(
            "INSERT INTO deployment (kind) VALUES ('production') ON CONFLICT DO NOTHING"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="demo door"):
            await connection.execute(
                "INSERT INTO demo_sign_in (token_hash, account_id, expires_at)"
                " VALUES (sha256('x'), uuidv7(), now() + interval '1 hour')"
            )
    finally:
        await connection.close()


async def test_outside_the_demo_the_door_has_no_route_and_no_use(
    link: str, database: Deployment, app: Litestar
):
    settings = msgspec.structs.replace(database.settings, is_demo=False)
    try:
        production = create_app(settings, database.keys, database.app_dsn)
        with pytest.raises(NotFound):
            await demo_door.redeem_demo_link(link)
    finally:
        runtime.start(database.settings, database.keys)
    assert _demo_routes(production) == []
    assert len(_demo_routes(app)) == 11


def _demo_routes(app: Litestar) -> list[str]:
    return [route.path for route in app.routes if route.path.startswith("/demo")]


async def test_the_demo_has_an_insurance_two_officers_and_a_pair_that_looks_alike(
    people: dict[str, demo.Cast],
):
    hanako = people["hanako"]
    herself = Actor(
        kind=ActorKind.PARTICIPANT, account_id=hanako.account_id, participant_id=hanako.person_id
    )
    said = await registered.registration(herself)
    assert said is not None
    assert (said.insurer, said.insurance_symbol) == ("99999997", "デモ")
    assert parse_insurer(said.insurer) == said.insurer
    assert people["second"].role == people["ueda"].role == "support"
    officer = Actor(kind=ActorKind.SUPPORT, account_id=people["second"].account_id)
    pairs, page = [], 1
    while found := (await look_alikes.waiting(officer, page=page))[0]:
        pairs += [(each.newer.name, each.older.name, each.why) for each in found]
        page += 1
    assert ("山本 多朗", "山本 太郎", ("kana",)) in pairs
