"""Tarō, Yumi, the officers and a clinic, each at their own browser."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest_asyncio

from api.consent.lifecycle import leaving
from api.core import clock
from api.core.actor import Actor
from api.proxies import counter, service
from api.proxies.counter import Witnessed
from api.proxies.steps import Proxy
from tests.identity import conftest as identity
from tests.portal import conftest as portal
from tests.portal import scene
from tests.portal.scene import Visitor

admin = identity.admin
browsers, open_browser = portal.browsers, portal.open_browser
clinic, pharmacy = portal.clinic, portal.pharmacy
hanako, yumi, sato, ito, ueda = portal.hanako, portal.yumi, portal.sato, portal.ito, portal.ueda
BORN = date(1940, 4, 9)
BOTH = frozenset({"view", "log", "settings"})
WEEK = timedelta(days=7)


@dataclass
class Pair:
    """Yumi acts for Tarō: witnessed a week ago by Ueda, confirmed by a second officer."""

    taro: Visitor
    yumi: Visitor
    ueda: Actor
    second: Actor
    proxy_id: UUID

    @property
    def taro_id(self) -> str:
        return str(self.taro.actor.participant_id)

    async def proxy(self) -> Proxy:
        found = await service.mine(self.taro.actor)
        return next(each for each in found.mine if each.proxy_id == self.proxy_id)

    async def switch(self) -> None:
        answer = await self.yumi.post("/acting", principal=self.taro_id)
        assert answer.status_code == 303, answer.text


def paper(taro: Visitor, yumi: Visitor, **changes: object) -> Witnessed:
    assert taro.card
    assert yumi.card
    wish = Witnessed(
        taro.card.digits, BORN, yumi.card.digits, BORN, "voluntary", BOTH, None, "委任状 棚3"
    )
    return wish._replace(**changes)


@pytest_asyncio.fixture
async def taro(open_browser) -> Visitor:
    actor, card = await scene.participant("山本 太郎", "ヤマモト タロウ")
    await leaving.take_part(actor, "participating")
    return await scene.visitor(await open_browser(), actor, card)


@pytest_asyncio.fixture
async def pair(taro: Visitor, yumi: Visitor, ueda: Visitor) -> Pair:
    second = await scene.officer("第二 担当")
    await counter.witness(ueda.actor, paper(taro, yumi), today=clock.today_in_japan() - WEEK)
    (one,) = (await service.mine(taro.actor)).mine
    await counter.confirm(second, taro.actor.participant_id, one.proxy_id)
    return Pair(taro, yumi, ueda.actor, second, one.proxy_id)
