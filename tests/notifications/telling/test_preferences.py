"""How notices reach Hanako, by page and by app; and what Yumi may change for Tarō."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api.core.database import unit_of_work
from api.proxies import service
from notifications import service as notifications
from tests.portal.scene import Visitor, forms, sent
from tests.proxies.conftest import Pair

PATH = "/notices/settings"
JSON = "/me/notice-preferences"


async def patch(who: Visitor, body: Any, **headers: str):
    headers = {"authorization": f"Bearer {who.token}"} | headers
    return await who.browser.patch(JSON, json=body, headers=headers)


async def chosen(who: Visitor) -> dict[str, Any]:
    found: dict[str, Any] = (await who.ask(JSON)).json()
    return found


async def test_hanako_turns_mail_off_and_takes_it_back(hanako: Visitor):
    page = await hanako.tap(PATH, "access-mail")
    assert "記録を見る人のことをメールで受け取る設定を変えました。" in page
    assert not (await chosen(hanako))["kinds"]["access"]["mail"]
    (undo,) = (form for form in forms(page) if "もとに戻す" in form)
    back = await hanako.follow(await hanako.post(*sent(undo)))
    assert "設定を変えました" in back
    assert (await chosen(hanako))["kinds"]["access"]["mail"]
    told = [e for e in await hanako.log() if e["event"] == "notifications:preference:changed"]
    assert len(told) == 2
    assert "「記録を見る人のこと」をメールで受け取らない" in told[1]["sentence"]


async def test_what_was_never_chosen_is_as_usual(hanako: Visitor):
    found = await chosen(hanako)
    assert all(ways["push"] and ways["mail"] for ways in found["kinds"].values())
    assert [kind for kind, ways in found["kinds"].items() if ways["letter"]] == [
        "emergency",
        "security",
        "proxy",
        "support",
    ]
    assert found["quiet"] == {"is_on": True, "start": 21, "until": 7}
    assert (found["language"], found["monthly_digest"]) == ("device", True)


async def test_an_emergency_cannot_be_turned_off_entirely(hanako: Visitor):
    await hanako.tap(PATH, "emergency-mail")
    page = (await hanako.get(PATH)).text
    (form,) = (form for form in forms(page) if 'id="emergency-push"' in form)
    refused = await hanako.post(*sent(form))
    assert refused.status_code == 409
    assert "緊急のときのお知らせは、すべてを止めることはできません。" in refused.text
    assert (await patch(hanako, {"kinds": {"emergency": {"push": False}}})).status_code == 409
    assert (await patch(hanako, {"kinds": {"emergency": {"letter": False}}})).status_code == 409
    with pytest.raises(asyncpg.CheckViolationError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute(
                "INSERT INTO notice_preference VALUES (app.subject(), 'emergency', 'push', false)"
            )
    # one for the other, in one wish
    swapped = await patch(hanako, {"kinds": {"emergency": {"push": False, "mail": True}}})
    assert swapped.json()["kinds"]["emergency"] == {"push": False, "mail": True, "letter": True}


async def test_two_taps_at_once_leave_one_way_of_an_emergency(hanako: Visitor):
    answers = await asyncio.gather(
        *(patch(hanako, {"kinds": {"emergency": {way: False}}}) for way in ("push", "mail"))
    )
    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_hours_language_and_months_by_page_and_by_app(hanako: Visitor):
    page = await hanako.follow(await hanako.press(PATH, "この時間にする", start=22, end=6))
    assert "お知らせの届け方を変えました。" in page
    await hanako.follow(await hanako.press(PATH, "この言葉にする", language="en"))
    await hanako.tap(PATH, "digest-switch")
    found = await chosen(hanako)
    assert found["quiet"] == {"is_on": True, "start": 22, "until": 6}
    assert (found["language"], found["monthly_digest"]) == ("en", False)
    page = (await hanako.get(f"{PATH}?was=quiet.yes.21.7")).text
    (undo,) = (form for form in forms(page) if "もとに戻す" in form)
    await hanako.follow(await hanako.post(*sent(undo)))
    changed = {"quiet": {"is_on": False}, "language": "device", "monthly_digest": True}
    assert (await patch(hanako, changed)).status_code == 200
    assert (await chosen(hanako))["quiet"] == {"is_on": False, "start": 21, "until": 7}
    same = {"quiet": {"is_on": True, "start": 7, "until": 7}}
    assert (await patch(hanako, same)).status_code == 422


@pytest.mark.parametrize(
    "body", [{"kinds": {"weather": {"push": True}}}, {"language": "fr"}, {"x": 1}]
)
async def test_what_is_not_there_to_be_chosen(hanako: Visitor, body: Any):
    assert (await patch(hanako, body)).status_code == 400


async def test_wishing_what_stands_changes_nothing(hanako: Visitor):
    before = await hanako.log()
    await patch(hanako, {"kinds": {"access": {"push": True}}, "monthly_digest": True})
    assert await hanako.log() == before


async def test_a_strange_address_offers_nothing_to_take_back(hanako: Visitor):
    for was in ("turn.weather.push.yes", "turn.access.push.maybe", "quiet.yes.a.b", "x"):
        assert "もとに戻す" not in (await hanako.get(f"{PATH}?was={was}")).text
    assert (await hanako.get(f"{PATH}?was=%3Cscript%3E")).status_code == 400


async def test_yumi_chooses_for_taro_but_not_what_tells_of_her_and_he_is_told(hearing: Pair):
    headers = {"tsunagu-acting-for": hearing.taro_id}
    for kind in ("emergency", "proxy", "security"):
        refused = await patch(hearing.yumi, {"kinds": {kind: {"mail": False}}}, **headers)
        assert refused.status_code == 403
    answer = await patch(hearing.yumi, {"kinds": {"reminder": {"mail": False}}}, **headers)
    assert answer.status_code == 200
    assert not (await chosen(hearing.taro))["kinds"]["reminder"]["mail"]
    assert (await chosen(hearing.yumi))["kinds"]["reminder"]["mail"]
    (row,) = (
        e for e in await hearing.taro.log() if e["event"] == "notifications:preference:changed"
    )
    assert "山本 由美" in row["sentence"]
    while await notifications.deliver():
        pass
    notices = (await hearing.taro.ask("/me/notices")).json()["notices"]
    assert any("お知らせの届け方の手続き" in each["body"] for each in notices)


async def test_on_yumis_page_for_taro_those_have_no_switch(hearing: Pair):
    await hearing.switch()
    page = (await hearing.yumi.get(PATH)).text
    assert page.count("ご本人だけが変えられます。") == 3
    assert 'id="emergency-push"' not in page
    assert 'id="access-push"' in page


async def test_without_the_power_there_is_no_such_page(pair: Pair):
    await pair.switch()
    assert (await pair.yumi.get(PATH)).status_code == 404
    headers = {"tsunagu-acting-for": pair.taro_id, "authorization": f"Bearer {pair.yumi.token}"}
    assert (await pair.yumi.browser.get(JSON, headers=headers)).status_code == 404


async def test_not_even_in_postgresql_does_a_proxy_turn_off_what_tells_of_them(hearing: Pair):
    proxy = await service.acting(hearing.yumi.actor, hearing.taro.actor.participant_id)
    assert proxy
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(proxy) as tx:
            await tx.execute(
                "INSERT INTO notice_preference VALUES (app.subject(), 'proxy', 'push', false)"
            )
