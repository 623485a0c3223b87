"""Yumi is pregnant, and Hanako acts for her: to look, or to write."""

from datetime import timedelta

import pytest_asyncio

from api.core import clock
from api.proxies import counter, service
from tests.portal import conftest as portal
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.proxies.conftest import WEEK, paper

ueda = portal.ueda
HERE = "/book/pregnancy"


async def acts(yumi: Visitor, hanako: Visitor, ueda: Visitor, *powers: str) -> None:
    wish = paper(yumi, hanako, powers=frozenset(powers))
    await counter.witness(ueda.actor, wish, today=clock.today_in_japan() - WEEK)
    (one,) = (await service.mine(yumi.actor)).mine
    second = await scene.officer("第二 担当")
    await counter.confirm(second, yumi.actor.participant_id, one.proxy_id)
    answer = await hanako.post("/acting", principal=str(yumi.actor.participant_id))
    assert answer.status_code == 303


@pytest_asyncio.fixture
async def here(yumi: Visitor) -> str:
    """Her open pregnancy, with one visit."""
    today = clock.today_in_japan()
    due_on = (today + timedelta(weeks=10)).isoformat()
    begun = (await yumi.post(f"{HERE}/new", edd=due_on)).headers["location"]
    await yumi.post(f"{begun}/new/visit", on=today.isoformat(), weight="59")
    return str(begun)


async def test_whoever_may_look_sees_it_and_no_way_to_write(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, here: str
) -> None:
    await acts(yumi, hanako, ueda, "view")
    page = (await hanako.get(here)).text
    assert "59\u00a0kg" in page
    for way in ("/new/", "/entries/", "/dates", "/close", "/remove"):
        assert f'"{here}{way}' not in page
    for path in ("/new/visit", "/dates", "/close", "/remove"):
        assert (await hanako.get(f"{here}{path}")).status_code == 404
    assert (await hanako.post(f"{here}/close")).status_code == 404
    assert (await yumi.get(here)).text.count("予定日まで") == 1
    assert any(each["event"] == "proxies:record:looked" for each in await yumi.log())


async def test_whoever_may_write_does_so_in_their_own_name(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, here: str
) -> None:
    await acts(yumi, hanako, ueda, "view", "upload")
    today = clock.today_in_japan().isoformat()
    answer = await hanako.post(f"{here}/new/blood", on=today, haemoglobin="12")
    assert answer.status_code == 303
    page = (await yumi.get(here)).text
    assert page.count("代わりの方が書きました。") == 1
    assert (await hanako.post(f"{here}/close")).status_code == 303
    assert "今つけている妊娠の記録はありません。" in (await yumi.get(HERE)).text
