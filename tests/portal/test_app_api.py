"""Everything a page does for participants, their app can do too."""

from api.consent import service as consent
from notifications import service as notifications
from tests.portal.scene import Place, Visitor


async def test_the_app_turns_several_switches_as_one_version(
    hanako: Visitor, clinic: Place
) -> None:
    commands = [
        {"kind": "facility", "id": str(clinic.facility_id), "on": True},
        {"kind": "profession", "code": "clerk", "on": False},
        {"kind": "category", "code": "lab", "on": False},
    ]
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": commands})
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert view["version"] == 1
    assert [each["name"] for each in view["facilities"]] == ["れんげ内科クリニック"]
    off = [each["code"] for each in view["professions"] + view["categories"] if not each["on"]]
    assert off == ["clerk", "lab"]
    assert view == (await hanako.ask("/me/disclosure")).json()
    stale = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": commands})
    assert (stale.status_code, stale.json()["type"]) == (
        409,
        "urn:tsunagu:problem:error.consent.changed_meanwhile",
    )
    undone = await hanako.tell("/me/disclosure/undo", {"version": 1})
    assert (undone.json()["version"], undone.json()["facilities"]) == (2, [])


async def test_an_end_given_to_a_permit_is_kept(hanako: Visitor, clinic: Place) -> None:
    until = "2030-01-01T00:00:00+09:00"
    command = {"kind": "facility", "id": str(clinic.facility_id), "on": True, "until": until}
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": [command]})
    assert answer.json()["facilities"][0]["until"] == until


async def test_what_the_app_misspells_is_refused_whole(hanako: Visitor, clinic: Place) -> None:
    good = {"kind": "facility", "id": str(clinic.facility_id), "on": True}
    for body in (
        {"version": 0, "commands": [good | {"level": 2}]},
        {"version": 0, "commands": [good, {"kind": "planet", "code": "aso", "on": True}]},
        {"version": 0, "commands": []},
        {"version": -1, "commands": [good]},
        {"version": 0, "commands": [good], "force": True},
        {"version": 0, "commands": [good | {"until": "2030-01-01T00:00:00"}]},
    ):
        answer = await hanako.tell("/me/disclosure/changes", body)
        assert answer.status_code == 400, body
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_the_app_leaves_comes_back_and_reads_its_notices(hanako: Visitor) -> None:
    left = await hanako.tell("/me/participation", {"state": "withdrawn"})
    assert left.json()["participation"]["state"] == "withdrawn"
    back = await hanako.tell("/me/participation", {"state": "participating", "undo": True})
    assert back.json()["participation"]["state"] == "participating"
    while await notifications.deliver():
        pass
    assert (await hanako.ask("/me")).json()["unread_notices"] == 3
    found = (await hanako.ask("/me/notices", language="en")).json()
    assert found["total"] == 3
    titles = {each["title"] for each in found["notices"]}
    assert titles == {"You are taking part", "You left the network"}
    assert (await hanako.ask("/me")).json() == {"name": "山本 花子", "unread_notices": 0}


async def test_the_log_is_read_page_by_page_without_gap_or_repeat(
    hanako: Visitor, clinic: Place
) -> None:
    for version in range(24):
        way = "yes" if version % 2 == 0 else "no"
        await hanako.turn("facility", clinic.facility_id, way, version)
    numbers, before = [], None
    while True:
        path = "/me/access-log?count=10" + (f"&before={before}" if before else "")
        page = (await hanako.ask(path)).json()
        numbers += [each["number"] for each in page["events"]]
        before = page["before"]
        if before is None:
            break
    assert numbers == list(range(page["total"], 0, -1))
    first, second = (
        (await hanako.get("/access-log")).text,
        (await hanako.get("/access-log?page=2")).text,
    )
    assert "2ページ中の1ページ目" in first
    assert first.count('id="access-') == 20
    assert second.count('id="access-') == page["total"] - 20
    assert (await hanako.get("/access-log?page=99")).status_code == 200


async def test_notices_arrive_in_the_inbox_and_are_read_once(hanako: Visitor) -> None:
    while await notifications.deliver():
        pass
    assert "まだ読んでいないお知らせが1件" in (await hanako.get("/home")).text
    assert "参加が始まりました" in (await hanako.get("/inbox")).text
    assert "読んでいないお知らせ" not in (await hanako.get("/home")).text
