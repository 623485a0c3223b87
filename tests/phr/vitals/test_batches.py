"""A phone that was offline sends what it kept: once, twice, late, and after a removal."""

import asyncio
from datetime import timedelta

from api.core import clock
from api.core.database import unit_of_work
from tests.phr.vitals.people import measured, pressure, sample, send
from tests.portal.scene import Visitor


def statuses(answers) -> list[str]:
    return [each["status"] for each in answers]


def later(minutes: int = 0) -> str:
    return (clock.now() + timedelta(minutes=minutes)).isoformat()


async def test_the_same_batch_twice_is_kept_once_and_is_one_event(hanako: Visitor) -> None:
    before = len(await hanako.log())
    batch = [sample(f"k{number}", 120 + number) for number in range(200)]
    assert set(statuses(await send(hanako, *batch, device="HEM-7600"))) == {"created"}
    assert len(await hanako.log()) == before + 1
    again = await send(hanako, *batch)
    assert set(statuses(again)) == {"unchanged"}
    assert len(await hanako.log()) == before + 1
    found = await measured(hanako, count=200)
    assert len(found) == 200
    assert {each["id"] for each in found} == {each["entry"] for each in again}
    assert {(each["by"], each["device"]) for each in found} == {("device", "HEM-7600")}
    too_many = {"samples": [*batch, sample("more")]}
    assert (await hanako.tell("/me/vitals/batches", too_many)).status_code == 400


async def test_of_two_edits_the_later_stands_whichever_comes_first(hanako: Visitor) -> None:
    await send(hanako, sample("k1", 132))
    (changed,) = await send(hanako, sample("k1", 140, edited_at=later(-10)))
    assert changed["status"] == "changed"
    (late,) = await send(hanako, sample("k1", 150, edited_at=later(-20)))
    assert (late["status"], late["reason"]) == ("conflict", "later_kept")
    assert late["text"] == "あとから直された値を残しました。"
    (entry,) = await measured(hanako)
    assert (entry["values"]["systolic"], entry["version"]) == ("140", 2)


async def test_what_she_corrected_here_is_not_undone_by_what_the_phone_had_before(
    hanako: Visitor,
) -> None:
    (sent,) = await send(hanako, sample("k1", 232))
    headers = {"authorization": f"Bearer {hanako.token}"}
    wish = pressure(132, 84) | {"version": 1}
    where = f"/me/vitals/{sent['entry']}"
    assert (await hanako.browser.put(where, json=wish, headers=headers)).status_code == 200
    assert statuses(await send(hanako, sample("k1", 232))) == ["conflict"]
    assert statuses(await send(hanako, sample("k1", 232, edited_at=later(-60)))) == ["conflict"]
    assert statuses(await send(hanako, sample("k1", 133, edited_at=later(1)))) == ["changed"]


async def test_what_was_removed_is_not_brought_back(hanako: Visitor) -> None:
    (sent,) = await send(hanako, sample("k1"))
    headers = {"authorization": f"Bearer {hanako.token}"}
    await hanako.browser.delete(f"/me/vitals/{sent['entry']}", headers=headers)
    for again in (sample("k1"), sample("k1", 140, edited_at=later())):
        (answer,) = await send(hanako, again)
        assert (answer["status"], answer["reason"]) == ("refused", "removed")
        assert "entry" not in answer
    assert await measured(hanako) == []


async def test_a_bad_sample_keeps_no_other_back(hanako: Visitor) -> None:
    answers = await send(
        hanako,
        sample("k1"),
        sample("k2", 1320),
        sample("k3", measured_at="2026-05-01T07:05:00"),
        sample("k4", kind="mood"),
        sample("k5", measured_at=later(60)),
        sample("k6", values={"systolic": 132, "diastolic": 84, "mood": 1}),
        sample("k1"),
        sample("k1", 133, edited_at=later(-1)),
        sample("k7", 131),
    )
    assert [
        (each["status"], each.get("reason", ""), each.get("field", "")) for each in answers
    ] == [
        ("created", "", ""),
        ("refused", "bounds", "systolic"),
        ("refused", "time", "measured_at"),
        ("refused", "kind", "kind"),
        ("refused", "future", "measured_at"),
        ("refused", "field", "mood"),
        ("unchanged", "", ""),
        ("refused", "twice", ""),
        ("created", "", ""),
    ]
    assert answers[1]["text"] == "30から350まで（mmHg）の値を入力してください。"
    assert len(await measured(hanako)) == 2


async def test_two_phones_that_send_the_same_at_once_make_one_of_each(hanako: Visitor) -> None:
    batch = [sample(f"k{number}", 120 + number) for number in range(50)]
    both = await asyncio.gather(send(hanako, *batch), send(hanako, *batch))
    assert sorted(status for answers in both for status in statuses(answers)) == [
        *["created"] * 50,
        *["unchanged"] * 50,
    ]
    assert len(await measured(hanako, count=200)) == 50


async def test_the_same_name_of_two_people_or_kinds_is_two_samples(
    hanako: Visitor, yumi: Visitor
) -> None:
    weight = sample("k1", kind="weight", values={"weight": 62.5})
    assert statuses(await send(hanako, sample("k1"), weight)) == ["created", "created"]
    assert statuses(await send(yumi, sample("k1"))) == ["created"]
    assert len(await measured(yumi)) == 1


async def test_nothing_of_what_was_measured_lies_beside_the_record(
    hanako: Visitor,
) -> None:
    await send(hanako, sample("my-own-key", 132))
    async with unit_of_work(hanako.actor) as tx:
        rows = await tx.fetch("SELECT * FROM vital_sample")
    assert len(rows) == 1
    assert "my-own-key" not in str(rows)
    assert set(rows[0].keys()) == {"participant_id", "entry_id", "edited_at"}
