"""Yumi hears of what is told to Tarō while she may, with his name and nothing of what it says."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.emergency import service as emergency
from api.emergency.service import Ground
from api.proxies import counter, safety, service
from notifications import service as notifications
from tests.conftest import Deployment
from tests.notifications.telling.inboxes import id_of, told
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.proxies.conftest import WEEK, Pair, paper

OTHERS = ("of_another", "emergency_of_another")


@pytest_asyncio.fixture
async def mori(database: Deployment) -> Actor:
    hospital = await scene.place("熊本救命病院", "クマモトキュウメイ", "Kumamoto ER", "hospital")
    return await scene.professional(hospital, "森 直子", "physician")


async def opened(mori: Actor, about: Visitor) -> None:
    ground = Ground("unconscious", "路上で倒れていた", "card", datetime.now(UTC))
    await emergency.open_session(mori, id_of(about), ground)


async def asked(about: Visitor) -> None:
    """Something is told to somebody that is neither of keys nor of proxies."""
    async with unit_of_work(about.actor) as tx:
        await notifications.enqueue(tx, "number_asked", facility={"ja": "肝臓病院", "en": "Liver"})


async def deliveries(who: Visitor) -> list[dict[str, Any]]:
    async with unit_of_work(who.actor) as tx:
        rows = await tx.fetch("SELECT subject_id, event, channel FROM notice_delivery")
    return [dict(row) for row in rows]


async def test_yumi_reads_in_her_own_inbox_whose_it_is_and_of_which_kind(hearing: Pair):
    await asked(hearing.taro)
    assert any("肝臓病院" in each.body for each in await told(hearing.taro))
    (one,) = await told(hearing.yumi, *OTHERS)
    assert one.title == "山本 太郎さんへのお知らせ"
    assert "「記録を見る人のこと」" in one.body
    assert "肝臓病院" not in one.body
    await hearing.switch()
    assert "肝臓病院" in (await hearing.yumi.get("/inbox")).text


async def test_of_an_emergency_she_hears_at_once(hearing: Pair, mori: Actor):
    await opened(mori, hearing.taro)
    (one,) = await told(hearing.yumi, *OTHERS)
    assert one == ("emergency_of_another", one.title, one.body)
    assert "山本 太郎さん" in one.title
    assert "森" not in one.body
    assert "意識" not in one.body


async def test_without_the_power_she_hears_nothing(pair: Pair, mori: Actor):
    await asked(pair.taro)
    await opened(mori, pair.taro)
    assert await told(pair.yumi, *OTHERS) == []


async def test_of_keys_and_of_other_proxies_she_hears_nothing(hearing: Pair):
    await told(hearing.yumi)
    async with unit_of_work(hearing.taro.actor) as tx:
        await notifications.enqueue(tx, "password_set")
        await notifications.enqueue(tx, "proxy_ended", by="山本 次郎")
    assert {"password_set", "proxy_ended"} <= {each.event for each in await told(hearing.taro)}
    assert await told(hearing.yumi, *OTHERS) == []


async def test_once_ended_she_is_told_nothing_more_not_even_what_was_on_its_way(
    hearing: Pair, mori: Actor
):
    await opened(mori, hearing.taro)
    await service.end(hearing.taro.actor, hearing.proxy_id)
    assert await told(hearing.yumi, *OTHERS) == []
    assert id_of(hearing.taro) not in {
        each["subject_id"] for each in await deliveries(hearing.yumi)
    }


async def test_once_he_uses_it_alone_nobody_is_told(hearing: Pair, mori: Actor):
    await asked(hearing.taro)
    await safety.go_safe(hearing.taro.actor)
    await opened(mori, hearing.taro)
    assert await told(hearing.yumi, *OTHERS) == []


async def test_an_emergency_of_who_uses_it_alone_is_opened_and_told_without_a_name(
    taro: Visitor, mori: Actor
):
    await safety.go_safe(taro.actor)
    await opened(mori, taro)
    (one,) = await told(taro, "emergency_opened")
    assert one.title == "緊急の閲覧がありました"
    assert "森" not in one.body
    assert "熊本救命病院" not in one.body


async def test_who_uses_it_alone_reads_no_name_of_whom_they_act_for(hearing: Pair):
    await safety.go_safe(hearing.yumi.actor)
    await asked(hearing.taro)
    assert await told(hearing.yumi, *OTHERS) == []
    assert "山本 太郎" not in "".join(each.body for each in await told(hearing.yumi, "quiet"))


async def test_who_was_named_for_an_emergency_hears_of_that_alone(
    taro: Visitor, yumi: Visitor, ueda: Visitor, mori: Actor
):
    wish = paper(taro, yumi, kind="emergency_nominee", powers=frozenset({"view"}))
    await counter.witness(ueda.actor, wish, today=clock.today_in_japan() - WEEK)
    (one,) = (await service.mine(taro.actor)).mine
    await counter.confirm(await scene.officer("第二 担当"), taro.actor.participant_id, one.proxy_id)
    await asked(taro)
    assert await told(yumi, *OTHERS) == []
    await opened(mori, taro)
    (heard,) = await told(yumi, *OTHERS)
    assert heard.event == "emergency_of_another"


async def test_fanned_out_twice_it_is_told_once(hearing: Pair, admin: Any):
    await asked(hearing.taro)
    await told(hearing.yumi)
    notice: UUID = await admin.fetchval(
        "UPDATE outbox SET delivered_at = NULL WHERE participant_id = $1"
        " AND event = 'number_asked' RETURNING notice_id",
        id_of(hearing.taro),
    )
    before = await deliveries(hearing.taro)
    assert notice
    assert len(await told(hearing.yumi, *OTHERS)) == 1
    assert len(await told(hearing.taro, "number_asked")) == 1
    assert await deliveries(hearing.taro) == before


@pytest.mark.parametrize("who", ["taro", "yumi", "ueda"])
async def test_who_is_told_of_whom_is_for_the_service_alone(hearing: Pair, who: str):
    actor = {"taro": hearing.taro.actor, "yumi": hearing.yumi.actor, "ueda": hearing.ueda}[who]
    async with unit_of_work(actor, subject=id_of(hearing.taro)) as tx:
        rows = await tx.fetch("SELECT * FROM notifications_recipients($1)", [id_of(hearing.taro)])
    assert rows == []
