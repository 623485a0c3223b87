"""Keys are made once, kept apart, wrapped all the way up, and gone when they are destroyed."""

import asyncio
from collections import OrderedDict
from types import SimpleNamespace
from uuid import UUID

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from api.access_log import erasing, keystore
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import runtime
from api.core.actor import OPERATOR, Actor
from api.core.crypto import TENANT, unwrapped
from api.core.database import unit_of_work
from api.core.settings import SettingFault
from tests.conftest import Deployment
from tests.portal import scene


@pytest.fixture
async def hanako(people: object) -> Actor:
    return (await scene.participant("山本 花子", "ヤマモト ハナコ"))[0]


@pytest.fixture
async def taro(people: object) -> Actor:
    return (await scene.participant("山本 太郎", "ヤマモト タロウ"))[0]


async def signs_in(who: Actor) -> None:
    async with unit_of_work(who) as tx:
        await access_log.append(tx, EventName.SIGNED_IN, detail={})


async def stored(admin_dsn: str, who: Actor) -> list[asyncpg.Record]:
    admin = await asyncpg.connect(admin_dsn)
    try:
        return await admin.fetch(
            "SELECT version, wrapped FROM keystore.participant_key"
            " WHERE participant_id = $1 AND purpose = 'log' ORDER BY version",
            who.participant_id,
        )
    finally:
        await admin.close()


def held() -> OrderedDict[UUID, keystore.Key]:
    assert keystore._held is not None
    return keystore._held.keys


async def test_a_key_is_made_with_the_first_event_and_stays_the_same(
    hanako: Actor, database: Deployment
):
    assert await stored(database.admin_dsn, hanako) == []
    await signs_in(hanako)
    first = await stored(database.admin_dsn, hanako)
    keystore.forget([hanako.participant_id])
    await signs_in(hanako)
    assert await stored(database.admin_dsn, hanako) == first
    assert [row["version"] for row in first] == [1]


async def test_of_writers_at_once_in_a_new_log_all_seal_under_one_key(
    hanako: Actor, database: Deployment
):
    await asyncio.gather(*(signs_in(hanako) for _ in range(8)))
    assert len(await stored(database.admin_dsn, hanako)) == 1
    rows = (await access_log.page(hanako, count=50)).rows
    assert len(rows) == 8
    assert not any(row.is_erased for row in rows)


async def test_a_key_whose_making_was_rolled_back_is_not_kept(hanako: Actor, database: Deployment):
    async def changes_her_mind() -> None:
        async with unit_of_work(hanako) as tx:
            await access_log.append(tx, EventName.SIGNED_IN, detail={})
            await access_log.append(tx, EventName.SIGNED_OUT, detail={})
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await changes_her_mind()
    assert hanako.participant_id not in held()
    await signs_in(hanako)
    (row,) = (await access_log.page(hanako)).rows
    assert row.event == EventName.SIGNED_IN


async def test_no_more_keys_are_kept_in_memory_than_said(
    hanako: Actor, taro: Actor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keystore, "KEPT_KEYS", 1)
    held().clear()
    for who in (hanako, taro, hanako, taro):
        await signs_in(who)
        assert len(held()) <= 1


async def test_wrapped_keys_open_with_the_master_file_and_only_in_their_own_row(
    hanako: Actor, taro: Actor, database: Deployment
):
    for who in (hanako, taro):
        await signs_in(who)
    admin = await asyncpg.connect(database.admin_dsn)
    wrapped = await admin.fetchval("SELECT wrapped FROM keystore.tenant_key")
    await admin.close()
    tenant = unwrapped(database.keys.log_master, TENANT, wrapped)
    ((_, own),) = await stored(database.admin_dsn, hanako)
    assert hanako.participant_id
    assert taro.participant_id
    name = b"tsunagu/1 log\0"
    assert len(unwrapped(tenant, name + hanako.participant_id.bytes, own)) == 32
    with pytest.raises(InvalidTag):
        unwrapped(tenant, name + taro.participant_id.bytes, own)
    with pytest.raises(InvalidTag):
        unwrapped(database.keys.log_master, name + hanako.participant_id.bytes, own)


async def test_another_master_file_is_noticed_before_anything_is_written(
    hanako: Actor, monkeypatch: pytest.MonkeyPatch, database: Deployment
):
    monkeypatch.setattr(keystore, "_held", None)
    strange = SimpleNamespace(log_master=bytes(32), folder=database.keys.folder)
    monkeypatch.setattr(runtime, "_current", runtime.Runtime(database.settings, strange))  # type: ignore[arg-type]
    with pytest.raises(SettingFault, match=r"log_master\.key"):
        await signs_in(hanako)
    with pytest.raises(SettingFault, match=r"log_master\.key"):
        await access_log.prepare()


async def test_a_worker_that_missed_an_erasure_seals_under_the_new_key(
    hanako: Actor, database: Deployment
):
    await signs_in(hanako)
    await signs_in(hanako)
    assert hanako.participant_id
    missed = held()[hanako.participant_id]
    async with unit_of_work(OPERATOR, subject=hanako.participant_id) as tx:
        await erasing.erase_in(tx, "the time is over")
    held()[hanako.participant_id] = missed
    await signs_in(hanako)
    assert [row["version"] for row in await stored(database.admin_dsn, hanako)] == [2]
    rows = (await access_log.page(hanako)).rows
    assert [(row.number, row.is_erased) for row in rows] == [(3, False), (2, True), (1, True)]


async def test_keys_of_others_are_not_handed_out(hanako: Actor, taro: Actor, database: Deployment):
    for who in (hanako, taro):
        await signs_in(who)
    async with unit_of_work(hanako) as tx:
        rows = await tx.fetch(
            "SELECT participant_id FROM keystore_take_keys($1, $2)",
            [hanako.participant_id, taro.participant_id],
            [b"x", b"y"],
        )
        own = await tx.fetch("SELECT participant_id FROM keystore.participant_key")
    assert [row["participant_id"] for row in rows] == [hanako.participant_id]
    assert [row["participant_id"] for row in own] == [hanako.participant_id]
