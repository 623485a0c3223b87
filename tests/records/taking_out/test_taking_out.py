"""Hanako takes everything out: all she may know of, in three forms, and nobody else can have it."""

import json
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest
import pytest_asyncio
from msgspec import structs

from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.identity.errors import Frozen, StepUpNeeded
from api.records.taking_out import files, queries, rules, running, service
from api.records.taking_out.errors import NotReady, OneAtATime, OverAlready
from api.records.taking_out.resources import canonical, decoded, source_of
from api.records.taking_out.sealed_file import Broken
from notifications import service as notifications
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records.taking_out import taking


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def written(hanako: Visitor, clinic: Place) -> Visitor:
    """What the clinic told her, what it has not, and what she wrote."""
    await scene.wrote(clinic, hanako.actor, "prescription", "アムロジピン錠5mg", status="active")
    await scene.wrote(clinic, hanako.actor, "condition", "本態性高血圧症")
    await scene.wrote(clinic, hanako.actor, "condition", "カナリア病", marks=("UNINFORMED",))
    await taking.wrote_own(hanako.actor)
    return hanako


async def test_everything_told_and_written_is_in_the_bundle_and_nothing_untold(
    written: Visitor, clinic: Place
) -> None:
    body = await taking.bundle(written.actor)
    assert "カナリア病" not in body.decode()
    found = taking.resources(body)
    assert [each["resourceType"] for each in found[:2]] == ["Patient", "Consent"]
    assert found[0]["name"][0]["text"] == "山本 花子"
    sources = [source_of(each) for each in found[2:]]
    assert [each.name for each in sources if each] == [clinic.name] * 2
    assert sources.count(None) == 5
    assert "ひみつの日記" in body.decode(), "what she wrote is opened for her"
    assert canonical(decoded(body)) == body


async def test_the_tables_open_in_a_spreadsheet_and_run_nothing(written: Visitor) -> None:
    await taking.wrote_own(written.actor, "=HYPERLINK(1)")
    job = await taking.made(written.actor, "csv")
    found = taking.tables(await taking.content(written.actor, job, "csv"))
    assert len(found) == 4
    assert all(
        text.startswith("日付,時刻,件名,項目,内容,書いた人・所,番号\r\n") for text in found.values()
    )
    whole = "".join(found.values())
    assert ",'=HYPERLINK(1)," in whole
    assert "62.5 kg" in whole
    assert "ご本人の登録" in whole
    assert "カナリア病" not in whole


async def test_the_booklet_has_its_chapters_contents_and_numbers(written: Visitor) -> None:
    job = await taking.made(written.actor, "pdf")
    found = taking.pages(await taking.content(written.actor, job, "pdf"))
    cover, contents = found[0], found[1]
    assert "わたしの記録" in cover
    assert "山本 花子" in cover
    for chapter in (
        "わたしのこと",
        "妊娠・出産",
        "お子さま",
        "予防接種",
        "健診",
        "もしものときの希望",
    ):
        assert chapter in contents
        place = next(n for n, page in enumerate(found[2:], 3) if page.startswith(chapter))
        assert str(place) in contents
    whole = "\n".join(found)
    assert "アムロジピン錠5mg" in whole
    assert "ひみつの日記" in whole
    assert "カナリア病" not in whole
    assert [page.strip().splitlines()[-1] for page in found] == [
        str(n + 1) for n in range(len(found))
    ]


async def test_that_it_was_taken_out_is_in_her_log_and_she_is_told_when_it_is_ready(
    written: Visitor,
) -> None:
    job = await taking.made(written.actor)
    assert {each.form for each in job.files} == {"fhir", "csv", "pdf"}
    assert {each.records for each in job.files} == {7}
    assert job.percent == 100
    (event, *_) = await written.log()
    assert event["event"] == "records:copy:exported"
    assert event["sentence"] == "記録のコピーが取り出されました。"
    while await notifications.deliver():
        pass
    inbox = (await written.get("/inbox")).text
    assert "記録のファイルができました" in inbox


async def test_it_asks_for_a_fresh_session_to_start_and_to_fetch(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    job = await taking.made(written.actor, "csv")
    session_id = await admin.fetchval(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes', way = 'passkey'"
        " WHERE account_id = $1 RETURNING session_id",
        written.actor.account_id,
    )
    stale = structs.replace(written.actor, session_id=session_id)
    with pytest.raises(StepUpNeeded):
        await service.start(stale, "ja")
    with pytest.raises(StepUpNeeded):
        await service.fetch(stale, job.export_id, "csv")


async def test_for_three_days_after_a_recovery_nothing_is_taken_out(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    job = await taking.made(written.actor, "csv")
    session_id = await admin.fetchval(
        "UPDATE session SET stepped_up_at = now() WHERE account_id = $1 RETURNING session_id",
        written.actor.account_id,
    )
    await admin.execute(
        "UPDATE account SET frozen_until = now() + interval '72 hours' WHERE account_id = $1",
        written.actor.account_id,
    )
    recovered = structs.replace(written.actor, session_id=session_id)
    with pytest.raises(Frozen):
        await service.start(recovered, "ja")
    with pytest.raises(Frozen):
        await service.fetch(recovered, job.export_id, "csv")


async def test_one_at_a_time_and_called_off_it_is_gone(written: Visitor) -> None:
    export_id = await service.start(written.actor, "ja")
    with pytest.raises(OneAtATime):
        await service.start(written.actor, "ja")
    with pytest.raises(NotReady):
        await service.fetch(written.actor, export_id, "pdf")
    await service.cancel(written.actor, export_id)
    await taking.background()
    assert (await service.one(written.actor, export_id)).state == "cancelled"
    with pytest.raises(OverAlready):
        await service.fetch(written.actor, export_id, "pdf")
    assert not files.folder_of(export_id).exists()


async def test_called_off_while_it_is_written_it_stops(written: Visitor) -> None:
    export_id = await service.start(written.actor, "ja")
    taken = await running.take(uuid7())
    assert taken is not None
    await service.cancel(written.actor, export_id)
    await running.work(taken)
    assert (await service.one(written.actor, export_id)).state == "cancelled"


async def test_a_worker_that_died_is_followed_by_another_from_the_start(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    export_id = await service.start(written.actor, "ja", ["csv"])
    dead = await running.take(uuid7())
    assert dead is not None
    assert await running.take(uuid7()) is None, "it holds the job for its lease"
    await admin.execute(
        "UPDATE own_export SET leased_until = now() - interval '1 second' WHERE export_id = $1",
        export_id,
    )
    await taking.background()
    job = await service.one(written.actor, export_id)
    assert job.state == "done"
    await running.work(dead)
    assert (await service.one(written.actor, export_id)).files == job.files


async def test_what_cannot_be_made_is_given_up_and_said(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    export_id = await service.start(written.actor, "ja")
    await admin.execute("UPDATE own_export SET attempts = $1", rules.MOST_TRIES)
    await taking.background()
    assert (await service.one(written.actor, export_id)).state == "failed"
    assert "作れませんでした" in (await written.get("/book/out")).text


async def test_after_seven_days_files_and_their_key_are_gone(
    written: Visitor, admin: asyncpg.Connection
) -> None:
    job = await taking.made(written.actor)
    assert job.expires_at is not None
    assert timedelta(days=6) < job.expires_at - clock.now() <= timedelta(days=7)
    folder = files.folder_of(job.export_id)
    lying = b"".join(each.read_bytes() for each in folder.iterdir())
    assert "山本".encode() not in lying
    assert b"Patient" not in lying
    await admin.execute(
        "UPDATE own_export SET expires_at = now() - interval '1 second' WHERE export_id = $1",
        job.export_id,
    )
    with pytest.raises(OverAlready):
        await service.fetch(written.actor, job.export_id, "pdf")
    await running.sweep()
    assert not folder.exists()
    kept = await admin.fetchrow("SELECT * FROM own_export WHERE export_id = $1", job.export_id)
    assert kept["file_key"] is None
    assert kept["state"] == "expired"


async def test_nobody_else_knows_of_it(written: Visitor, yumi: Visitor, sato: Visitor) -> None:
    job = await taking.made(written.actor)
    for other in (yumi, sato):
        with pytest.raises(NotFound):
            await service.one(other.actor, job.export_id)
        with pytest.raises(NotFound):
            await service.fetch(other.actor, job.export_id, "pdf")
    async with unit_of_work(OPERATOR, subject=written.actor.participant_id) as tx:
        assert await queries.one(tx, job.export_id) is None


async def test_whoever_may_not_see_restricted_records_takes_none_out(
    written: Visitor, clinic: Place
) -> None:
    await scene.wrote(clinic, written.actor, "condition", "統合失調症", sensitivity=1)
    parent = structs.replace(written.actor, is_shown_restricted=False)
    assert "統合失調症" not in (await taking.bundle(parent)).decode()
    assert "統合失調症" in (await taking.bundle(written.actor)).decode()


async def test_in_safe_mode_no_place_is_named(written: Visitor, clinic: Place) -> None:
    safe = structs.replace(written.actor, is_safe=True)
    job = await taking.made(safe)
    whole = (await taking.content(safe, job, "fhir")).decode()
    whole += "".join(taking.tables(await taking.content(safe, job, "csv")).values())
    whole += "".join(taking.pages(await taking.content(safe, job, "pdf")))
    assert clinic.name not in whole
    assert clinic.code not in whole
    assert "62.5" in whole


async def test_from_the_page_to_the_file(written: Visitor) -> None:
    page = (await written.get("/book/out")).text
    assert "すべて受け取る" in page
    page = await written.follow(await written.press("/book/out", "すべて受け取る"))
    assert "準備しています" in page
    assert "このページを閉じても続きます" in page
    await taking.background()
    page = (await written.get("/book/out")).text
    job = (await service.listed(written.actor)).items[0]
    for form, media in (("pdf", "application/pdf"), ("csv", "application/zip")):
        assert f"/book/out/{job.export_id}/{form}" in page
        answer = await written.get(f"/book/out/{job.export_id}/{form}")
        assert answer.headers["content-type"] == media
        assert "attachment" in answer.headers["content-disposition"]
        assert answer.headers["content-length"] == str(len(answer.content))
    assert (await written.get(f"/book/out/{job.export_id}/word")).status_code == 404
    page = await written.follow(await written.press("/book/out", "このファイルを消す"))
    assert "ファイルを消しました" in page
    assert (await written.get(f"/book/out/{job.export_id}/pdf")).status_code == 410


async def test_an_app_does_it_too(written: Visitor, yumi: Visitor) -> None:
    started = await written.tell("/me/exports", {"forms": ["fhir"]})
    assert started.status_code == 202
    where = f"/me/exports/{started.json()['id']}"
    assert started.json()["state"] == "waiting"
    assert (await written.tell("/me/exports", {})).status_code == 409
    assert (await written.ask(f"{where}/fhir")).status_code == 409
    await taking.background()
    status = (await written.ask(where)).json()
    assert status["percent"] == 100
    assert [each["form"] for each in status["files"]] == ["fhir"]
    found = await written.ask(f"{where}/fhir")
    assert json.loads(found.content, parse_float=Decimal)["type"] == "collection"
    assert (await yumi.ask(where)).status_code == 404
    assert (await yumi.ask(f"{where}/fhir")).status_code == 404
    assert (await written.ask(f"{where}/pdf")).status_code == 404
    headers = {"authorization": f"Bearer {written.token}"}
    assert (await written.browser.delete(where, headers=headers)).status_code == 204
    assert (await written.ask(f"{where}/fhir")).status_code == 410


async def test_a_file_that_was_tampered_with_is_not_handed_out_as_if_it_were_whole(
    written: Visitor,
) -> None:
    job = await taking.made(written.actor, "fhir")
    (file,) = files.folder_of(job.export_id).iterdir()
    harmed = bytearray(file.read_bytes())
    harmed[100] ^= 1
    file.write_bytes(harmed)
    with pytest.raises(Broken):
        await taking.content(written.actor, job, "fhir")
