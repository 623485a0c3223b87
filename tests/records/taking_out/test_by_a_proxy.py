"""Yumi acts for Tarō: she takes out what she may see of his, in her own name, while she may."""

import asyncpg
import pytest
import pytest_asyncio
from msgspec import structs

from api.core.actor import Actor, Power
from api.core.errors import NotFound
from api.proxies import service as proxies
from api.records.taking_out import files, rules, running, service
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place
from tests.proxies.conftest import Pair, pair, taro, ueda
from tests.records.taking_out import taking

__all__ = ["pair", "taro", "ueda"]


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def acting(pair: Pair) -> Actor:
    assert pair.taro.actor.participant_id is not None
    found = await proxies.acting(pair.yumi.actor, pair.taro.actor.participant_id)
    assert found is not None
    assert found.powers is not None
    assert Power.VIEW in found.powers
    return found


async def test_she_takes_out_his_and_his_log_says_that_it_was_she(
    pair: Pair, clinic: Place
) -> None:
    await scene.wrote(clinic, pair.taro.actor, "condition", "本態性高血圧症")
    actor = await acting(pair)
    body = (await taking.bundle(actor)).decode()
    assert "山本 太郎" in body
    assert "本態性高血圧症" in body
    (event, *_) = await pair.taro.log()
    assert event["event"] == "records:copy:exported"
    assert "由美" in str(event)


async def test_what_she_took_out_is_hers_to_fetch_and_his_own_is_his(pair: Pair) -> None:
    actor = await acting(pair)
    hers = await taking.made(actor, "csv")
    with pytest.raises(NotFound):
        await service.one(pair.taro.actor, hers.export_id)
    his = await taking.made(pair.taro.actor, "csv")
    with pytest.raises(NotFound):
        await service.fetch(actor, his.export_id, "csv")
    assert [each.export_id for each in (await service.listed(actor)).items] == [hers.export_id]


async def test_whose_powers_end_meanwhile_takes_nothing_out(
    pair: Pair, admin: asyncpg.Connection
) -> None:
    actor = await acting(pair)
    export_id = await service.start(actor, "ja", ["csv"])
    await proxies.end(pair.taro.actor, pair.proxy_id)
    for _ in range(rules.MOST_TRIES + 2):
        await taking.background()
        await admin.execute("UPDATE own_export SET leased_until = now() WHERE leased_until > now()")
    with pytest.raises(NotFound):
        await service.listed(actor)
    await running.sweep()
    state = await admin.fetchval("SELECT state FROM own_export WHERE export_id = $1", export_id)
    assert state == "failed", "it is not tried for ever"
    assert not files.folder_of(export_id).exists()


async def test_without_the_power_over_settings_she_gets_none_of_them(
    pair: Pair,
) -> None:
    actor = await acting(pair)
    assert actor.powers is not None
    without = frozenset(actor.powers - {Power.SETTINGS})
    body = (await taking.bundle(actor)).decode()
    assert '"resourceType":"Consent"' in body
    body = (await taking.bundle(structs.replace(actor, powers=without))).decode()
    assert '"resourceType":"Consent"' not in body
