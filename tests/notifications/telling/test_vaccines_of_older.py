"""A season of vaccines begins: who is told of Tarō's, who is not, and what is never said."""

import asyncio
from datetime import datetime, timedelta

import pytest

from api.core.clock import JAPAN
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr.immunization import reminding, service
from notifications import planning, rounds
from notifications.planning import Recipient
from tests.notifications.telling.inboxes import id_of, told
from tests.portal.scene import Visitor
from tests.proxies.conftest import Pair

EVENT = "immunisation_due"


@pytest.fixture(autouse=True)
def _season_begins_today(monkeypatch: pytest.MonkeyPatch) -> None:
    today = (this_day().month, this_day().day)
    monkeypatch.setattr(reminding, "SEASON", (today, today))


async def keeps_a_book(who: Visitor) -> None:
    on = this_day() - timedelta(days=500)
    await service.write(who.actor, None, {"vaccine": "influenza", "on": on.isoformat()})


async def went_round() -> None:
    noon = datetime.combine(this_day(), datetime.min.time(), JAPAN).replace(hour=12)
    await rounds.go_round(noon)


async def test_taro_is_told_once_and_neither_of_which_vaccine_nor_of_whom(hearing: Pair):
    await keeps_a_book(hearing.taro)
    await asyncio.gather(*(went_round() for _ in range(2)))
    await went_round()
    (one,) = await told(hearing.taro, EVENT)
    assert "予防接種" in one.title
    for word in ("インフルエンザ", "コロナ", "太郎"):
        assert word not in one.title + one.body
    async with unit_of_work(hearing.taro.actor) as tx:
        row = await tx.fetchrow("SELECT params::text AS params FROM outbox WHERE event = $1", EVENT)
    assert row is not None
    assert row["params"] == "{}"


async def test_yumi_who_may_hears_that_there_is_a_reminder_for_him_and_reads_it_acting(
    hearing: Pair,
):
    await keeps_a_book(hearing.taro)
    await went_round()
    (one,) = await told(hearing.yumi, "of_another")
    assert one.title == "山本 太郎さんへのお知らせ"
    assert "予防接種" not in one.title + one.body
    assert await told(hearing.yumi, EVENT) == []
    await hearing.switch()
    assert "予防接種の時期のお知らせ" in (await hearing.yumi.get("/inbox")).text


async def test_yumi_without_that_power_hears_nothing(pair: Pair):
    await keeps_a_book(pair.taro)
    await went_round()
    assert len(await told(pair.taro, EVENT)) == 1
    assert await told(pair.yumi, "of_another", EVENT) == []


async def test_who_wants_no_reminders_is_rung_by_none_and_finds_it_in_the_inbox(hearing: Pair):
    off = {"kinds": {"reminder": {"push": False, "mail": False}}}
    headers = {"authorization": f"Bearer {hearing.taro.token}"}
    answer = await hearing.taro.browser.patch("/me/notice-preferences", json=off, headers=headers)
    assert answer.status_code == 200
    await keeps_a_book(hearing.taro)
    await went_round()
    assert len(await told(hearing.taro, EVENT)) == 1
    async with unit_of_work(hearing.taro.actor) as tx:
        assert not await tx.fetch("SELECT 1 FROM notice_delivery WHERE event = $1", EVENT)
    channels = frozenset({"fcm", "web_push", "mail", "letter"})
    ways = frozenset({("reminder", "push"), ("reminder", "mail")})
    taro = Recipient(id_of(hearing.taro), "subject", channels, ways)
    now = datetime.now(JAPAN)
    assert planning.plan(EVENT, [taro], now) == []
    assert planning.plan(EVENT, [taro._replace(off=frozenset())], now) != []


async def test_who_keeps_no_book_of_vaccines_is_told_nothing(taro: Visitor):
    await went_round()
    assert await told(taro, EVENT) == []
