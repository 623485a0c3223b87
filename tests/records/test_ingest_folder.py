"""A folder of files goes in: every file accounted for, and nothing twice."""

import io
import json
import os
from pathlib import Path

import pytest

from api.core.actor import Actor, ActorKind
from api.core.settings import SettingFault
from api.fhir.codes import INSURANCE_MEMBER, RESOURCE_INSTANCE
from api.records.incoming import service as ingest
from api.records.incoming.report import format_report, show_progress
from api.records.parse import MAX_BYTES
from tests.records import shapes, stored
from tests.records.conftest import Person

REFERENCE = {"reference": "Patient/example-1"}
MEMBER = {"identifier": {"system": INSURANCE_MEMBER, "value": "43130011:くま:１２３:01"}}


@pytest.fixture
def operator(clinic: Actor) -> Actor:
    return Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    name = [{"system": RESOURCE_INSTANCE, "value": "allergy-1"}]
    allergy = {"resourceType": "AllergyIntolerance", "patient": REFERENCE, "identifier": name}
    files = {
        "a-allergy.json": allergy | {"code": {"text": "そば"}},
        "b-the-same-allergy.json": allergy | {"code": {"text": "そば粉"}},
        "c-condition.json": shapes.condition(subject=MEMBER),
        "deeper/d-lab.json": shapes.lab(subject=REFERENCE),
        "e-organization.json": {"resourceType": "Organization"},
        "f-stranger.json": shapes.lab(subject={"reference": "Patient/example-2"}),
        "g-batch.json": shapes.posted(
            shapes.lab(subject=REFERENCE, valueString="7"),
            shapes.lab(subject=REFERENCE, status="invented"),
        )
        | {"type": "batch"},
    }
    for path, resource in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(resource, ensure_ascii=False), "utf-8")
    (tmp_path / "h-readme.txt").write_text("この中のファイルについて", "utf-8")
    (tmp_path / "i-huge.json").write_bytes(b" " * (MAX_BYTES + 1))
    os.mkfifo(tmp_path / "j-pipe")
    return tmp_path


def subjects(person: Person) -> dict[str, str]:
    return {"Patient/example-1": person.card.grouped, "43130011:くま:１２３:01": person.card.digits}


async def test_every_file_is_accounted_for_and_nothing_goes_in_twice(
    operator: Actor, hanako: Person, folder: Path
):
    kept, cases = len(await stored.quarantine(operator)), await stored.cases()
    report = await ingest.ingest_folder(operator, folder, subjects(hanako))
    told = {line.name: (line.state, [f.reason for f in line.faults]) for line in report}
    assert told == {
        "a-allergy.json": ("stored", []),
        "b-the-same-allergy.json": ("stored", []),
        "c-condition.json": ("stored", []),
        "deeper/d-lab.json": ("stored", []),
        "e-organization.json": ("quarantined", ["not_patient_data"]),
        "f-stranger.json": ("quarantined", ["unknown_subject"]),
        "g-batch.json": ("quarantined", ["bad_code"]),
        "h-readme.txt": ("quarantined", ["invalid_json"]),
        "i-huge.json": ("refused", ["too_large"]),
        "j-pipe": ("refused", ["unreadable"]),
    }
    rows = await stored.records(hanako.id)
    assert len(rows) == sum(line.records for line in report) == 5
    assert len(await stored.quarantine(operator)) == kept + 4
    assert await stored.cases() == cases + 1
    sent = await stored.submissions(operator)

    again = await ingest.ingest_folder(operator, folder, subjects(hanako))
    assert [line.state for line in again] == [
        "unchanged" if line.state == "stored" else line.state for line in report
    ]
    assert await stored.records(hanako.id) == rows
    assert len(await stored.quarantine(operator)) == kept + 4
    assert await stored.submissions(operator) == sent


async def test_the_report_names_every_file_and_why(operator: Actor, hanako: Person, folder: Path):
    report = await ingest.ingest_folder(operator, folder, subjects(hanako))
    english, japanese = format_report(report, "en"), format_report(report, "ja")
    for line in report:
        assert line.name in english
        assert line.name in japanese
    assert "10 files: 4 stored, 0 unchanged, 4 set aside, 2 not kept (5 records)" in english
    assert "10ファイル: 保存 4、変更なし 0、保留 4、保存せず 2（記録 5件）" in japanese
    assert "is not about a patient" in english
    assert "記録の持ち主として書かれた人が見つかりません。（Observation.subject）" in japanese
    assert hanako.card.digits not in english + japanese


async def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(
    operator: Actor, hanako: Person, folder: Path
):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, file = Terminal(), io.StringIO()
    await ingest.ingest_folder(operator, folder, subjects(hanako), show_progress(screen, "en"))
    await ingest.ingest_folder(operator, folder, subjects(hanako), show_progress(file, "ja"))
    assert screen.getvalue().endswith(f"\r[{'#' * 30}] 10 of 10 files\n")
    assert file.getvalue().splitlines()[-1] == "10 / 10 ファイル"


async def test_a_folder_or_card_that_is_not_there_stops_before_anything_is_read(
    operator: Actor, hanako: Person, folder: Path
):
    with pytest.raises(SettingFault):
        await ingest.ingest_folder(operator, folder / "nowhere", {})
    with pytest.raises(SettingFault) as fault:
        await ingest.ingest_folder(operator, folder, {"Patient/example-1": "0000000000000000"})
    assert "0000000000000000" not in str(fault.value)
    assert await stored.records(hanako.id) == []
