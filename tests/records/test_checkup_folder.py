"""A facility's folder of checkups goes in: every file accounted for, nobody mixed up."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from api import demo
from api.consent.lifecycle import leaving
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.records.checkup_xml import service as checkups
from api.records.incoming.report import format_report
from tests.records import checkup_files, stored
from tests.records.checkup_files import Examined, checkup
from tests.records.conftest import Person

HANAKO = "ヤマモト　ハナコ"


@dataclass(frozen=True)
class Insured:
    """Hanako, with an insurance she gave on enrolling."""

    person: Person
    file: Examined


@pytest.fixture
def operator(clinic: Actor) -> Actor:
    return Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)


@pytest.fixture
async def insured(hanako: Person) -> Insured:
    number = f"{int.from_bytes(os.urandom(5)):012}"[:10]
    async with unit_of_work(OPERATOR, subject=hanako.id) as tx:
        await tx.execute(
            "INSERT INTO registration (participant_id, insurer, insurance_symbol,"
            " insurance_number, insurance_branch) VALUES (app.subject(), $1, $2, $3, $4)",
            "00430017",
            "くま",
            number,
            "01",
        )
    birth_on, _ = demo._BIRTHS["hanako"]
    return Insured(hanako, Examined(HANAKO, birth_on, number=number))


@pytest.fixture
def taken(operator: Actor) -> Callable[..., Awaitable[dict[str, tuple[str, list[str]]]]]:
    async def take(folder: Path, **subjects: str) -> dict[str, tuple[str, list[str]]]:
        report = await checkups.ingest_folder(operator, folder, subjects)
        return {each.name: (each.state, [f.reason for f in each.faults]) for each in report}

    return take


async def test_a_folder_is_taken_in_file_by_file_and_again_brings_nothing_new(
    operator: Actor, insured: Insured, taken, tmp_path: Path
) -> None:
    kept, cases = len(await stored.quarantine(operator)), await stored.cases()
    files = {
        "a.xml": checkup(insured.file),
        "b-brother.xml": checkup(insured.file._replace(name="ヤマモト　イチロウ", sex="1")),
        "c-stranger.xml": checkup(insured.file._replace(number="99999999")),
        "d-half.xml": checkup(insured.file)[:-300],
        "e-my-number.xml": checkup(insured.file, extra='<id extension="123456789018" root="1"/>'),
        "f.zip": checkup_files.archive({"h1.xml": checkup(insured.file, on="20250610")}),
        "g-odd-unit.xml": checkup(
            insured.file,
            [checkup_files.quantity(checkup_files.WEIGHT, "54", "貫")],
            on="20240610",
        ),
    }
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    top = "f.zip/4312345678_00430017_202606011_1"
    expected = {
        "a.xml": ("stored", []),
        "b-brother.xml": ("quarantined", ["checkup_other_person"]),
        "c-stranger.xml": ("quarantined", ["unknown_subject"]),
        "d-half.xml": ("quarantined", ["checkup_broken"]),
        "e-my-number.xml": ("refused", ["checkup_my_number"]),
        f"{top}/ix08_V08.xml": ("refused", ["checkup_beside"]),
        f"{top}/su08_V08.xml": ("refused", ["checkup_beside"]),
        f"{top}/DATA/h1.xml": ("stored", []),
        "g-odd-unit.xml": ("stored", ["checkup_unit"]),
    }
    assert await taken(tmp_path) == expected
    rows = await stored.records(insured.person.id)
    assert len(rows) == 2 * (len(checkup_files.USUAL) + 1) + 2
    assert {row["category"] for row in rows} == {"checkup"}
    aside = await stored.quarantine(operator)
    assert {row["name"] for row in aside[kept:]} == {
        "b-brother.xml",
        "c-stranger.xml",
        "d-half.xml",
    }
    assert b"123456789018" not in b"".join(row["body"] for row in aside)
    assert await stored.cases() == cases + 2
    (entry, *_) = await stored.log(insured.person.id)
    assert entry.event == "records:record:stored"

    again = await taken(tmp_path)
    assert [state for state, _ in again.values()] == [
        "unchanged" if state == "stored" else state for state, _ in expected.values()
    ]
    assert await stored.records(insured.person.id) == rows
    assert len(await stored.quarantine(operator)) == kept + 3


async def test_a_corrected_file_is_a_new_version(
    operator: Actor, insured: Insured, taken, tmp_path: Path
) -> None:
    weight = checkup_files.quantity(checkup_files.WEIGHT, "54.0", "kg")
    (tmp_path / "a.xml").write_bytes(checkup(insured.file, [weight]))
    await taken(tmp_path)
    corrected = checkup_files.quantity(checkup_files.WEIGHT, "64.0", "kg")
    (tmp_path / "a.xml").write_bytes(checkup(insured.file, [corrected]))
    assert await taken(tmp_path) == {"a.xml": ("stored", [])}
    rows = [row for row in await stored.records(insured.person.id) if row["title"] == "体重"]
    assert [(row["version"], row["is_current"]) for row in rows] == [(1, False), (2, True)]
    assert '"value":64.0' in rows[-1]["body"]


async def test_an_operator_may_say_whose_an_insurance_is_but_not_against_a_birth_date(
    operator: Actor, hanako: Person, taken, tmp_path: Path
) -> None:
    birth_on, _ = demo._BIRTHS["hanako"]
    person = Examined("サトウ　ハナコ", birth_on, number="777001")
    (tmp_path / "a.xml").write_bytes(checkup(person))
    (tmp_path / "b.xml").write_bytes(checkup(person._replace(birth_on=birth_on.replace(year=1950))))
    report = await checkups.ingest_folder(operator, tmp_path, {"777001": hanako.card.grouped})
    assert [each.state for each in report] == ["stored", "quarantined"]


async def test_nobody_who_left_is_written_about(
    operator: Actor, insured: Insured, taken, tmp_path: Path
) -> None:
    her = Actor(kind=ActorKind.PARTICIPANT, participant_id=insured.person.id)
    await leaving.take_part(her, "participating")
    await leaving.take_part(her, "withdrawn")
    (tmp_path / "a.xml").write_bytes(checkup(insured.file))
    assert await taken(tmp_path) == {"a.xml": ("refused", ["not_taken"])}
    assert await stored.records(insured.person.id) == []


async def test_the_report_tells_each_file_in_both_languages(
    operator: Actor, insured: Insured, tmp_path: Path
) -> None:
    (tmp_path / "a.xml").write_bytes(checkup(insured.file))
    (tmp_path / "half.xml").write_bytes(checkup(insured.file)[:-300])
    report = await checkups.ingest_folder(operator, tmp_path, {})
    assert "途中で切れているか、壊れています。" in format_report(report, "ja")
    english = format_report(report, "en")
    assert "It is cut short or damaged." in english
    assert insured.file.number not in english


async def test_the_report_says_when_the_index_counts_more_than_came(
    operator: Actor, insured: Insured, tmp_path: Path
) -> None:
    body = checkup_files.archive({"h1.xml": checkup(insured.file)}, counted=2)
    (tmp_path / "sent.zip").write_bytes(body)
    report = await checkups.ingest_folder(operator, tmp_path, {})
    assert [each.state for each in report] == ["refused", "refused", "stored"]
    assert "目次には健診が2件とありますが、入っているのは1件です。" in format_report(report, "ja")
    assert "The index counts 2 checkups, but 1 came." in format_report(report, "en")
