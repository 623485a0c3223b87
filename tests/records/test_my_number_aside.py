"""A body that holds a 個人番号 is laid aside nowhere, whatever its door and whatever its fault."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from api import demo
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.fhir.codes import patient_in_facility
from api.records.checkup_xml import service as checkups
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.incoming.report import format_report
from api.records.incoming.service import Update
from api.records.ssmix2 import service as storage
from api.records.ssmix2.report import spoken
from api.records.ssmix2.service import Wish
from tests.records import shapes, stored
from tests.records.checkup_files import Examined, checkup
from tests.records.conftest import Person
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted

NUMBER = "123456789018"
WIDE = "１２３４５６７８９０１８"
NAMED = f'<id extension="{NUMBER}" root="1.2.3"/>'


@pytest.fixture
def operator(clinic: Actor) -> Actor:
    return Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)


async def nothing_is_kept(operator: Actor) -> bool:
    rows = await stored.quarantine(operator)
    async with unit_of_work(operator) as tx:
        names = await tx.fetch("SELECT name FROM submission WHERE position($1 IN name) > 0", NUMBER)
    kept = b"".join(row["body"] + row["name"].encode() for row in rows)
    wide = [WIDE.encode(code) for code in ("utf-8", "cp932", "utf-16-le")]
    return not names and not any(each in kept for each in (NUMBER.encode(), *wide))


def utf_16(body: bytes) -> bytes:
    return body.decode().replace("UTF-8", "UTF-16").encode("utf-16")


CHECKUPS = {
    "cut short": (checkup(extra=NAMED)[:-300], "checkup_broken"),
    "cut within the number's element": (
        checkup(extra=NAMED).split(b' root="1.2.3"')[0],
        "checkup_broken",
    ),
    "in another encoding": (
        checkup(
            extra=NAMED.replace(NUMBER, WIDE), head='<?xml version="1.0" encoding="Shift_JIS"?>'
        )
        .decode()
        .encode("cp932", "replace"),
        "checkup_encoding",
    ),
    "in UTF-16": (utf_16(checkup(extra=NAMED)), "checkup_encoding"),
    "no checkup": (f"<other>{NUMBER}</other>".encode(), "checkup_root"),
    "with a document type": (
        f"<!DOCTYPE a [<!ENTITY b '{NUMBER}'>]><a>&b;</a>".encode(),
        "checkup_dtd",
    ),
    "too large": (checkup(extra=NAMED) + b" " * (3 * 1024 * 1024), "too_large"),
}


@pytest.mark.parametrize("name", CHECKUPS)
async def test_a_broken_checkup_with_a_number_lies_nowhere(
    operator: Actor, tmp_path: Path, name: str
):
    body, reason = CHECKUPS[name]
    (tmp_path / "a.xml").write_bytes(body)
    report = await checkups.ingest_folder(operator, tmp_path, {})
    (line,) = report
    assert (line.state, [fault.reason for fault in line.faults]) == (
        "refused",
        [reason, "my_number"],
    )
    assert NUMBER not in format_report(report, "en")
    assert await nothing_is_kept(operator)


async def test_a_file_whose_name_is_a_number_is_not_kept_under_it(operator: Actor, tmp_path: Path):
    (tmp_path / f"{NUMBER}.xml").write_bytes(checkup(Examined(number="99999999")))
    (line,) = await checkups.ingest_folder(operator, tmp_path, {})
    assert (line.state, line.faults[-1].reason) == ("refused", "my_number")
    assert await nothing_is_kept(operator)


def stranger(text: str) -> bytes:
    number = {"system": patient_in_facility(demo.CLINIC), "value": str(uuid4())}
    resource = shapes.condition(subject={"identifier": number}, note=[{"text": text}])
    return json.dumps(resource, ensure_ascii=False).encode()


@pytest.mark.parametrize("text", [NUMBER, WIDE, "番号は1234-5678-9018です"])
async def test_a_sending_of_nobody_known_with_a_number_is_refused_and_kept_nowhere(
    clinic: Actor, operator: Actor, text: str
):
    before = len(await stored.quarantine(clinic))
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, stranger(text))
    assert [fault.reason for fault in refusal.value.faults] == ["unknown_subject", "my_number"]
    assert not refusal.value.is_kept
    assert "My Number" in refusal.value.issues[-1].text
    assert len(await stored.quarantine(clinic)) == before
    assert await nothing_is_kept(operator)


async def test_a_condition_with_a_number_is_kept_nowhere(clinic: Actor, operator: Actor):
    resource = json.loads(stranger("頭痛"))
    resource["identifier"] = [{"system": "urn:oid:1.2.3", "value": NUMBER}]
    with pytest.raises(NotStored) as refusal:
        await ingest.store(
            clinic,
            json.dumps(resource).encode(),
            resource_type="Condition",
            update=Update(query=f"identifier=urn:oid:1.2.3|{NUMBER}"),
        )
    assert not refusal.value.is_kept
    assert await nothing_is_kept(operator)


async def test_of_a_batch_the_entry_with_a_number_is_kept_nowhere(clinic: Actor, operator: Actor):
    bundle = shapes.posted(json.loads(stranger(NUMBER)), json.loads(stranger("頭痛")))
    before = len(await stored.quarantine(clinic))
    answer = await ingest.store(clinic, json.dumps(bundle | {"type": "batch"}).encode())
    refused = [each for each in answer.entries if isinstance(each, NotStored)]
    assert [each.is_kept for each in refused] == [False, True]
    assert len(await stored.quarantine(clinic)) == before + 1
    assert await nothing_is_kept(operator)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (stranger(NUMBER)[:-4], "invalid_json"),
        (stranger(WIDE).decode().encode("cp932"), "invalid_json"),
        (json.dumps(json.loads(stranger(WIDE))).encode()[:-4], "invalid_json"),
        (stranger(NUMBER), "unknown_subject"),
    ],
    ids=["cut short", "in another encoding", "escaped and cut short", "of nobody known"],
)
async def test_a_file_of_records_with_a_number_lies_nowhere(
    operator: Actor, tmp_path: Path, body: bytes, reason: str
):
    (tmp_path / "a.json").write_bytes(body)
    (line,) = await ingest.ingest_folder(operator, tmp_path, {})
    assert (line.state, [fault.reason for fault in line.faults]) == (
        "refused",
        [reason, "my_number"],
    )
    assert await nothing_is_kept(operator)


NOTED = f"OBX|1|TX|MEMO^メモ^99XYZ||番号 {NUMBER}||||||F"
MESSAGES = {
    "broken": Wanted("OMP-01", body=("rubbish", NOTED)),
    "of another patient": Wanted("OMP-01", pid=NUMBER, body=(NOTED,)),
    "in full width": Wanted("OMP-01", body=("rubbish", NOTED.replace(NUMBER, WIDE))),
    "in Shift_JIS": Wanted(
        "OMP-01", charset="cp932", body=("rubbish", NOTED.replace(NUMBER, WIDE))
    ),
    "without an order": Wanted("OMP-01", body=("ORC|NW", NOTED)),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_a_message_with_a_number_lies_nowhere_but_in_its_storage(
    operator: Actor, hanako: Person, tmp_path: Path, name: str
):
    place = writing.put(tmp_path, hanako.number, MESSAGES[name])
    for _ in range(2):
        account = await storage.take_in(operator, tmp_path, Wish(keeps_all=True))
        assert [(line.state, line.reason) for line in account.lines] == [("refused", "my_number")]
    assert place.is_file()
    assert "My Number" in spoken("my_number", "", "en")
    assert await nothing_is_kept(operator)


async def test_a_message_of_nobody_known_with_a_number_waits_in_its_storage_alone(
    operator: Actor, tmp_path: Path
):
    of = f"X{uuid4().hex[:10]}"
    writing.put(tmp_path, of, Wanted("OMP-01", body=(*writing.BODIES["OMP-01"], NOTED)))
    timed = writing.put(tmp_path, of, Wanted("OMP-11"))
    account = await storage.take_in(operator, tmp_path, Wish(keeps_all=True))
    told = {line.name: (line.state, line.reason) for line in account.lines}
    assert told.pop(timed.relative_to(tmp_path).as_posix()) == ("quarantined", "unknown_subject")
    assert list(told.values()) == [("refused", "my_number")]
    assert await nothing_is_kept(operator)


async def test_of_a_segment_no_record_says_a_number_is_not_kept(
    operator: Actor, hanako: Person, tmp_path: Path
):
    body = (*writing.BODIES["PPR-01"], f"ZZZ|{NUMBER}", "ZPR||院内だけの項目")
    writing.put(tmp_path, hanako.number, Wanted("PPR-01", body=body))
    account = await storage.take_in(operator, tmp_path, Wish(keeps_all=True))
    assert (account.states["stored"], dict(account.remains)) == (1, {"ZZZ": 1, "ZPR": 1})
    async with unit_of_work(operator) as tx:
        kept = await tx.fetchval(
            "SELECT remains::text FROM ssmix2_file WHERE patient = $1", hanako.number
        )
    assert "院内だけの項目" in kept
    assert NUMBER not in kept
