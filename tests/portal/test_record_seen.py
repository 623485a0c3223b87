"""At each record, who has seen that record: no more, no less, and not who brought it."""

from uuid import UUID

import pytest

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Embargo
from api.core import clock
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.support.reading import accesses
from tests.portal import scene
from tests.portal.looks import READ, happened, named
from tests.portal.scene import Place, Visitor

DRUGS = [{"type": "MedicationRequest", "category": "prescription", "count": 1}]


async def let_in(who: Visitor, place: Place) -> None:
    version = (await who.ask("/me/disclosure")).json()["version"]
    await who.turn("facility", place.facility_id, "yes", version)


async def finds(who: Visitor, whom: Visitor) -> str:
    assert whom.card
    return (await who.find(by="card", card=whom.card.grouped)).text


async def seen(who: Visitor, record_id: UUID, query: str = "") -> list[str]:
    answer = await who.ask(f"/me/records/{record_id}/accesses{query}")
    assert answer.status_code == 200, answer.text
    return [each["who"] for each in answer.json()["accesses"]]


async def test_a_record_names_who_saw_it_and_another_names_nobody(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    first = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    await let_in(hanako, clinic)
    assert "アムロジピン錠5mg" in await finds(sato, hanako)
    later = await scene.wrote(pharmacy, hanako.actor, "prescription", "ロキソプロフェン錠60mg")
    assert await seen(hanako, first) == ["佐藤 健一"]
    assert await seen(hanako, later) == []
    assert "ロキソプロフェン錠60mg" in await finds(sato, hanako)
    assert await seen(hanako, first) == ["佐藤 健一"] * 2
    assert await seen(hanako, later) == ["佐藤 健一"]

    page = (await hanako.get(f"/records/{first}")).text
    assert "この記録を見た人" in page
    assert "この日に2回" in page
    assert page.count("れんげ内科クリニック") >= 1
    assert "佐藤 健一（医師）" in page
    english = (await hanako.get(f"/records/{later}", locale="en")).text
    assert "Renge Clinic" in english
    only = (await hanako.ask(f"/me/records/{later}/accesses")).json()["accesses"][0]["number"]
    assert f'href="/access-log?upto={only}#access-{only}"' in english
    row = (await hanako.get(f"/access-log?upto={only}")).text
    assert row.index('id="access-') == row.index(f'id="access-{only}"')


async def test_a_refused_attempt_and_what_is_hidden_saw_nothing(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    record = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    await finds(sato, hanako)
    assert await seen(hanako, record) == []
    page = (await hanako.get(f"/records/{record}")).text
    assert "まだ、だれも見ていません" in page
    number = f"S{uuid7().hex[-10:]}"
    await scene.knows_as(pharmacy, hanako.actor, number)
    await ito.find(by="local_id", local_id=number)  # who wrote it sees it
    assert await seen(hanako, record) == ["伊藤 美咲"]


async def test_that_it_came_in_is_no_access(hanako: Visitor, ito: Visitor, pharmacy: Place) -> None:
    record = await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg")
    by = named(ito.actor, pharmacy, "pharmacist")
    more = {"actor": by, "resources": DRUGS, "ids": [record]}
    await happened(ito.actor, hanako, EventName.RECORD_STORED, **more)
    assert await seen(hanako, record) == []
    await happened(ito.actor, hanako, EventName.RECORDS_EXPORTED, **more)
    assert await seen(hanako, record) == ["伊藤 美咲"]


async def test_pages_lead_back_to_the_first_look(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    by = named(sato.actor, clinic, "physician")
    for number in range(12):
        ids = [record if number % 2 else uuid7()]
        await happened(sato.actor, hanako, READ, actor=by, resources=DRUGS, ids=ids)
    found, before = [], ""
    while True:
        page = (await hanako.ask(f"/me/records/{record}/accesses?count=2{before}")).json()
        found += [each["number"] for each in page["accesses"]]
        if page["before"] is None:
            break
        before = f"&before={page['before']}"
    assert len(found) == len(set(found)) == 6
    assert found == sorted(found, reverse=True)
    shown = (await hanako.get(f"/records/{record}")).text
    assert f'href="/records/{record}/accesses"' not in shown
    for page in (shown, (await hanako.get(f"/records/{record}/accesses")).text):
        assert page.count("佐藤 健一（医師）") == 1
        assert "この日に6回" in page
    english = (await hanako.get(f"/records/{record}", locale="en")).text
    assert "6 times that day" in english

    monkeypatch.setattr(accesses, "MOST_SEARCHED", 3)
    found, before = [], ""
    while True:
        page = (await hanako.ask(f"/me/records/{record}/accesses{before}")).json()
        found += [each["number"] for each in page["accesses"]]
        if page["before"] is None:
            break
        before = f"?before={page['before']}"
    assert len(found) == 6


async def test_what_is_withheld_is_not_counted_and_that_is_said(
    hanako: Visitor, sato: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    today = clock.today_in_japan()
    until = today.replace(year=today.year + 1, day=1)
    async with unit_of_work(sato.actor, subject=hanako.actor.participant_id) as tx:
        await access_log.append(
            tx,
            READ,
            detail={
                "actor": named(sato.actor, clinic, "physician"),
                "resources": DRUGS,
                "ids": [record],
            },
            embargo=Embargo(("resources",), "safety", until),
        )
    assert await seen(hanako, record) == []
    page = (await hanako.get(f"/records/{record}")).text
    assert "まだ見た記録を表示できないできごとがあります。" in page
    monkeypatch.setattr(clock, "today_in_japan", lambda: until)
    assert await seen(hanako, record) == ["佐藤 健一"]
    assert "まだ見た記録を表示できない" not in (await hanako.get(f"/records/{record}")).text


async def test_another_person_s_record_and_one_not_told_are_not_there(
    hanako: Visitor, yumi: Visitor, clinic: Place
) -> None:
    record = await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg")
    untold = await scene.wrote(clinic, hanako.actor, "condition", "胃癌", marks=("UNINFORMED",))
    for who, which in ((yumi, record), (hanako, untold), (hanako, uuid7())):
        assert (await who.ask(f"/me/records/{which}/accesses")).status_code == 404
        assert (await who.get(f"/records/{which}/accesses")).status_code == 404
