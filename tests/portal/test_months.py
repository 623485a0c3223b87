"""Hanako sees a month in sum, and finds from there what she did not expect."""

import re

from api.core import clock
from api.support.reading.digest import Month
from tests.portal.looks import READ, happened, named, numbers
from tests.portal.scene import Place, Visitor


def this() -> str:
    return str(Month.of(clock.now()))


async def test_the_month_says_who_saw_what_how_often(
    hanako: Visitor,
    sato: Visitor,
    clinic: Place,
    busy: dict[str, int],
) -> None:
    found = (await hanako.ask(f"/me/access-log/months/{this()}")).json()
    by = {each["facility"]: each for each in found["looked"]}
    assert by["れんげ内科クリニック"] == {
        "facility_id": str(clinic.facility_id),
        "facility": "れんげ内科クリニック",
        "profession": "医師",
        "times": 2,
        "checked": 0,
        "denied": 1,
        "emergency": 1,
        "records": 6,
        "is_first": True,
        "sentences": [
            "れんげ内科クリニックの医師が、2回、「検査結果」6件を見ました。",
            "れんげ内科クリニックの医師が、1回、見ようとしましたが、お断りしました。",
            "このうち1回は、救急のときです。",
            "この施設が記録を見たのは、はじめてです。",
        ],
    }
    assert by["すみれ薬局"]["times"] == 1
    assert found["summary"][0] == "2か所の施設が、合わせて3回、記録を見ました。"
    assert (found["first_facilities"], found["denied"], found["emergency"]) == (2, 1, 1)
    assert found["events"] == busy["support"]
    assert (found["previous"], found["following"]) == (None, None)

    page = (await hanako.get(f"/access-log/months/{this()}")).text
    for each in found["looked"]:
        for sentence in each["sentences"]:
            assert sentence in page
    english = (await hanako.get(f"/access-log/months/{this()}", locale="en")).text
    assert "Physician at Renge Clinic saw" in english


async def test_from_the_month_a_tap_leads_to_each_time_and_to_asking(
    hanako: Visitor,
    busy: dict[str, int],
) -> None:
    assert f'href="/access-log/months/{this()}"' in (await hanako.get("/access-log")).text
    page = (await hanako.get(f"/access-log/months/{this()}")).text
    hrefs = [h.replace("&amp;", "&") for h in re.findall(r'href="(/access-log\?[^"]+)"', page)]
    (at_clinic, at_pharmacy, everything) = hrefs
    query = at_clinic.partition("?")[2]
    assert await numbers(hanako, query) == [busy[n] for n in ("emergency", "refused", "read")]
    assert await numbers(hanako, at_pharmacy.partition("?")[2]) == [busy["pharmacy"]]
    assert len(await numbers(hanako, everything.partition("?")[2])) == busy["support"]


async def test_a_month_still_to_come_or_before_the_log_is_not_there(
    hanako: Visitor, yumi: Visitor
) -> None:
    coming = str(Month.of(clock.now()).following)
    for who in (hanako, yumi):
        assert (await who.ask(f"/me/access-log/months/{this()}")).status_code == 200
        assert (await who.get(f"/access-log/months/{this()}")).status_code == 200
        for month in (coming, "2999-12", "1999-01"):
            assert (await who.ask(f"/me/access-log/months/{month}")).status_code == 404
            assert (await who.get(f"/access-log/months/{month}")).status_code == 404
        for month in ("2026-13", "2026-1", "x", "0000-01"):
            assert (await who.ask(f"/me/access-log/months/{month}")).status_code == 400
    assert "だれも、記録を見ていません。" in (await yumi.get(f"/access-log/months/{this()}")).text


async def test_a_facility_is_new_in_its_first_month_alone(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch
) -> None:
    who = named(sato.actor, clinic, "physician")
    lab = [{"type": "Observation", "category": "lab", "count": 1}]
    await happened(sato.actor, hanako, READ, actor=who, resources=lab)
    now, coming = this(), Month.of(clock.now()).following
    monkeypatch.setattr(clock, "now", lambda: coming.following.starts_at)
    found = (await hanako.ask(f"/me/access-log/months/{coming}")).json()
    assert (found["events"], found["previous"]) == (0, now)
