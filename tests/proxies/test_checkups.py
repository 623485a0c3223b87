"""Yumi at Tarō's checkups: each look is told him, and she writes only where he lets her."""

from api.core import clock
from api.proxies import counter, service
from api.records.checkups import service as checkups
from tests.portal.checkup_shelf import TYPED
from tests.proxies.conftest import BOTH, WEEK, Pair, paper


async def test_a_proxy_sees_his_shelf_and_he_is_told_of_each_look(pair: Pair) -> None:
    entry = await checkups.write(pair.taro.actor, TYPED)
    await pair.switch()
    page = (await pair.yumi.get("/book/checkups")).text
    assert "れんげ内科" not in page
    assert 'datetime="2024-05-20"' in page
    (row,) = (e for e in await pair.taro.log() if e["event"] == "proxies:record:looked")
    assert [(each["category"], each["count"]) for each in row["kinds"]] == [("checkup", 1)]
    assert "山本 由美" in row["sentence"]
    assert 'href="/book/checkups/new"' not in page
    one = (await pair.yumi.get(f"/book/checkups/{entry.entry_id}")).text
    assert f"/book/checkups/{entry.entry_id}/remove" not in one
    for way in ("edit", "remove"):
        assert (await pair.yumi.get(f"/book/checkups/{entry.entry_id}/{way}")).status_code == 404
    assert (await pair.yumi.get("/book/checkups/new")).status_code == 404
    assert (await pair.yumi.post("/book/checkups/new", TYPED)).status_code == 404


async def test_what_a_proxy_types_in_is_said_to_be_theirs(pair: Pair) -> None:
    await service.end(pair.taro.actor, pair.proxy_id)
    wish = paper(pair.taro, pair.yumi, powers=BOTH | {"upload"})
    await counter.witness(pair.ueda, wish, today=clock.today_in_japan() - WEEK)
    one = next(each for each in (await service.mine(pair.taro.actor)).mine if each.proxy_id)
    await counter.confirm(pair.second, pair.taro.actor.participant_id, one.proxy_id)
    await pair.switch()
    answer = await pair.yumi.post("/book/checkups/new", TYPED)
    assert answer.status_code == 303
    assert "代わりの方が書き入れたもの" in (await pair.taro.get("/book/checkups")).text
    (row,) = (e for e in await pair.taro.log() if e["event"] == "records:own:added")
    assert "山本 由美" in row["sentence"]
