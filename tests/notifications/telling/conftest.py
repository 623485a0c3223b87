"""Tarō, Yumi who acts for him, the officers, and a clinic; each at their own browser."""

import pytest_asyncio

from api.core import clock
from api.proxies import counter, service
from notifications import service as notifications
from tests.identity import conftest as identity
from tests.portal import conftest as portal
from tests.portal import scene
from tests.portal.scene import Visitor
from tests.proxies import conftest as proxies
from tests.proxies.conftest import BOTH, WEEK, Pair, paper

admin, device = proxies.admin, identity.device
browsers, open_browser = proxies.browsers, proxies.open_browser
clinic, pharmacy = proxies.clinic, proxies.pharmacy
hanako, yumi, sato, ito, ueda = (
    proxies.hanako,
    proxies.yumi,
    proxies.sato,
    proxies.ito,
    proxies.ueda,
)
taro, pair = proxies.taro, proxies.pair
auditor, desk = portal.auditor, portal.desk


@pytest_asyncio.fixture
async def hearing(taro: Visitor, yumi: Visitor, ueda: Visitor) -> Pair:
    """Yumi acts for Tarō, and his notices are hers to read too."""
    second = await scene.officer("第二 担当")
    wish = paper(taro, yumi, powers=BOTH | {"notices"})
    await counter.witness(ueda.actor, wish, today=clock.today_in_japan() - WEEK)
    (one,) = (await service.mine(taro.actor)).mine
    while await notifications.deliver():  # what was told before she may hear of it
        pass
    await counter.confirm(second, taro.actor.participant_id, one.proxy_id)
    return Pair(taro, yumi, ueda.actor, second, one.proxy_id)
