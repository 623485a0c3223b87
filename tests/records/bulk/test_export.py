"""A clinic takes out what it may see of its own patients: no more, and each of them is told."""

import asyncio
import stat
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound, Unavailable
from api.identity.enrolling import intake, look_alikes
from api.records.bulk import queries, running, service
from api.records.bulk.files import folder_of
from api.records.bulk.rules import Wish
from api.records.incoming import service as ingest
from api.records.matching import merging, numbers
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records.bulk.conftest import SITE, Emr, Exported, drug, emr_of, known, lets_in


async def test_an_export_from_asking_to_the_last_line(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    number = await known(clinic, hanako)
    await drug(pharmacy, hanako.actor, "アムロジピン錠5mg")
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await lets_in(hanako, clinic)
    asked = await emr.start("?_type=MedicationRequest,Patient&_outputFormat=ndjson")
    assert (asked.status_code, asked.content) == (202, b"")
    where = asked.headers["content-location"].removeprefix(SITE)
    answer = await emr.finished(where)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "GMT" in answer.headers["expires"]
    manifest = answer.json()
    assert manifest["requiresAccessToken"] is True
    assert manifest["request"].endswith("$export?_type=MedicationRequest,Patient")
    assert datetime.fromisoformat(manifest["transactionTime"]) <= clock.now()
    assert manifest["error"] == []
    assert {each["type"]: each["count"] for each in manifest["output"]} == {
        "MedicationRequest": 1,
        "Patient": 1,
    }
    for each in manifest["output"]:
        file = await emr.ask(each["url"].removeprefix(SITE))
        assert file.headers["content-type"].startswith("application/fhir+ndjson")
        assert file.headers["content-length"] == str(len(file.content))
        (line,) = file.text.splitlines()
        assert f'"resourceType":"{each["type"]}"' in line.replace(" ", "")
        if each["type"] == "Patient":
            assert number in line
            assert "山本 花子" in line
    (row, *_) = await hanako.log()
    assert (row["event"], row["outcome"]) == ("records:copy:exported", "permitted")
    assert "れんげ内科クリニックが" in row["sentence"]
    assert "写しを取りました（佐藤 健一さん（医師））" in row["sentence"]
    assert [each["count"] for each in row["kinds"]] == [1, 1]
    (row, *_) = (await hanako.ask("/me/access-log", language="en")).json()["events"]
    assert row["sentence"].startswith("Renge Clinic took a copy of ")
    assert row["sentence"].endswith(" (佐藤 健一 (Physician)).")


async def test_only_own_patients_and_only_what_they_show(
    hanako: Visitor, yumi: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    taro, _ = await scene.participant("山本 太郎", "ヤマモト タロウ")
    await leaving.take_part(taro, "participating")
    for who in (hanako.actor, yumi.actor, taro):
        await drug(pharmacy, who, f"薬{who.name}")
    await drug(clinic, hanako.actor, "院内の薬")
    await known(clinic, hanako)  # lets nobody in: the clinic sees what it wrote
    await known(clinic, yumi)  # never joined
    exported = await emr.export()
    assert exported.titles == ["院内の薬"]
    assert exported.people == {str(hanako.actor.participant_id)}
    assert exported.lines("Patient")[0].keys() == {"resourceType", "id", "identifier"}
    assert (exported.job.patients, exported.job.done, exported.job.percent) == (2, 2, 100)
    await lets_in(hanako, clinic)
    assert (await emr.export()).titles == ["薬山本 花子", "院内の薬"]
    async with unit_of_work(taro) as tx:
        assert (
            await tx.fetchval("SELECT count(*) FROM access_event WHERE event LIKE '%export%'") == 0
        )
    (refused, *_) = await yumi.log()
    assert (refused["event"], refused["outcome"]) == ("records:copy:exported", "denied")
    assert "断りました" in refused["sentence"]


async def test_a_patient_known_by_the_number_of_a_second_registration_is_exported_as_one(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    twice, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    mine, theirs = hanako.actor.participant_id, twice.participant_id
    assert mine is not None
    assert theirs is not None
    operator = Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)
    await ingest.link_local_id(operator, theirs, f"T{theirs.hex}")
    officers = [await scene.officer(name) for name in ("上田 まもる", "第二 担当")]
    await look_alikes.decide(officers[0], theirs, mine, "same", "カードが2枚ある")
    merge_id = await merging.ask(officers[0], mine, theirs, "同じ方と確認")
    await merging.confirm(officers[1], merge_id)
    await merging.answer(hanako.actor, merge_id, is_yes=True)
    await drug(pharmacy, hanako.actor, "アムロジピン錠5mg")
    await lets_in(hanako, clinic)
    exported = await emr.export()
    assert (exported.titles, exported.people) == (["アムロジピン錠5mg"], {str(mine)})
    assert exported.job.patients == 1


async def test_hidden_secret_and_older_records_stay_and_untold_ones_are_not_in_her_log(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    await lets_in(hanako, clinic)
    hidden = await drug(pharmacy, hanako.actor, "隠した薬")
    await drug(pharmacy, hanako.actor, "特別な薬", sensitivity=2)
    await drug(pharmacy, hanako.actor, "見せる薬")
    await drug(pharmacy, hanako.actor, "未告知の薬", marks=("UNINFORMED",))
    await hanako.post(f"/records/{hidden}/choices", act="hide", version=await hanako.version())
    exported = await emr.export(Wish(("MedicationRequest",)))
    assert exported.titles == ["未告知の薬", "見せる薬"]
    (row, *_) = await hanako.log()
    assert [each["count"] for each in row["kinds"]] == [1]


async def test_the_decision_behind_it_can_be_made_again(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    await drug(pharmacy, hanako.actor, "薬")
    await lets_in(hanako, clinic)
    await emr.export(Wish(("MedicationRequest", "Condition")))
    (row, *_) = await hanako.log()
    again = (await hanako.ask(f"/me/access-log/{row['number']}/decision")).json()
    assert again["agrees"] is True


async def test_who_withdraws_in_the_middle_is_not_in_the_later_part(
    clinic: Place, pharmacy: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = []
    for n in range(4):
        actor, _ = await scene.participant(f"山本 花子{n}", "ヤマモト ハナコ")
        await leaving.take_part(actor, "participating")
        await consent.change(actor, [SetFacility(clinic.facility_id, on=True)], expected_version=0)
        await drug(pharmacy, actor, f"薬{n}")
        await known(clinic, actor)
        people.append(actor)
    people.sort(key=lambda each: str(each.participant_id))
    read = running._piece
    done: list[UUID] = []

    async def and_then_they_leave(held: Any, participant_id: UUID, after: UUID | None) -> Any:
        if len(done) == 2:
            for each in people[2:]:
                await leaving.take_part(each, "withdrawn")
        done.append(participant_id)
        return await read(held, participant_id, after)

    monkeypatch.setattr(running, "_piece", and_then_they_leave)
    exported = await emr.export()
    assert exported.people == {str(each.participant_id) for each in people[:2]}
    assert len(exported.titles) == 2


async def test_nothing_is_written_of_whom_the_log_cannot_tell(
    hanako: Visitor, clinic: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(clinic, hanako)
    await drug(clinic, hanako.actor, "薬")
    taken = await emr.take()

    async def breaks(*_: Any, **__: Any) -> None:
        raise ConnectionError("the log")

    with monkeypatch.context() as patched:
        patched.setattr(access_log, "append", breaks)
        with pytest.raises(Unavailable):
            await running.work(taken)
    assert list(folder_of(taken.export_id).iterdir()) == []
    await running.work(taken)
    assert (await emr.exported(taken.export_id)).titles == ["薬"]


async def test_two_facilities_do_not_see_each_others_exports(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr, other: Emr
) -> None:
    await known(clinic, hanako)
    await drug(clinic, hanako.actor, "薬")
    exported = await emr.export()
    (file, *_) = exported.job.files
    where = f"/fhir/R4/bulk-export/{exported.job.export_id}"
    assert (await emr.ask(f"{where}/{file.name}")).status_code == 200
    nobodys = f"/fhir/R4/bulk-export/{uuid4()}"
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", f"/{file.name}")):
        theirs = await other.send(method, f"{where}{path}")
        assert theirs.status_code == 404
        assert theirs.text == (await other.send(method, f"{nobodys}{path}")).text
    assert (await emr.ask(f"{where}/{'x' * 40}")).status_code == 404
    assert (await emr.ask(where)).status_code == 200
    for group in (str(pharmacy.facility_id), pharmacy.code, str(uuid4()), "everybody"):
        assert (await emr.start(group=group)).status_code == 404
    async with unit_of_work(other.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM bulk_export") == 0
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM bulk_export") == 0


async def test_a_second_system_of_the_same_facility_cannot_fetch_it(
    hanako: Visitor, sato: Visitor, clinic: Place, emr: Emr, open_browser
) -> None:
    await known(clinic, hanako)
    exported = await emr.export()
    second = await emr_of(clinic, sato.actor, await open_browser(), may=True)
    where = f"/fhir/R4/bulk-export/{exported.job.export_id}"
    assert (await second.ask(where)).status_code == 404


async def test_a_system_nobody_registered_for_it_may_not_and_one_no_longer_stops(
    hanako: Visitor, sato: Visitor, clinic: Place, emr: Emr, open_browser
) -> None:
    stranger = await emr_of(clinic, sato.actor, await open_browser(), may=False)
    refused = await stranger.start()
    assert refused.status_code == 403
    assert "この" in refused.text
    await emr.sign_in("system/*.write")
    assert (await emr.start()).status_code == 401
    await emr.sign_in("system/*.read")
    await known(clinic, hanako)
    taken = await emr.take()
    await intake.let_system_export(OPERATOR, emr.system.client_id, may=False)
    await running.work(taken)
    exported = await emr.exported(taken.export_id)
    assert (exported.job.state, exported.job.files) == ("cancelled", ())
    assert (await emr.ask(f"/fhir/R4/bulk-export/{taken.export_id}")).status_code == 403


async def test_one_at_a_time_and_so_many_a_day(
    clinic: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await emr.take()
    second = await emr.start()
    assert (second.status_code, second.headers["retry-after"]) == (429, "60")
    await running.work(taken)
    monkeypatch.setattr(service, "MOST_A_DAY", 1)
    assert (await emr.start()).status_code == 429
    monkeypatch.setattr(service, "MOST_A_DAY", 2)
    assert (await emr.start(group=clinic.code)).status_code == 202


async def test_called_off_while_it_runs_and_when_it_is_done(
    hanako: Visitor, clinic: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    await drug(clinic, hanako.actor, "薬")
    taken = await emr.take()
    where = f"/fhir/R4/bulk-export/{taken.export_id}"
    waiting = await emr.ask(where)
    assert (waiting.status_code, waiting.headers["x-progress"]) == (202, "0%")
    assert waiting.headers["retry-after"] == "5"
    assert (await emr.send("DELETE", where)).status_code == 202
    await running.work(taken)
    assert (await emr.ask(where)).status_code == 404
    exported = await emr.export()
    where = f"/fhir/R4/bulk-export/{exported.job.export_id}"
    assert (await emr.ask(where)).status_code == 200
    assert (await emr.send("DELETE", where)).status_code == 202
    assert (await emr.ask(where)).status_code == 404
    await running.sweep()
    assert not folder_of(exported.job.export_id).exists()


async def test_it_is_over_after_a_day_and_its_files_are_gone(
    hanako: Visitor, clinic: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    exported = await emr.export()
    folder = folder_of(exported.job.export_id)
    assert exported.job.expires_at is not None
    assert exported.job.expires_at - clock.now() > timedelta(hours=23)
    await running.sweep()
    assert folder.exists()
    async with unit_of_work(emr.actor) as tx:
        await tx.execute(
            "UPDATE bulk_export SET expires_at = now() WHERE export_id = $1",
            exported.job.export_id,
        )
    where = f"/fhir/R4/bulk-export/{exported.job.export_id}"
    assert (await emr.ask(where)).status_code == 404
    await running.sweep()
    assert not folder.exists()
    assert (await emr.exported(exported.job.export_id)).job.state == "expired"


async def test_nobody_else_on_the_machine_reads_the_files(
    hanako: Visitor, clinic: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    exported = await emr.export()
    folder = folder_of(exported.job.export_id)
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.name) >= 40
    assert "Patient" not in file.name


async def test_only_what_came_in_since(hanako: Visitor, clinic: Place, emr: Emr) -> None:
    await known(clinic, hanako)
    await drug(clinic, hanako.actor, "古い薬")
    at = clock.now()
    await asyncio.sleep(0.01)
    await drug(clinic, hanako.actor, "新しい薬")
    assert (await emr.export(Wish(since=at))).titles == ["新しい薬"]


async def test_a_long_record_is_read_in_pieces_each_with_its_event(
    hanako: Visitor, clinic: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(clinic, hanako)
    for n in range(7):
        await drug(clinic, hanako.actor, f"薬{n}")
    monkeypatch.setattr(running, "RECORDS_AT_ONCE", 3)
    before = len(await hanako.log())
    exported = await emr.export()
    assert exported.titles == [f"薬{n}" for n in range(7)]
    log = (await hanako.log())[: len(await hanako.log()) - before]
    # the rows beyond `before` are this export's: three pieces
    assert [sum(kind["count"] for kind in row["kinds"]) for row in log] == [1, 3, 3]
    monkeypatch.setattr(running, "CHARACTERS_AT_ONCE", 1)
    assert (await emr.export()).titles == exported.titles
    assert len(await hanako.log()) == before + 3 + 7


async def test_a_worker_that_dies_leaves_nothing_twice(
    hanako: Visitor, clinic: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(clinic, hanako)
    for n in range(5):
        await drug(clinic, hanako.actor, f"薬{n}")
    monkeypatch.setattr(running, "RECORDS_AT_ONCE", 1)
    monkeypatch.setattr(running, "SAVE_SECONDS", 0.0)
    save, saved = queries.save, []

    async def dies(*told: Any) -> bool:
        if len(saved) == 3:
            raise OSError("the disk")
        saved.append(told)
        return await save(*told)

    taken = await emr.take()
    with monkeypatch.context() as patched:
        patched.setattr(queries, "save", dies)
        with pytest.raises(OSError, match="the disk"):
            await running.work(taken)
    running_still = await emr.exported(taken.export_id)
    assert running_still.titles == ["薬0", "薬1", "薬2"]
    assert running_still.job.state == "running"
    await running.work(taken)
    assert (await emr.exported(taken.export_id)).titles == [f"薬{n}" for n in range(5)]


async def test_a_worker_whose_turn_is_over_stops(hanako: Visitor, clinic: Place, emr: Emr) -> None:
    await known(clinic, hanako)
    taken = await emr.take()
    await running.work(taken._replace(worker=uuid4()))
    assert (await emr.exported(taken.export_id)).job.state == "running"
    async with unit_of_work(emr.actor) as tx:
        await tx.execute(
            "UPDATE bulk_export SET attempts = 6 WHERE export_id = $1", taken.export_id
        )
    await running.work(taken)
    answer = await emr.ask(f"/fhir/R4/bulk-export/{taken.export_id}")
    assert answer.status_code == 500
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "error.bulk.failed"


@pytest.mark.parametrize(
    "query",
    [
        "?_type=Invented",
        "?_since=yesterday",
        "?_since=2026-05-03",
        "?_outputFormat=csv",
        "?_typeFilter=x",
        "?_since=2026-05-03T00:00:00Z&_since=2026-05-03T00:00:00Z",
    ],
)
async def test_what_cannot_be_exported_is_refused_and_nothing_started(
    clinic: Place, emr: Emr, query: str
) -> None:
    assert (await emr.start(query)).status_code == 400
    async with unit_of_work(emr.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM bulk_export") == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose_of_use": "BTG"},
        {"purpose_of_use": "ETREAT"},
        {"person_id": None, "subject_role": None},
    ],
    ids=str,
)
async def test_in_an_emergency_or_for_nobody_in_particular_it_is_refused(
    clinic: Place, emr: Emr, changed: dict[str, Any]
) -> None:
    emr.system.person.update(changed)
    assert (await emr.start()).status_code == 400


async def test_a_facility_that_left_the_network_takes_nothing_out(clinic: Place, emr: Emr) -> None:
    await scene.left(clinic)
    assert (await emr.start()).status_code == 403


async def test_without_asking_for_it_in_the_background_it_is_refused(
    clinic: Place, emr: Emr
) -> None:
    for prefer in ("", "respond-async-please", 'handling="respond-async"', "wait=10"):
        headers = {"prefer": prefer}
        answer = await emr.ask("/fhir/R4/Group/own-patients/$export", headers=headers)
        assert answer.status_code == 400
        assert "Prefer: respond-async" in answer.json()["issue"][0]["details"]["text"]


async def test_by_post_with_parameters(hanako: Visitor, clinic: Place, emr: Emr) -> None:
    await known(clinic, hanako)
    await drug(clinic, hanako.actor, "薬")
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "_type", "valueString": "MedicationRequest"},
            {"name": "_since", "valueInstant": "2026-01-01T00:00:00Z"},
        ],
    }
    prefer = {"prefer": "respond-async"}
    path = "/fhir/R4/Group/own-patients/$export"
    asked = await emr.send("POST", path, json=body, headers=prefer)
    assert asked.status_code == 202, asked.text
    manifest = (await emr.finished(asked.headers["content-location"].removeprefix(SITE))).json()
    assert [each["type"] for each in manifest["output"]] == ["MedicationRequest"]
    for nonsense in (b'{"resourceType":"Patient"}', b"{", b"[]", b"", b"x" * 30_000):
        answer = await emr.send("POST", path, content=nonsense, headers=prefer)
        assert answer.status_code == 400


async def test_the_network_remembers_that_it_happened(clinic: Place, emr: Emr) -> None:
    async with unit_of_work(OPERATOR) as tx:
        before = await tx.fetchval("SELECT count(*) FROM bulk_export")
    exported = await emr.export()
    seen, total = await service.everywhere(
        (await scene.officer("上田 恵子")), page=1, count=before + 1
    )
    assert total >= before + 1
    (found,) = (each for each in seen if each.job.export_id == exported.job.export_id)
    assert (found.facility_id, found.job.state) == (clinic.facility_id, "done")


async def test_patients_alone_brings_no_record(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr
) -> None:
    await known(clinic, hanako)
    await drug(pharmacy, hanako.actor, "薬")
    await lets_in(hanako, clinic)
    exported = await emr.export(Wish(("Patient",)))
    assert exported.job.counts == {"Patient": 1}
    (row, *_) = await hanako.log()
    assert [each["category"] for each in row["kinds"]] == ["basic"]


async def test_of_whom_something_is_wrong_the_others_are_exported_and_nobody_is_named(
    hanako: Visitor, clinic: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(clinic, hanako)
    taro, _ = await scene.participant("山本 太郎", "ヤマモト タロウ")
    await leaving.take_part(taro, "participating")
    await known(clinic, taro)
    named_in = running.whole.named_in

    async def breaks(tx: Any, allowed: Any) -> Any:
        if tx.subject == taro.participant_id:
            raise NotFound
        return await named_in(tx, allowed)

    monkeypatch.setattr(running.whole, "named_in", breaks)
    exported = await emr.export()
    assert exported.people == {str(hanako.actor.participant_id)}
    (said,) = exported.lines("OperationOutcome")
    assert "一人分を書き出せませんでした" in said["issue"][0]["diagnostics"]
    assert str(taro.participant_id) not in str(said)
    manifest = (await emr.ask(f"/fhir/R4/bulk-export/{exported.job.export_id}")).json()
    assert [each["type"] for each in manifest["error"]] == ["OperationOutcome"]


async def fetched(emr: Emr, exported: Exported) -> list[int]:
    """What manifest and file are answered with."""
    where = f"/fhir/R4/bulk-export/{exported.job.export_id}"
    (file, *_) = exported.job.files
    return [(await emr.ask(each)).status_code for each in (f"{where}/{file.name}", where)]


@pytest.fixture
async def shown(hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr) -> Exported:
    await known(clinic, hanako)
    await drug(pharmacy, hanako.actor, "アムロジピン錠5mg")
    await lets_in(hanako, clinic)
    return await emr.export()


async def test_who_closes_something_afterwards_is_handed_out_no_more(
    hanako: Visitor, clinic: Place, emr: Emr, shown: Exported
) -> None:
    assert await fetched(emr, shown) == [200, 200]
    await hanako.turn("facility", clinic.facility_id, "no", await hanako.version())
    (file, *_) = shown.job.files
    where = f"/fhir/R4/bulk-export/{shown.job.export_id}"
    for _ in range(2):
        answer = await emr.ask(f"{where}/{file.name}")
        assert answer.status_code == 410
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert "Please start a new export." in answer.text
        assert "山本" not in answer.text
    assert (await emr.ask(where)).status_code == 410
    await running.sweep()
    assert not folder_of(shown.job.export_id).exists()
    async with unit_of_work(emr.actor, subject=hanako.actor.participant_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM bulk_export_person") == 0
    assert (await emr.export()).titles == []


@pytest.mark.parametrize("way", ["withdrawn", "disowned", "over"])
async def test_who_may_not_be_seen_for_another_reason_is_handed_out_no_more(
    hanako: Visitor, clinic: Place, emr: Emr, shown: Exported, way: str
) -> None:
    assert hanako.actor.participant_id is not None
    if way == "withdrawn":
        await leaving.take_part(hanako.actor, "withdrawn")
    elif way == "disowned":
        (number,) = await numbers.known_as(hanako.actor)
        await numbers.disown(hanako.actor, clinic.facility_id, number.number)
    else:  # a time that was chosen beforehand, with nothing changed since
        async with unit_of_work(emr.actor, subject=hanako.actor.participant_id) as tx:
            await tx.execute(
                "UPDATE bulk_export_person SET holds_until = now() WHERE export_id = $1",
                shown.job.export_id,
            )
        assert await fetched(emr, shown) == [200, 200]
        await scene.left(clinic)
    assert not set(await fetched(emr, shown)) & {200}


async def test_a_change_that_shows_no_less_of_it_leaves_it_there(
    hanako: Visitor, pharmacy: Place, emr: Emr, shown: Exported
) -> None:
    await lets_in(hanako, pharmacy)
    assert await fetched(emr, shown) == [200, 200]
    assert await fetched(emr, shown) == [200, 200]


async def test_what_was_read_before_somebody_left_in_the_middle_is_handed_out_no_more(
    hanako: Visitor, clinic: Place, pharmacy: Place, emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(clinic, hanako)
    for n in range(3):
        await drug(pharmacy, hanako.actor, f"薬{n}")
    await lets_in(hanako, clinic)
    monkeypatch.setattr(running, "RECORDS_AT_ONCE", 1)
    read = running._piece

    async def and_leaves(held: Any, participant_id: UUID, after: UUID | None) -> Any:
        if after is not None:
            await leaving.take_part(hanako.actor, "withdrawn")
        return await read(held, participant_id, after)

    monkeypatch.setattr(running, "_piece", and_leaves)
    exported = await emr.export()
    assert len(exported.titles) == 1
    assert await fetched(emr, exported) == [410, 410]
