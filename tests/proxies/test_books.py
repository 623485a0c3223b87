"""Yumi at Tarō's books: she sees that he keeps some, he is told, and whom he shows them is his."""

from api.core import clock
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from tests.phr.samples import WEIGHT
from tests.proxies.conftest import Pair


async def test_yumi_sees_what_taro_keeps_and_his_log_says_so(pair: Pair) -> None:
    fields = {"on": clock.today_in_japan().isoformat(), "weight": "60"}
    await entries.write(pair.taro.actor, Wish(WEIGHT, fields))
    await pair.switch()
    page = (await pair.yumi.get("/book")).text
    assert "山本 太郎 さんの手帳" in page
    assert 'id="who-sees"' not in page
    (row,) = (e for e in await pair.taro.log() if e["event"] == "proxies:record:looked")
    assert "山本 由美" in row["sentence"]
