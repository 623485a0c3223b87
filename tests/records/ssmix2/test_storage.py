"""A facility's SS-MIX2 storage comes in: every file accounted for, each version in its place."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.access_log.events import EventName
from api.consent.lifecycle import participating
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.records.incoming import service as ingest
from api.records.matching import numbers
from api.records.ssmix2 import service, settling
from api.records.ssmix2.accounting import Account
from api.records.ssmix2.service import Wish
from tests.conftest import Deployment
from tests.records import stored
from tests.records.conftest import Person
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted

ALL = Wish(keeps_all=True)


def states(account: Account) -> dict[str, int]:
    return {state: count for state, count in account.states.items() if count}


def reasons(account: Account) -> dict[str, int]:
    return {reason: count for (_, reason, _), count in account.reasons.items()}


async def current(person: Person) -> list[dict[str, object]]:
    return [row for row in await stored.records(person.id) if row["is_current"]]


async def titles(person: Person, kind: str) -> list[str]:
    return [row["title"] for row in await current(person) if row["resource_type"] == kind]


async def events(person: Person) -> list[str]:
    return [row.event for row in await stored.log(person.id)]


async def test_every_type_of_message_becomes_records_of_its_kind(
    operator: Actor, hanako: Person, root: Path
):
    writing.put_all(root, hanako.number)
    account = await service.take_in(operator, root, ALL)
    assert states(account) == {"stored": 25, "text": 1}
    rows = await current(hanako)
    kinds = Counter(str(row["resource_type"]) for row in rows)
    assert kinds == {
        "Patient": 1,
        "Observation": 3,
        "AllergyIntolerance": 2,
        "Coverage": 1,
        "Encounter": 10,
        "Condition": 1,
        "DocumentReference": 1,
        "MedicationRequest": 2,
        "MedicationAdministration": 2,
        "ServiceRequest": 4,
        "DiagnosticReport": 3,
    }
    assert all(json.loads(str(row["body"]))["id"] for row in rows)
    assert all(str(row["effective_on"]).startswith("2024-0") for row in rows)
    assert account.records == len(rows)


async def test_a_second_run_reads_nothing_and_changes_nothing(
    operator: Actor, hanako: Person, root: Path
):
    writing.put_all(root, hanako.number)
    await service.take_in(operator, root)
    rows, log = await stored.records(hanako.id), await events(hanako)
    sent = await stored.submissions(operator)
    again = await service.take_in(operator, root)
    assert states(again) == {"unchanged": 26}
    assert await stored.records(hanako.id) == rows
    assert await events(hanako) == log
    assert await stored.submissions(operator) == sent


async def test_hanako_reads_one_line_for_all_that_came_in(
    operator: Actor, hanako: Person, root: Path
):
    writing.put_all(root, hanako.number)
    await service.take_in(operator, root)
    arrived = [row for row in await stored.log(hanako.id) if row.event == EventName.RECORD_STORED]
    assert len(arrived) == 1
    assert sum(line["count"] for line in arrived[0].detail["resources"]) == 30


async def test_a_newer_version_takes_the_place_of_the_older(
    operator: Actor, hanako: Person, root: Path
):
    first = writing.put(root, hanako.number, Wanted("PPR-01"))
    await service.take_in(operator, root)
    writing.reflag(first, "2")
    body = tuple(line.replace("急性肺炎", "細菌性肺炎") for line in writing.BODIES["PPR-01"])
    writing.put(root, hanako.number, Wanted("PPR-01", stamp="20240508090000000", body=body))
    account = await service.take_in(operator, root)
    assert states(account) == {"superseded": 1, "stored": 1}
    assert await titles(hanako, "Condition") == ["細菌性肺炎"]
    rows = await stored.records(hanako.id)
    assert [(row["version"], row["is_current"]) for row in rows] == [(1, False), (2, True)]


async def test_what_came_before_is_kept_as_history_and_never_shown(
    operator: Actor, hanako: Person, root: Path
):
    body = tuple(line.replace("急性肺炎", "肺炎の疑い") for line in writing.BODIES["PPR-01"])
    early = Wanted("PPR-01", stamp="20240501090000000", flag="2", body=body)
    writing.put(root, hanako.number, early)
    writing.put(root, hanako.number, Wanted("PPR-01"))
    account = await service.take_in(operator, root)
    assert states(account) == {"superseded": 1, "stored": 1}
    rows = await stored.records(hanako.id)
    told = [(row["title"], row["is_current"]) for row in rows]
    assert told == [("肺炎の疑い", False), ("急性肺炎", True)]


async def test_an_older_version_that_arrives_later_changes_nothing(
    operator: Actor, hanako: Person, root: Path
):
    writing.put(root, hanako.number, Wanted("PPR-01"))
    await service.take_in(operator, root)
    rows = await stored.records(hanako.id)
    writing.put(root, hanako.number, Wanted("PPR-01", stamp="20230101000000000"))
    account = await service.take_in(operator, root)
    assert states(account) == {"superseded": 1, "unchanged": 1}
    assert await stored.records(hanako.id) == rows


async def test_what_is_deleted_is_shown_no_more_until_it_lives_again(
    operator: Actor, hanako: Person, root: Path
):
    first = writing.put(root, hanako.number, Wanted("OMP-01"))
    await service.take_in(operator, root)
    writing.reflag(first, "0")
    writing.put(root, hanako.number, Wanted("OMP-01", stamp="20240508090000000", flag="0"))
    account = await service.take_in(operator, root)
    assert states(account) == {"deleted": 2}
    assert await current(hanako) == []
    last = (await stored.records(hanako.id))[-1]
    assert json.loads(last["body"])["status"] == "entered-in-error"
    assert (await events(hanako))[0] == EventName.RECORD_WITHDRAWN

    writing.put(root, hanako.number, Wanted("OMP-01", stamp="20240509090000000"))
    await service.take_in(operator, root)
    assert await titles(hanako, "MedicationRequest") == ["メトグルコ錠250mg"]
    ids = {row["record_id"] for row in await stored.records(hanako.id)}
    assert len(ids) == 1


async def test_a_superseded_version_without_a_successor_is_not_current(
    operator: Actor, hanako: Person, root: Path
):
    first = writing.put(root, hanako.number, Wanted("OMP-01"))
    await service.take_in(operator, root)
    second = writing.reflag(first, "2")
    account = await service.take_in(operator, root)
    assert states(account) == {"superseded": 1}
    assert await current(hanako) == []
    writing.reflag(second, "1")
    await service.take_in(operator, root)
    assert await titles(hanako, "MedicationRequest") == ["メトグルコ錠250mg"]


async def test_a_name_left_behind_by_a_copy_does_not_bring_a_version_back(
    operator: Actor, hanako: Person, root: Path
):
    writing.put(root, hanako.number, Wanted("OMP-01"))
    writing.put(root, hanako.number, Wanted("OMP-01", flag="0"))
    account = await service.take_in(operator, root)
    assert account.files == 2
    assert states(account) == {"deleted": 1, "superseded": 1}
    assert await current(hanako) == []


async def test_a_result_that_a_newer_issue_leaves_out_is_taken_back(
    operator: Actor, hanako: Person, root: Path
):
    writing.put(root, hanako.number, Wanted("OML-11"))
    await service.take_in(operator, root)
    body = tuple(line for line in writing.BODIES["OML-11"] if "CRP" not in line)
    writing.put(root, hanako.number, Wanted("OML-11", stamp="20240508090000000", body=body))
    await service.take_in(operator, root)
    assert await titles(hanako, "Observation") == ["HbA1c(NGSP)"]


async def test_nobody_known_waits_in_the_quarantine_and_is_delivered_when_linked(
    operator: Actor, hanako: Person, root: Path
):
    number, cases = f"W{hanako.number}", await stored.cases()
    kept = len(await stored.quarantine(operator))
    writing.put_all(root, number, ("ADT-00", "OMP-01", "OML-11"))
    account = await service.take_in(operator, root)
    assert (states(account), reasons(account)) == ({"quarantined": 3}, {"unknown_subject": 3})
    assert await stored.cases() == cases + 1
    again = await service.take_in(operator, root)
    assert states(again) == {"quarantined": 3}
    assert len(await stored.quarantine(operator)) == kept + 3
    assert await stored.cases() == cases + 1

    await ingest.link_local_id(operator, hanako.id, number)
    delivered = await service.take_in(operator, root)
    assert states(delivered) == {"stored": 3}
    assert await titles(hanako, "MedicationRequest") == ["メトグルコ錠250mg"]
    assert states(await service.take_in(operator, root)) == {"unchanged": 3}


async def test_what_waits_is_delivered_although_its_file_is_gone(
    operator: Actor, hanako: Person, root: Path
):
    number = f"G{hanako.number}"
    place = writing.put(root, number, Wanted("OMP-01"))
    await service.take_in(operator, root)
    place.unlink()
    await ingest.link_local_id(operator, hanako.id, number)
    account = await service.take_in(operator, root)
    assert (account.files, account.delivered) == (0, 1)
    assert await titles(hanako, "MedicationRequest") == ["メトグルコ錠250mg"]
    assert (await service.take_in(operator, root)).delivered == 0


async def test_records_that_came_to_her_without_our_books_go_on_as_the_same_records(
    operator: Actor, hanako: Person, root: Path, deployment: Deployment
):
    writing.put(root, hanako.number, Wanted("OML-11"))
    await service.take_in(operator, root)
    admin = await asyncpg.connect(deployment.admin_dsn)
    await admin.execute("DELETE FROM ssmix2_order WHERE patient = $1", hanako.number)
    await admin.close()
    body = tuple(line.replace("7.40", "6.90") for line in writing.BODIES["OML-11"])
    newer = Wanted("OML-11", stamp="20240509090000000", body=body)
    writing.put(root, hanako.number, newer)
    account = await service.take_in(operator, root)
    assert states(account) == {"stored": 1, "unchanged": 1}
    rows = await stored.records(hanako.id)
    assert sorted((row["title"], row["version"], row["is_current"]) for row in rows) == [
        ("CRP", 1, True),
        ("HbA1c(NGSP)", 1, False),
        ("HbA1c(NGSP)", 2, True),
    ]


async def test_two_numbers_of_one_person_keep_their_orders_apart(
    operator: Actor, hanako: Person, root: Path
):
    other = f"{hanako.number}B"
    await ingest.link_local_id(operator, hanako.id, other)
    for number in (hanako.number, other):
        writing.put(root, number, Wanted("OMP-01"))
    assert states(await service.take_in(operator, root)) == {"stored": 2}
    assert len(await current(hanako)) == 2


async def test_an_operator_may_leave_out_whoever_is_not_linked(
    operator: Actor, hanako: Person, root: Path
):
    number = f"L{hanako.number}"
    writing.put(root, number, Wanted("OMP-01"))
    kept = len(await stored.quarantine(operator))
    account = await service.take_in(operator, root, Wish(only_linked=True))
    assert states(account) == {"left_out": 1}
    assert len(await stored.quarantine(operator)) == kept
    await ingest.link_local_id(operator, hanako.id, number)
    assert states(await service.take_in(operator, root, Wish(only_linked=True))) == {"stored": 1}


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        pytest.param(Wanted("OMP-01", pid="9999999"), "other_patient", id="another patient inside"),
        pytest.param(
            Wanted("OMP-01", born="19680504"), "other_birth_date", id="another birth date"
        ),
        pytest.param(Wanted("OMP-01", date="00000000"), "bad_path_date", id="no date"),
        pytest.param(Wanted("OMP-01", date="20240230"), "bad_path_date", id="30 February"),
        pytest.param(Wanted("OMP-01", kind="OUL^R22"), "other_message", id="another message"),
        pytest.param(Wanted("OMP-01", body=("ORC|NW",)), "empty", id="nothing in it"),
        pytest.param(Wanted("OMP-01", body=("rubbish",)), "bad_segment", id="no segment"),
        pytest.param(
            Wanted("OMP-01", body=("MSH|^~\\&|a",)), "several_messages", id="two messages"
        ),
    ],
)
async def test_what_contradicts_itself_is_put_aside_with_its_reason(
    operator: Actor, hanako: Person, root: Path, wanted: Wanted, reason: str
):
    kept, cases = len(await stored.quarantine(operator)), await stored.cases()
    writing.put(root, hanako.number, wanted)
    good = writing.put(root, hanako.number, Wanted("OML-11"))
    account = await service.take_in(operator, root, ALL)
    assert states(account) == {"quarantined": 1, "stored": 1}
    assert reasons(account) == {reason: 1}
    assert good.relative_to(root).as_posix() in {line.name for line in account.lines}
    aside = await stored.quarantine(operator)
    assert [row["reason"] for row in aside[kept:]] == [reason]
    assert await titles(hanako, "MedicationRequest") == []
    await service.take_in(operator, root)
    assert len(await stored.quarantine(operator)) == kept + 1
    looked_into = reason in ("other_patient", "other_birth_date")
    assert await stored.cases() == cases + looked_into


async def test_files_that_are_no_messages_are_counted_and_left_alone(
    operator: Actor, hanako: Person, root: Path
):
    place = writing.put(root, hanako.number, Wanted("OMP-01"))
    (place.parent / "README.txt").write_text("この中のファイルについて", "utf-8")
    document = f"{hanako.number}_20240507_11488-4_000000000000001_20240507083000000_01_1"
    (root / document).mkdir()
    (root / document / "letter.xml").write_text("<ClinicalDocument/>", "utf-8")
    elsewhere = root / "elsewhere" / place.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(place.read_bytes())
    account = await service.take_in(operator, root)
    assert account.files == 4
    assert reasons(account) == {"other_name": 1, "extension": 1, "misplaced": 1}
    assert states(account) == {"stored": 1, "not_a_message": 2, "quarantined": 1}


async def test_names_that_are_no_utf8_stop_nothing(operator: Actor, hanako: Person, root: Path):
    good = writing.put(root, hanako.number, Wanted("OMP-01"))
    writing.put_torn_names(root, good)
    account = await service.take_in(operator, root, ALL)
    assert states(account) == {"stored": 1, "not_a_message": 1, "quarantined": 1}
    assert states(await service.take_in(operator, root)) == {
        "unchanged": 1,
        "not_a_message": 1,
        "quarantined": 1,
    }


async def test_segments_and_types_of_their_own_are_kept_and_listed(
    operator: Actor, hanako: Person, root: Path
):
    body = (*writing.BODIES["PPR-01"], "ZPR||20054174^胃炎^MDCDX2", "ZZZ|院内だけの項目")
    writing.put(root, hanako.number, Wanted("PPR-01", body=body))
    strange = Wanted("OMP-01")
    place = writing.put(root, hanako.number, strange)
    folder = place.parent.with_name("OMX-77")
    folder.mkdir()
    place.rename(folder / place.name.replace("OMP-01", "OMX-77"))
    account = await service.take_in(operator, root)
    assert account.remains == {"ZPR": 1, "ZZZ": 1}
    assert dict(account.reasons) == {("quarantined", "unknown_type", "OMX-77"): 1}
    async with unit_of_work(operator) as tx:
        remains = await tx.fetchval(
            "SELECT remains::text FROM ssmix2_file WHERE patient = $1 AND remains IS NOT NULL",
            hanako.number,
        )
    assert "ZZZ|院内だけの項目" in json.loads(remains)["segments"]
    assert (await service.take_in(operator, root)).remains == {"ZPR": 1, "ZZZ": 1}


async def test_bytes_that_mean_nothing_are_kept_and_listed(
    operator: Actor, hanako: Person, root: Path
):
    good = writing.encoded(hanako.number, Wanted("PPR-01"))
    bad = good.replace("急性肺炎".encode("iso2022_jp")[3:-3], b"\x30\x7f\x30\x7f")
    assert bad != good
    writing.put(root, hanako.number, Wanted("PPR-01"), bad)
    account = await service.take_in(operator, root)
    assert account.remains["?"] >= 1
    assert "〓" in (await titles(hanako, "Condition"))[0]


async def test_of_somebody_who_left_nothing_is_kept(operator: Actor, hanako: Person, root: Path):
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id)
    async with unit_of_work(actor) as tx:
        await participating.join_in(tx, actor, state="refused")
    writing.put_all(root, hanako.number, ("OMP-01", "OML-11"))
    kept = len(await stored.quarantine(operator))
    account = await service.take_in(operator, root)
    assert (states(account), reasons(account)) == ({"refused": 2}, {"not_taken": 2})
    assert await stored.records(hanako.id) == []
    assert len(await stored.quarantine(operator)) == kept


async def test_a_number_she_disowns_while_the_storage_is_read_brings_nothing_in(
    operator: Actor, hanako: Person, root: Path, monkeypatch: pytest.MonkeyPatch
):
    writing.put_all(root, hanako.number, ("OMP-01", "OML-11"))
    me = Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id)
    looked_up = settling.settle

    async def meanwhile(*args: Any, **names: Any) -> Any:
        assert operator.facility_id is not None
        await numbers.disown(me, operator.facility_id, hanako.number)
        return await looked_up(*args, **names)

    monkeypatch.setattr(settling, "settle", meanwhile)
    await service.take_in(operator, root)
    assert await stored.records(hanako.id) == []


async def test_a_facilitys_own_system_may_not_take_in_a_storage(
    clinic: Actor, hanako: Person, root: Path
):
    writing.put(root, hanako.number, Wanted("OMP-01"))
    with pytest.raises(NotFound):
        await service.take_in(clinic, root)
    assert await stored.records(hanako.id) == []


async def test_no_system_of_the_facility_reads_what_was_taken_in(
    operator: Actor, clinic: Actor, hanako: Person, root: Path
):
    writing.put(root, hanako.number, Wanted("OMP-01"))
    await service.take_in(operator, root)
    for actor, count in ((operator, 1), (clinic, 0)):
        async with unit_of_work(actor, subject=hanako.id) as tx:
            books = [
                await tx.fetchval(f"SELECT count(*) FROM {table} WHERE patient = $1", hanako.number)
                for table in ("ssmix2_file", "ssmix2_order")
            ]
        assert books == [count, count]


async def test_a_folder_that_is_not_there_is_said_before_anything_is_read(
    operator: Actor, root: Path
):
    with pytest.raises(SettingFault):
        await service.take_in(operator, root / "nowhere")


async def test_files_of_a_type_nobody_reads_make_one_case_that_says_how_many(
    operator: Actor, hanako: Person, root: Path
):
    cases = await stored.cases()
    for sequence in ("000000000000001", "000000000000002"):
        place = writing.put(root, hanako.number, Wanted("OMP-01", order=sequence))
        folder = place.parent.with_name("OMX-77")
        folder.mkdir(exist_ok=True)
        place.rename(folder / place.name.replace("OMP-01", "OMX-77"))
    account = await service.take_in(operator, root)
    assert reasons(account) == {"unknown_type": 2}
    assert await stored.cases() == cases + 1
    newest = await stored.newest_case()
    assert (newest["reason"], newest["count"]) == ("record.storage.reason.unknown_type", 2)
    assert "numbers" not in newest
    await service.take_in(operator, root)
    assert await stored.cases() == cases + 1
