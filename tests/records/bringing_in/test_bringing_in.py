"""Hanako moves: what she took out comes in elsewhere as it was, or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextvars import Context
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from api.consent.lifecycle import dwelling, leaving
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import Transaction, unit_of_work
from api.phr.entries import service as entries
from api.phr.entries.errors import NotTakingPart
from api.phr.immunization import service as vaccinations
from api.phr.maternal import service as pregnancies
from api.records.bringing_in import reading, running, service
from api.records.bringing_in.errors import FileRefused, NotWaiting
from api.records.bringing_in.planning import LeftLine
from api.records.checkup_xml import own as checkups
from api.records.taking_out import files, queries
from api.records.taking_out import running as taking_out
from api.records.taking_out.resources import decoded, normal_bundle, source_of
from tests.conftest import Deployment
from tests.phr.child.scene import BORN, begun
from tests.phr.samples import CHILD, SAMPLE, WEIGHT
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow, find
from tests.records import checkup_files
from tests.records.bringing_in import elsewhere
from tests.records.checkup_files import Examined, checkup
from tests.records.taking_out import taking

HERS = Examined("ヤマモト　ハナコ", checkup_files.date(1940, 4, 9))
KINDS = [SAMPLE, WEIGHT, CHILD]


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def there(database: Deployment, home: Path) -> AsyncIterator[Deployment]:
    yield await elsewhere.provisioned(database, home / "elsewhere")


@pytest_asyncio.fixture
async def written(hanako: Visitor, clinic: Place, pharmacy: Place) -> Visitor:
    """Of two facilities, of her own file, and of her own hand."""
    await scene.wrote(
        pharmacy,
        hanako.actor,
        "prescription",
        "アムロジピン錠5mg",
        status="active",
        intent="order",
        medicationCodeableConcept={"text": "アムロジピン錠5mg"},
        subject={"reference": "Patient/4711"},
    )
    await scene.wrote(
        clinic,
        hanako.actor,
        "condition",
        "統合失調症",
        sensitivity=1,
        code={"text": "統合失調症"},
        subject={"identifier": {"value": "1"}},
    )
    await checkups.keep(hanako.actor, checkup(HERS))
    await taking.wrote_own(hanako.actor)
    return hanako


async def somebody(name: str = "山本 花子", kana: str = "ヤマモト ハナコ") -> Actor:
    actor, _ = await scene.participant(name, kana)
    await leaving.take_part(actor, "participating")
    return actor


async def stored(actor: Actor) -> int:
    async with unit_of_work(OPERATOR, subject=actor.participant_id) as tx:
        return int(
            await tx.fetchval(
                "SELECT count(*) FROM record WHERE participant_id = app.subject() AND is_current"
            )
        )


async def test_out_of_one_deployment_into_another_and_out_again_is_the_same(
    written: Visitor, database: Deployment, there: Deployment, clinic: Place
) -> None:
    first = await taking.bundle(written.actor)
    async with elsewhere.serving(there, database):
        hanako = await somebody()
        done = await taking.brought(hanako, first)
        assert done.state == "done"
        assert done.counts.left == [LeftLine("settings", "Consent", 1)]
        second = await taking.bundle(hanako)
        assert normal_bundle(decoded(first)) == normal_bundle(decoded(second))
        assert len(first) > 1000
        again = await taking.brought(hanako, first)
        assert again.counts.total == 0
        assert again.counts.held == done.counts.total
        assert await taking.bundle(hanako) != first
        found = await entries.entries(hanako, KINDS)
        assert len(found) == 5
        child = next(each for each in found if each.book == "" and each.kind == CHILD.name)
        hanging = await entries.entries(hanako, [CHILD], book=str(child.entry_id))
        assert sorted(each.values["weight"] for each in hanging) == ["4.1", "5"]
        (sample,) = await entries.entries(hanako, [SAMPLE])
        assert sample.values["remark"] == "ひみつの日記"
        assert sample.values["signs"] == "cough fever"
        brought = [source_of(each) for each in taking.resources(second)]
        assert clinic.name in [each.name for each in brought if each]
        assert len(await checkups.brought(hanako)) == 1
    back = await taking.brought(written.actor, second)
    assert back.counts.total == 0, "and back at home all of it is there"
    assert back.counts.changed == 0


async def test_what_was_restricted_there_is_restricted_here(written: Visitor) -> None:
    body = await taking.bundle(written.actor)
    other = await somebody()
    await taking.brought(other, body)
    async with unit_of_work(OPERATOR, subject=other.participant_id) as tx:
        rows = await tx.fetch(
            "SELECT sensitivity, category, source_facility_id = app.self_source() AS is_own, body"
            " FROM record WHERE participant_id = app.subject()"
        )
    assert all(row["is_own"] for row in rows)
    (restricted,) = [row for row in rows if row["category"] == "condition"]
    assert restricted["sensitivity"] == 1
    assert all("ひみつ" not in row["body"] and "62.5" not in row["body"] for row in rows)


async def test_her_page_and_her_doctor_see_who_wrote_what_she_brought(
    written: Visitor, open_browser, clinic: Place, pharmacy: Place, sato: Visitor
) -> None:
    actor, card = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    other = await scene.visitor(await open_browser(), actor, card)
    await taking.brought(actor, await taking.bundle(written.actor))
    listed = (await other.ask("/me/records?q=アムロジピン")).json()["records"]
    page = (await other.get(f"/records/{listed[0]['id']}")).text
    assert "もとの書き手" in page
    assert pharmacy.name in page
    await allow(other, clinic)
    await dwelling.show_from(actor, None)
    assert "アムロジピン錠5mg" in await find(sato, other)
    timeline = (await sato.get(f"/clinic/participants/{actor.participant_id}/timeline")).text
    assert "アムロジピン錠5mg" in timeline
    assert "ご本人の登録" in timeline


async def test_it_is_seen_before_anything_is_stored(written: Visitor, open_browser) -> None:
    body = await taking.bundle(written.actor)
    other = await scene.visitor(await open_browser(), await somebody())
    await other.get("/book/bring-in")
    fields = {"_csrf_token": other.browser.cookies["tsunagu_csrf"]}
    answer = await other.browser.post(
        "/book/bring-in", data=fields, files={"file": ("my.fhir.json", body)}
    )
    page = await other.follow(answer)
    total = len(checkup_files.USUAL) + 1 + 5 + 2
    assert f"新しく取り込むもの（{total}件）" in page
    assert "まだ何も保存していません。" in page
    assert "「だれに見せるか」の設定は、取り込みません。" in page
    assert 'href="/disclosure"' in page
    assert "このうち2件は、ほかで医療機関が書いた記録です" in page
    assert await stored(other.actor) == 0
    where = answer.headers["location"]
    page = await other.follow(await other.press(where, f"{total}件を取り込む"))
    assert "取り込みを待っています" in page
    assert await stored(other.actor) == 0
    await taking.background()
    page = (await other.get(where)).text
    assert f"{total}件を保存しました。" in page
    assert f"取り込んだもの（{total}件）" in page
    assert "取り込まないもの" not in page, "it is over"
    assert await stored(other.actor) == total
    (added, *_) = await other.log()
    assert added["event"] == "records:own:added"
    assert "取り込みました" in (await other.get("/book/bring-in")).text


async def test_left_it_leaves_nothing(written: Visitor) -> None:
    other = await somebody()
    looked = await service.look(other, await taking.bundle(written.actor))
    folder = files.folder_of(looked.import_id)
    assert b"Patient" not in b"".join(each.read_bytes() for each in folder.iterdir())
    await service.cancel(other, looked.import_id)
    assert not folder.exists()
    with pytest.raises(NotWaiting):
        await service.keep(other, looked.import_id)
    assert await stored(other) == 0
    assert (await service.listed(other)).items == []


async def test_whoever_goes_away_leaves_nothing_after_an_hour(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    other = await somebody()
    looked = await service.look(other, await taking.bundle(written.actor))
    await admin.execute("UPDATE own_import SET looked_at = now() - interval '61 minutes'")
    await taking_out.sweep()
    assert (await service.one(other, looked.import_id)).state == "expired"
    assert not files.folder_of(looked.import_id).exists()


async def test_a_file_looked_at_while_others_sweep_is_not_taken_away(
    written: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = await taking.bundle(written.actor)
    there = [await somebody() for _ in range(2)]
    looked: list[service.Import] = []
    asked, laid_down = queries.sweep, service._lay_down
    loop = asyncio.get_running_loop()

    async def asked_meanwhile(tx: Transaction) -> set[UUID]:
        wanted = await asked(tx)
        # As of another process: in a transaction of its own.
        other = asyncio.create_task(service.look(there[0], body), context=Context())
        looked.append(await other)
        return wanted

    with monkeypatch.context() as patched:
        patched.setattr(queries, "sweep", asked_meanwhile)
        await taking_out.sweep()

    def swept_meanwhile(*given: Any) -> None:
        laid_down(*given)
        asyncio.run_coroutine_threadsafe(taking_out.sweep(), loop).result()

    with monkeypatch.context() as patched:
        patched.setattr(service, "_lay_down", swept_meanwhile)
        looked.append(await service.look(there[1], body))

    for who, each in zip(there, looked, strict=True):
        await service.keep(who, each.import_id)
        await taking.background()
        assert (await service.one(who, each.import_id)).state == "done"


async def test_a_fault_half_way_stores_nothing(
    written: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await somebody()
    looked = await service.look(other, await taking.bundle(written.actor))
    await service.keep(other, looked.import_id)
    monkeypatch.setattr(running, "AT_ONCE", 2)
    whole = running._rows
    calls = 0

    def failing(*given):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError
        return whole(*given)

    monkeypatch.setattr(running, "_rows", failing)
    await taking.background()
    assert (await service.one(other, looked.import_id)).state == "failed"
    assert await stored(other) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "ファイルを選んでください"),
        (b'{"resourceType":"Bundle"', "壊れている"),
        (b"not json", "受け取ったファイルではありません"),
        (b"[" * 200_000, "複雑すぎて"),
        (b'{"resourceType":"Patient"}', "受け取ったファイルではありません"),
        (b" " * (reading.MAX_BYTES + 1), "大きすぎます（32 MBまで）"),
    ],
)
async def test_a_bad_file_is_refused_in_words_and_nothing_is_kept(
    hanako: Visitor, body: bytes, said: str
) -> None:
    await hanako.get("/book/bring-in")
    fields = {"_csrf_token": hanako.browser.cookies["tsunagu_csrf"]}
    answer = await hanako.browser.post(
        "/book/bring-in", data=fields, files={"file": ("x.json", body)}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert await stored(hanako.actor) == 0


async def test_fifty_megabytes_are_turned_away_at_the_door(hanako: Visitor) -> None:
    headers = {"authorization": f"Bearer {hanako.token}"}
    answer = await hanako.browser.post("/me/imports", content=b" " * 50_000_000, headers=headers)
    assert answer.status_code == 413


async def test_somebody_else_s_file_is_refused(written: Visitor, yumi: Visitor) -> None:
    body = await taking.bundle(written.actor)
    await leaving.take_part(yumi.actor, "participating")
    with pytest.raises(FileRefused) as refused:
        await service.look(yumi.actor, body)
    assert refused.value.key == "record.fault.bring_in_other_person"


async def test_whoever_takes_no_part_brings_nothing_in(written: Visitor) -> None:
    body = await taking.bundle(written.actor)
    other = await somebody()
    await leaving.take_part(other, "withdrawn")
    with pytest.raises(NotTakingPart):
        await service.look(other, body)


async def test_what_was_corrected_here_since_stays_corrected(written: Visitor) -> None:
    body = await taking.bundle(written.actor)
    (sample,) = await entries.entries(written.actor, [WEIGHT])
    wish = entries.Wish(
        WEIGHT, {"on": "2026-02-03", "weight": "60"}, entry_id=sample.entry_id, version=1
    )
    await entries.write(written.actor, wish)
    done = await taking.brought(written.actor, body)
    assert done.counts.changed == 1
    assert done.counts.total == 0
    (now,) = await entries.entries(written.actor, [WEIGHT])
    assert now.values["weight"] == "60"


async def test_what_she_removed_comes_back_where_it_was(written: Visitor) -> None:
    body = await taking.bundle(written.actor)
    (weight,) = await entries.entries(written.actor, [WEIGHT])
    await entries.remove(written.actor, weight.entry_id)
    done = await taking.brought(written.actor, body)
    assert done.counts.new == {"vitals": 1}
    (now,) = await entries.entries(written.actor, [WEIGHT])
    assert now.values == weight.values


async def test_the_days_to_come_are_noted_as_it_is_stored(hanako: Visitor) -> None:
    yui = await begun(hanako)
    dose = {"vaccine": "hbv", "on": BORN.isoformat()}
    await vaccinations.write(hanako.actor, yui.book_id, dose)
    await vaccinations.write(hanako.actor, None, dose)
    due_on = (clock.today_in_japan() + timedelta(days=100)).isoformat()
    fields = {"edd": due_on, "dated_by": "ultrasound"}
    await pregnancies.begin(hanako.actor, pregnancies.Asked(fields))
    body = await taking.bundle(hanako.actor)
    other = await somebody()
    await taking.brought(other, body)
    assert await ahead(other) == await ahead(hanako.actor)
    assert {kind for kind, _, _ in await ahead(other)} == {"checkup", "immunization", "visit"}


async def ahead(actor: Actor) -> list[tuple[str, date, str]]:
    async with unit_of_work(actor) as tx:
        rows = await tx.fetch(
            "SELECT kind, due_on, why FROM own_due WHERE participant_id = app.subject()"
            " ORDER BY kind, due_on, why"
        )
    return [tuple(row.values()) for row in rows]


async def test_an_app_does_it_too(written: Visitor, yumi: Visitor) -> None:
    body = await taking.bundle(written.actor)
    (weight,) = await entries.entries(written.actor, [WEIGHT])
    await entries.remove(written.actor, weight.entry_id)
    looked = await written.tell("/me/imports", json.loads(body))
    assert looked.status_code == 201, looked.text
    assert looked.json()["new"] == {"vitals": 1}
    where = f"/me/imports/{looked.json()['id']}"
    assert (await yumi.ask(where)).status_code == 404
    assert (await yumi.tell(f"{where}/keep", {})).status_code == 404
    assert (await written.tell(f"{where}/keep", {})).status_code == 202
    await taking.background()
    assert (await written.ask(where)).json()["state"] == "done"
    assert (await written.tell(f"{where}/keep", {})).status_code == 409
    found = (await written.ask("/me/imports")).json()
    assert [each["state"] for each in found["imports"]] == ["done"]
    assert found["next"] is None
