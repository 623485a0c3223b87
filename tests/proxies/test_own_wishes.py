"""Yumi acts for Tarō: she may read what he wishes, and writes nothing of it for him."""

import pytest

from api.phr.directives import service as wishes
from api.phr.directives.people import Person
from tests.phr.directives.test_wishes import PDF, WISHES
from tests.proxies.conftest import Pair

HERE = "/book/wishes"


@pytest.fixture
async def stated(pair: Pair):
    await wishes.call(pair.taro.actor, [Person("山本 由美", "長女", "090-1234-5678")], 0)
    await wishes.add_document(pair.taro.actor, "事前指示書", "2026-05-01", PDF)
    await wishes.state(pair.taro.actor, WISHES, 0)
    return await wishes.wishes(pair.taro.actor)


async def test_yumi_reads_what_taro_wishes_and_each_look_is_in_his_log(pair: Pair, stated):
    await pair.switch()
    page = (await pair.yumi.get(HERE)).text
    for words in (
        "庭が見えるところにいたい。",
        "090-1234-5678",
        "事前指示書",
        "だれが見られますか",
    ):
        assert words in page
    for written in ("希望を書き直す", "上へ", "書類を入れる", "すべて取り消す", "/people/new"):
        assert written not in page
    (document,) = stated.documents
    fetched = await pair.yumi.get(f"{HERE}/documents/{document.entry_id}")
    assert fetched.content == PDF
    assert "proxies:record:looked" in [each["event"] for each in await pair.taro.log()]


async def test_yumi_writes_none_of_it_in_taros_name(pair: Pair, stated):
    await pair.switch()
    (document,) = stated.documents
    for path in (
        *("statement", "revoke", "people/new", "people/1", "people/1/remove", "documents/new"),
        f"documents/{document.entry_id}/remove",
    ):
        assert (await pair.yumi.get(f"{HERE}/{path}")).status_code == 404
    for path, fields in (
        ("statement", {**WISHES, "version": "1"}),
        ("revoke", {}),
        ("people/new", {"name": "だれか", "telephone": "0961112222", "version": "1"}),
        ("people/1", {"name": "だれか", "telephone": "0961112222", "version": "1"}),
        ("people/1/remove", {"version": "1"}),
        ("people/1/move", {"version": "1"}),
        (f"documents/{document.entry_id}/remove", {}),
    ):
        assert (await pair.yumi.post(f"{HERE}/{path}", fields)).status_code == 404
    assert await wishes.wishes(pair.taro.actor) == stated


async def test_nor_does_her_app(pair: Pair, stated):
    headers = {
        "authorization": f"Bearer {pair.yumi.token}",
        "tsunagu-acting-for": pair.taro_id,
    }
    read = await pair.yumi.browser.get("/me/wishes", headers=headers)
    assert read.json()["people"][0]["name"] == "山本 由美"
    for method, path, body in (
        ("PUT", "/me/wishes/statement", {"fields": WISHES, "version": 1}),
        ("PUT", "/me/wishes/people", {"people": [], "version": 1}),
        ("DELETE", "/me/wishes", None),
    ):
        answer = await pair.yumi.browser.request(method, path, json=body, headers=headers)
        assert answer.status_code == 404
    assert await wishes.wishes(pair.taro.actor) == stated
