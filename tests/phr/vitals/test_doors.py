"""Hanako's app writes, corrects, removes and sums up what she measured."""

from datetime import timedelta
from decimal import Decimal

from api.consent.lifecycle import leaving
from tests.phr.vitals.people import day, measured, pressure, today
from tests.portal.scene import Visitor


async def test_she_writes_corrects_and_removes_a_measurement(hanako: Visitor) -> None:
    written = await hanako.tell("/me/vitals", pressure(132, 84, pulse=66))
    assert written.status_code == 201, written.text
    entry = written.json()
    assert entry["values"] == {"systolic": "132", "diastolic": "84", "pulse": "66"}
    assert (entry["on"], entry["time"], entry["by"]) == (day(1), "07:05", "self")
    assert await measured(hanako) == [entry]

    headers = {"authorization": f"Bearer {hanako.token}"}
    where = f"/me/vitals/{entry['id']}"
    wish = pressure(128, 82) | {"version": 1}
    corrected = await hanako.browser.put(where, json=wish, headers=headers)
    assert corrected.status_code == 200, corrected.text
    assert corrected.json()["version"] == 2
    other = pressure(129, 82) | {"version": 1}
    assert (await hanako.browser.put(where, json=other, headers=headers)).status_code == 409

    assert (await hanako.browser.delete(where, headers=headers)).status_code == 204
    assert await measured(hanako) == []
    assert (await hanako.browser.delete(where, headers=headers)).status_code == 204
    events = [each["event"] for each in (await hanako.log())[:3]]
    assert events == ["records:own:removed", "records:own:added", "records:own:added"]


async def test_what_is_odd_is_asked_about_once_and_what_cannot_be_is_refused(
    hanako: Visitor,
) -> None:
    odd = {"kind": "temperature", "on": day(0), "values": {"temperature": "40.1"}}
    asked = await hanako.tell("/me/vitals", odd)
    assert asked.status_code == 422
    assert set(asked.json()["odd"]) == {"temperature"}
    assert (
        await hanako.tell("/me/vitals", odd | {"sure": asked.json()["sure"]})
    ).status_code == 201
    wrong = await hanako.tell("/me/vitals", pressure(84, 132))
    assert (wrong.status_code, set(wrong.json()["fields"])) == (422, {"systolic"})
    assert (await hanako.tell("/me/vitals", odd | {"kind": "mood"})).status_code == 400
    strange = await hanako.tell("/me/vitals", odd | {"values": {"temperature": 36.4, "mood": 1}})
    assert (strange.status_code, set(strange.json()["fields"])) == (422, {"mood"})
    assert len(await measured(hanako)) == 1


async def test_lists_are_by_kind_and_period_in_pages(hanako: Visitor) -> None:
    for ago in range(5):
        await hanako.tell("/me/vitals", pressure(130 + ago, 80, ago, "00:00"))
    weight = {"kind": "weight", "on": day(2), "values": {"weight": 62.5}}
    await hanako.tell("/me/vitals", weight)
    assert len(await measured(hanako)) == 6
    (only,) = await measured(hanako, kind="weight")
    assert (only["values"], only["time"]) == ({"weight": "62.5"}, None)
    within = await measured(hanako, kind="blood-pressure", since=day(3), until=day(2))
    assert [each["on"] for each in within] == [day(2), day(3)]
    first = (await hanako.ask("/me/vitals?kind=blood-pressure&count=3")).json()
    rest = (
        await hanako.ask("/me/vitals?kind=blood-pressure&count=3&after=" + first["next"])
    ).json()
    assert [each["on"] for each in first["entries"] + rest["entries"]] == [
        day(ago) for ago in range(5)
    ]
    assert first["next"]
    assert rest["next"] is None


async def test_a_summary_tells_morning_from_evening_and_names_its_lines(hanako: Visitor) -> None:
    for upper, ago, time in ((130, 3, "07:00"), (134, 3, "07:02"), (140, 2, "06:50")):
        await hanako.tell("/me/vitals", pressure(upper, 84, ago, time))
    await hanako.tell("/me/vitals", pressure(120, 76, 2, "21:00"))
    asked = f"/me/vitals/summary?kind=blood-pressure&by=day&since={day(7)}"
    found = (await hanako.ask(asked)).json()
    said = {(each["field"], each["group"]): each for each in found["summaries"]}
    morning = said["systolic", "morning"]
    assert morning["whole"] == {
        "count": 3,
        "days": 2,
        "mean": "136.0",
        "low": "130",
        "high": "140",
    }
    assert [each["mean"] for each in morning["periods"]] == ["132.0", "140.0"]
    assert said["systolic", "evening"]["whole"]["mean"] == "120.0"
    assert ("systolic", "day") not in said
    assert [(line["name"], line["edition"]) for line in found["lines"]] == [
        ("home", "jsh2025"),
        ("clinic", "jsh2025"),
        ("aim_home", "jsh2025"),
        ("aim", "jsh2025"),
    ]
    weight = (await hanako.ask("/me/vitals/summary?kind=weight")).json()
    assert (weight["summaries"], weight["lines"]) == ([], [])
    assert weight["since"] == (today() - timedelta(days=89)).isoformat()
    assert Decimal(morning["whole"]["mean"]) == 136


async def test_somebody_else_finds_and_changes_nothing(hanako: Visitor, yumi: Visitor) -> None:
    entry = (await hanako.tell("/me/vitals", pressure(132, 84))).json()
    headers = {"authorization": f"Bearer {yumi.token}"}
    where = f"/me/vitals/{entry['id']}"
    assert await measured(yumi) == []
    wish = pressure(99, 60) | {"version": 1}
    assert (await yumi.browser.put(where, json=wish, headers=headers)).status_code == 404
    assert (await yumi.browser.delete(where, headers=headers)).status_code == 404
    assert await measured(hanako) == [entry]


async def test_who_takes_no_part_any_more_keeps_nothing_here(hanako: Visitor) -> None:
    await leaving.take_part(hanako.actor, "withdrawn")
    assert (await hanako.tell("/me/vitals", pressure(132, 84))).status_code == 409


async def test_there_is_no_summary_of_the_beginning_of_time(hanako: Visitor) -> None:
    for until in ("0001-01-01", "0001-03-31"):
        answer = await hanako.ask(f"/me/vitals/summary?kind=weight&until={until}")
        assert answer.status_code == 404
    assert (await hanako.ask("/me/vitals/summary?kind=weight&until=9999-12-31")).status_code == 200
    assert (await hanako.ask("/me/vitals/summary?kind=weight&since=0001-01-01")).status_code == 200
