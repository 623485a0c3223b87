"""Hanako brings the file of her blood pressure app: seen first, kept once, taken back whole."""

import time

import pytest

from tests.pace import slowness
from tests.phr.vitals.people import day, measured, send, upload
from tests.portal.scene import Visitor

PREVIEW, KEEP = "/me/vitals/import/preview", "/me/vitals/import"


def table(*lines: str, head: str = "測定日,時刻,最高血圧,最低血圧,脈拍,体重") -> bytes:
    return "\r\n".join((head, *lines)).encode("cp932")


def file() -> bytes:
    return table(
        f"{day(3)},7:05,132,84,66,62.5",
        f"{day(2)},7:10,130,82,,",
        f"{day(1)},7:00,82,130,,",
        f"{day(2)},7:10,130,82,,",
    )


async def test_a_preview_keeps_nothing_and_says_it_all(hanako: Visitor) -> None:
    seen = (await upload(hanako, PREVIEW, file())).json()
    assert (seen["new"], seen["held"], seen["faulty"]) == (3, 1, 1)
    assert [each["meaning"] for each in seen["columns"]] == [
        *("on", "time", "systolic", "diastolic", "pulse", "weight"),
    ]
    assert [line["number"] for line in seen["lines"]] == [2, 3, 4, 5]
    assert [each["kind"] for each in seen["lines"][0]["entries"]] == ["blood-pressure", "weight"]
    (fault,) = seen["lines"][2]["faults"]
    assert fault == {
        "column": "systolic",
        "text": "上の血圧は、下の血圧より高い値を入れてください。",
    }
    assert seen["lines"][3]["entries"][0]["is_held"]
    assert await measured(hanako) == []


async def test_it_is_kept_once_and_taken_back_whole(hanako: Visitor) -> None:
    kept = await upload(hanako, KEEP, file())
    assert kept.status_code == 201, kept.text
    assert (kept.json()["added"], kept.json()["held"], kept.json()["faulty"]) == (3, 1, 1)
    assert len(await measured(hanako)) == 3
    again = (await upload(hanako, KEEP, file())).json()
    assert (again["added"], again["held"]) == (0, 4)
    headers = {"authorization": f"Bearer {hanako.token}"}
    where = f"{KEEP}/{kept.json()['id']}"
    assert (await hanako.browser.delete(where, headers=headers)).status_code == 204
    assert await measured(hanako) == []
    assert (await hanako.browser.delete(where, headers=headers)).status_code == 204


async def test_what_a_device_sent_is_known_in_a_file(hanako: Visitor) -> None:
    at = f"{day(2)}T07:10:00+09:00"
    values = {"systolic": 130, "diastolic": 82}
    await send(hanako, {"id": "k1", "kind": "blood-pressure", "measured_at": at, "values": values})
    seen = (await upload(hanako, PREVIEW, file())).json()
    assert (seen["new"], seen["held"]) == (2, 2)


async def test_one_file_is_taken_back_and_no_other(hanako: Visitor) -> None:
    one = (await upload(hanako, KEEP, table(f"{day(3)},7:05,132,84,,"))).json()
    await upload(hanako, KEEP, table(f"{day(4)},7:05,133,84,,"))
    headers = {"authorization": f"Bearer {hanako.token}"}
    await hanako.browser.delete(f"{KEEP}/{one['id']}", headers=headers)
    (left,) = await measured(hanako)
    assert left["values"]["systolic"] == "133"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"PK\x03\x04", "Excel"),
        (table("1", head="x"), "日付の列"),
        (b"x" * (2 * 1024 * 1024 + 1), "大きすぎます"),
        (table(*["2026/5/1"] * 10_001), "10,000"),
    ],
)
async def test_what_is_no_file_of_measurements_is_refused_in_words(
    hanako: Visitor, body: bytes, said: str
) -> None:
    refused = await upload(hanako, PREVIEW, body)
    assert refused.status_code == 422
    assert said in refused.json()["title"] + refused.json()["next"]


async def test_ten_thousand_lines_are_kept(hanako: Visitor) -> None:
    lines = [
        f"{day(1 + number // 500)},{number // 60 % 24}:{number % 60:02},{100 + number % 61},60,,"
        for number in range(10_000)
    ]
    began = time.monotonic()
    kept = (await upload(hanako, KEEP, table(*lines))).json()
    assert kept["added"] + kept["held"] == 10_000
    assert kept["added"] > 9_000
    assert (time.monotonic() - began) / slowness() < 60
