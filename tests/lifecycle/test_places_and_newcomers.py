"""Where Hanako lives, from which day she shows records, and word of facilities that join."""

from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.errors import NotADay, NotAPlace, SettingsChangedMeanwhile
from api.consent.facts import Residence
from api.consent.lifecycle import dwelling, leaving
from api.consent.settings.switches import (
    SetAskFirst,
    SetEveryone,
    SetFacilityType,
    SetLived,
    SetRegion,
)
from api.core import clock
from api.core.database import unit_of_work
from api.support import own
from notifications import service as notifications
from tests.conftest import Deployment
from tests.lifecycle.conftest import Join
from tests.lifecycle.test_profiles import facility, is_let_in
from tests.portal.scene import Visitor


@pytest_asyncio.fixture
async def hanako(joined: Join) -> Visitor:
    return await joined("山本 花子")


async def told(who: Visitor) -> list[tuple[str, str]]:
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(who.actor, count=100)
    return [notifications.said(each, "ja") for each in notices]


async def test_a_setting_for_where_i_live_follows_at_the_next_request(hanako: Visitor) -> None:
    aso = await facility("aso")
    await consent.change(hanako.actor, [SetLived(lived="now", on=True)], expected_version=0)
    assert not await is_let_in(hanako.actor, aso)
    page = await hanako.follow(
        await hanako.post("/disclosure/residence", wish="now", version=0, region="aso")
    )
    assert "住んでいる地域を書きとめました。" in page
    assert await is_let_in(hanako.actor, aso)
    assert (await hanako.log())[0]["sentence"] == "ご本人が、住んでいる地域を伝えました。"
    await hanako.post("/disclosure/residence", wish="now", version=1, region="amakusa")
    assert not await is_let_in(hanako.actor, aso)
    places = (await dwelling.dwelling(hanako.actor)).places
    assert [(each.region, each.until_on) for each in places] == [
        ("aso", clock.today_in_japan()),
        ("amakusa", None),
    ]


async def test_places_are_added_corrected_and_removed_and_every_version_stays(
    hanako: Visitor,
) -> None:
    said = {"wish": "earlier", "region": "aso", "from_on": "2010-04-01", "until_on": "2020-03-31"}
    await hanako.post("/disclosure/residence", version=0, **said)
    (place,) = (await dwelling.dwelling(hanako.actor)).places
    assert place == Residence("aso", date(2010, 4, 1), date(2020, 4, 1))
    assert "2020年3月31日まで" in (await hanako.get("/disclosure/residence")).text
    await hanako.post("/disclosure/residence", wish="remove", version=1, at=0)
    assert (await dwelling.dwelling(hanako.actor)) == (2, ())
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM residence") == 2
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("DELETE FROM residence")


@pytest.mark.parametrize(
    "said",
    [
        {"wish": "now", "region": "atlantis"},
        {"wish": "now", "region": ""},
        {"wish": "earlier", "region": "aso", "from_on": "2020-01-02", "until_on": "2020-01-01"},
        {"wish": "earlier", "region": "aso", "until_on": "soon"},
        {"wish": "remove", "at": "3"},
    ],
)
async def test_what_is_no_place_is_said_and_nothing_changes(
    hanako: Visitor, said: dict[str, str]
) -> None:
    answer = await hanako.post("/disclosure/residence", version=0, **said)
    assert answer.status_code == 422
    assert "地域か日付をお確かめください。" in answer.text
    assert (await dwelling.dwelling(hanako.actor)).version == 0


async def test_the_app_says_places_whole_and_a_stale_version_loses_nothing(
    hanako: Visitor,
) -> None:
    headers = {"authorization": f"Bearer {hanako.token}"}
    body = {"version": 0, "places": [{"region": "aso"}]}
    first = await hanako.browser.put("/me/residence", json=body, headers=headers)
    assert first.json() == {
        "version": 1,
        "places": [{"region": "aso", "from_on": None, "until_on": None}],
    }
    body["places"] = []
    late = await hanako.browser.put("/me/residence", json=body, headers=headers)
    assert late.status_code == 409
    assert (late.json()["current"], late.json()["wanted"]) == (first.json(), [])
    assert (await hanako.ask("/me/residence")).json() == first.json()
    with pytest.raises(SettingsChangedMeanwhile):
        await dwelling.live_in(hanako.actor, (), expected_version=0)
    with pytest.raises(NotAPlace):
        await dwelling.live_in(hanako.actor, (Residence("aso"),) * 2, expected_version=1)


async def test_hanako_shows_earlier_records_too_and_takes_it_back(hanako: Visitor) -> None:
    joined = (await consent.settings(hanako.actor)).participation
    page = (await hanako.get("/disclosure/participation")).text
    assert "参加する前の記録も見せる" in page
    changed = await hanako.follow(
        await hanako.post("/disclosure/participation/records", wish="earlier")
    )
    assert "参加する前の記録も、見せています。" in changed
    state = (await consent.settings(hanako.actor)).participation
    assert (state.data_from, state.joined_at) == (None, joined.joined_at)
    assert (await hanako.log())[0][
        "sentence"
    ] == "ご本人が、参加する前の記録も見せるようにしました。"
    await hanako.post("/disclosure/participation/records", wish="undo")
    assert (await consent.settings(hanako.actor)).participation.data_from == joined.data_from
    sent = {"data_from": None}
    assert (await hanako.tell("/me/participation/records", sent)).status_code == 204
    assert (await consent.settings(hanako.actor)).participation.data_from is None
    tomorrow = clock.today_in_japan() + timedelta(days=1)
    with pytest.raises(NotADay):
        await dwelling.show_from(hanako.actor, tomorrow)


@pytest.mark.parametrize(
    ("commands", "is_told"),
    [
        ([SetEveryone(on=True)], True),
        ([SetRegion(code="kumamoto_prefecture", on=True)], True),
        ([SetRegion(code="amakusa", on=True)], False),
        ([SetFacilityType(code="clinic", on=True)], True),
        ([SetFacilityType(code="pharmacy", on=True)], False),
        ([SetEveryone(on=True), SetFacilityType(code="clinic", on=False)], False),
        ([SetLived(lived="now", on=True)], True),
        ([SetLived(lived="before", on=True)], False),
    ],
)
async def test_whoever_a_new_facility_will_come_to_see_is_told_at_once(
    hanako: Visitor, commands: list, is_told: bool
) -> None:
    await dwelling.live_in(hanako.actor, (Residence("aso"),), expected_version=0)
    await consent.change(hanako.actor, commands, expected_version=0)
    new = await facility("aso")
    day = (clock.now() + timedelta(days=7)).astimezone(clock.JAPAN)
    titles = [title for title, body in await told(hanako) if f"{day:%-d}日から" in body]
    assert titles == ([f"「{new.name}」がネットワークに加わりました"] if is_told else [])
    waiting = {each.facility_id for each in await own.waiting_facilities(hanako.actor)}
    assert (new.facility_id in waiting) == is_told
    assert not await is_let_in(hanako.actor, new), "seven days first"
    shown = (await hanako.ask("/me/facilities/waiting")).json()
    assert (str(new.facility_id) in {each["id"] for each in shown}) == is_told


async def test_whoever_wants_to_be_asked_first_is_told_that_it_asks(hanako: Visitor) -> None:
    commands = [SetEveryone(on=True), SetAskFirst(on=True)]
    await consent.change(hanako.actor, commands, expected_version=0)
    new = await facility("aso")
    (body,) = [body for title, body in await told(hanako) if new.name in title]
    assert "「見せる」にするまで" in body
    (waiting, *_) = (await hanako.ask("/me/facilities/waiting")).json()
    assert (waiting["id"], waiting["sees_from"]) == (str(new.facility_id), None)


async def test_who_chose_nothing_wide_or_left_is_not_told(
    hanako: Visitor, joined: Join, network: Deployment
) -> None:
    taro = await joined("山本 太郎")
    await consent.change(taro.actor, [SetEveryone(on=True)], expected_version=0)
    await leaving.take_part(taro.actor, "withdrawn")
    before = len(await told(hanako)), len(await told(taro))
    await facility("aso")
    assert (len(await told(hanako)), len(await told(taro))) == before
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(taro.actor) as tx:
            await tx.execute("SELECT consent_tell_of_facility(uuidv7(), '{}', 'permit')")
