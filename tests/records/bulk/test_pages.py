"""The clinic's administrator starts an export and never sees a patient; the network sees it was."""

import re
from uuid import uuid4

import asyncpg
import pytest

from api.core.database import unit_of_work
from api.records.bulk import running
from api.records.bulk.queries import Taken
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_account import some_time_later
from tests.records.bulk.conftest import Emr, drug, known, lets_in


@pytest.fixture
async def desk(clinic: Place, open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.administrator(clinic))


async def mine(desk: Visitor) -> Taken:
    """The facility's export, from now on this test's to go on with."""
    worker = uuid4()
    async with unit_of_work(desk.actor) as tx:
        row = await tx.fetchrow(
            "UPDATE bulk_export SET state = 'running', worker = $1,"
            " leased_until = now() + interval '1 hour' WHERE state IN ('waiting', 'running')"
            " RETURNING facility_id, export_id",
            worker,
        )
    assert row is not None
    return Taken(row["facility_id"], row["export_id"], worker)


async def test_started_followed_and_called_off(
    hanako: Visitor,
    sato: Visitor,
    ueda: Visitor,
    clinic: Place,
    pharmacy: Place,
    emr: Emr,
    desk: Visitor,
) -> None:
    await known(clinic, hanako)
    await drug(pharmacy, hanako.actor, "アムロジピン錠5mg")
    await lets_in(hanako, clinic)
    assert 'href="/facility/exports"' in (await desk.get("/facility")).text
    page = (await desk.get("/facility/exports")).text
    assert "佐藤 健一" in page
    who = str(sato.actor.professional_id)
    wish = {"professional": who, "client": emr.system.client_id}
    assert (await desk.post("/facility/exports", wish)).status_code == 303
    taken = await mine(desk)
    again = await desk.post("/facility/exports", wish)
    assert again.status_code == 429
    assert "いまは新しい書き出しを始められません" in again.text
    page = (await desk.get("/facility/exports")).text
    assert '<progress id="bar-' in page
    await running.work(taken)
    page = (await desk.get("/facility/exports")).text
    for said in ("できました", "MedicationRequest", "1人"):
        assert said in page
    for secret in ("花子", "アムロジピン"):
        assert secret not in page
    where = f"/fhir/R4/bulk-export/{taken.export_id}"
    assert (await emr.ask(where)).status_code == 200
    (row, *_) = await hanako.log()
    assert row["event"] == "records:copy:exported"
    assert "佐藤 健一" in row["sentence"]
    for locale, said in (("ja", ("書き出しました", "書き出した記録")), ("en", ("Taken out",))):
        log = (await hanako.get("/access-log", locale=locale)).text
        assert all(f">{each}<" in log for each in said)
    assert ">確かめました<" not in (await hanako.get("/access-log")).text
    network = (await ueda.get("/support/exports", locale="en")).text
    assert "Renge Clinic" in network
    assert "花子" not in network
    (cancel,) = re.findall(r'action="(/facility/exports/[^"]+/cancel)"', page)
    assert (await desk.post(cancel)).status_code == 303
    assert "ファイルは消えました" in (await desk.get("/facility/exports")).text
    assert (await emr.ask(where)).status_code == 404


async def test_somebody_of_another_facility_cannot_answer_for_it(
    sato: Visitor, ito: Visitor, emr: Emr, desk: Visitor
) -> None:
    for who in (ito.actor.professional_id, uuid4(), "nobody", ""):
        wish = {"professional": who, "client": emr.system.client_id}
        answer = await desk.post("/facility/exports", wish)
        assert answer.status_code == 422
        assert "担当者を一人選んでください" in answer.text


async def test_without_a_system_that_may_there_is_nothing_to_start(
    sato: Visitor, clinic: Place, desk: Visitor, other: Emr
) -> None:
    assert "書き出しを認められたシステムがありません" in (await desk.get("/facility/exports")).text
    wish = {"professional": sato.actor.professional_id, "client": other.system.client_id}
    assert (await desk.post("/facility/exports", wish)).status_code == 403


async def test_another_facilitys_export_is_not_there(other: Emr, emr: Emr, desk: Visitor) -> None:
    taken = await other.take()
    answer = await desk.post(f"/facility/exports/{taken.export_id}/cancel")
    assert answer.status_code == 404
    assert str(taken.export_id) not in (await desk.get("/facility/exports")).text
    await running.work(taken)
    assert (await other.exported(taken.export_id)).job.state == "done"


async def test_after_a_while_the_administrator_shows_who_they_are_first(
    sato: Visitor, emr: Emr, desk: Visitor, database: Deployment
) -> None:
    admin = await asyncpg.connect(database.admin_dsn)
    await some_time_later(admin, desk)
    await admin.close()
    wish = {"professional": sato.actor.professional_id, "client": emr.system.client_id}
    answer = await desk.post("/facility/exports", wish)
    assert answer.status_code not in (200, 303)
    async with unit_of_work(desk.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM bulk_export") == 0
