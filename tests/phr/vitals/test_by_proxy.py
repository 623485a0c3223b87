"""Hanako acts for Yumi: to look at what Yumi measured, or to write it down for her."""

from tests.phr.maternal.test_pregnancy_by_proxy import acts, ueda  # noqa: F401
from tests.phr.vitals.people import measured, pressure
from tests.portal.scene import Visitor

HERE = "/book/vitals"
LIST = f"{HERE}/kinds/blood-pressure"


async def test_whoever_may_look_sees_them_and_no_way_to_write(
    yumi: Visitor,
    hanako: Visitor,
    ueda: Visitor,  # noqa: F811
) -> None:
    entry = (await yumi.tell("/me/vitals", pressure(132, 84))).json()
    await acts(yumi, hanako, ueda, "view")
    for path in (HERE, LIST):
        page = (await hanako.get(path)).text
        assert "132/84" in page
        for way in ("/correct", "/remove", f'action="{HERE}"', f"{HERE}/file", "?kind="):
            assert way not in page
    assert (await hanako.post(HERE, systolic="120", diastolic="80")).status_code == 404
    for way in (f"{HERE}/{entry['id']}/correct", f"{HERE}/{entry['id']}/remove", f"{HERE}/file"):
        assert (await hanako.get(way)).status_code == 404
    assert len(await measured(yumi)) == 1
    assert any(each["event"] == "proxies:record:looked" for each in await yumi.log())


async def test_whoever_may_write_does_so_in_their_own_name(
    yumi: Visitor,
    hanako: Visitor,
    ueda: Visitor,  # noqa: F811
) -> None:
    await acts(yumi, hanako, ueda, "view", "upload")
    typed = pressure(132, 84)
    answer = await hanako.post(HERE, typed["values"], on=typed["on"], time="07:05")
    assert answer.status_code == 303, answer.text
    (entry,) = await measured(yumi)
    assert entry["by"] == "proxy"
    assert "代わりの方の記入" in (await yumi.get(LIST)).text
