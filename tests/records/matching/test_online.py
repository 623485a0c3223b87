"""A facility sends somebody no number names yet: linked, put before an officer, or kept aside."""

import asyncio
import json
import secrets
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from api import demo
from api.access_log.events import EventName
from api.consent.lifecycle import participating
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.fhir.codes import INDICATION, patient_in_facility
from api.identity.errors import EnrolmentFaults
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.incoming import taking
from api.records.incoming.service import StoredRecord, Update
from api.records.matching import deciding, delivering, numbers
from api.records.matching.deciding import Waiting
from api.records.matching.persons import Demographics, Insured
from api.records.ssmix2 import service as storage
from tests.records import shapes, stored
from tests.records.matching.conftest import Enrol, Enrolled, patient, somebody
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted


def number() -> str:
    return f"M{secrets.token_hex(5)}"


def sending(person: Demographics, of: str, **changes: Any) -> bytes:
    """A Patient and a prescription of theirs, in one transaction."""
    who = patient(person, of, demo.CLINIC, **changes)
    drug = shapes.prescription(subject={"reference": "urn:uuid:0000-0"})
    return json.dumps(shapes.posted(who, drug), ensure_ascii=False).encode()


def themselves(subject: UUID) -> Actor:
    return Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)


async def refused(actor: Actor, body: bytes) -> list[str]:
    with pytest.raises(NotStored) as refusal:
        await ingest.store(actor, body)
    return [fault.reason for fault in refusal.value.faults]


async def doubts_of(officer: Actor, of: str) -> list[Waiting]:
    found: list[Waiting] = []
    page = 1
    while True:
        rows, _ = await deciding.waiting(officer, page=page, count=50)
        found += [row for row in rows if row.number == of]
        if len(rows) < 50:
            return found
        page += 1


async def known_by(subject: UUID) -> list[tuple[str, str]]:
    return [(each.number, each.way) for each in await numbers.known_as(themselves(subject))]


async def test_hanako_is_linked_by_her_certificate_and_told(clinic: Actor, enrol: Enrol):
    hanako, of = await enrol(), number()
    result = await ingest.store(clinic, sending(hanako.person, of))
    assert all(isinstance(each, StoredRecord) for each in result.entries)
    assert await known_by(hanako.id) == [(of, "insurance")]
    rows = [row for row in await stored.log(hanako.id) if row.event == EventName.NUMBER_MATCHED]
    assert rows[0].detail["told"]["number"] == of
    async with unit_of_work(themselves(hanako.id)) as tx:
        notices = await tx.fetch("SELECT event FROM outbox WHERE participant_id = app.subject()")
    assert [row["event"] for row in notices] == ["number_matched"]


async def test_a_sending_by_her_number_alone_finds_her_afterwards(clinic: Actor, enrol: Enrol):
    hanako, of = await enrol(), number()
    await ingest.store(clinic, sending(hanako.person, of))
    await ingest.store(clinic, sending(hanako.person, of))
    assert await known_by(hanako.id) == [(of, "insurance")]
    assert (
        len([r for r in await stored.log(hanako.id) if r.event == "records:patient_number:matched"])
        == 1
    )


async def test_by_name_and_address_she_is_linked_with_old_characters_and_a_slip(
    clinic: Actor, enrol: Enrol
):
    given = "".join(secrets.choice("花春夏秋冬美代江乃子") for _ in range(4))
    name = f"髙﨑 {given}"
    hanako, of = await enrol(name=name), number()
    sent = replace(hanako.person, name=name.replace("髙﨑", "高崎"), insured=None)
    await ingest.store(clinic, sending(sent, of))
    assert await known_by(hanako.id) == [(of, "score")]


async def test_a_wrong_birth_date_is_taken_once_it_was_weighed(clinic: Actor, enrol: Enrol):
    hanako, of = await enrol(), number()
    born = hanako.person.birth_on
    assert born is not None
    sent = replace(hanako.person, birth_on=born.replace(day=born.day + 10))
    await ingest.store(clinic, sending(sent, of))
    assert await known_by(hanako.id) == [(of, "score")]
    other = replace(sent, birth_on=born.replace(year=born.year - 11, month=1 + born.month % 12))
    assert await refused(clinic, sending(other, of)) == ["unknown_subject"]


async def test_a_card_in_the_sending_links_the_number_too(clinic: Actor, hanako, enrol: Enrol):
    of = number()
    sent = Demographics("山本 花子", "ヤマモト ハナコ", card=hanako.card.digits)
    await ingest.store(clinic, sending(sent, of))
    assert (of, "card") in await known_by(hanako.id)


async def test_a_stranger_is_kept_aside_and_nobody_hears_of_it(clinic: Actor, ueda: Actor):
    of = number()
    assert await refused(clinic, sending(somebody(), of)) == ["unknown_subject"] * 2
    assert await doubts_of(ueda, of) == []


async def test_who_left_the_network_is_a_stranger(clinic: Actor, enrol: Enrol, ueda: Actor):
    hanako, of = await enrol(), number()
    async with unit_of_work(themselves(hanako.id)) as tx:
        await participating.join_in(tx, themselves(hanako.id), state="refused")
    assert await refused(clinic, sending(hanako.person, of)) == ["unknown_subject"] * 2
    assert await known_by(hanako.id) == []
    assert await doubts_of(ueda, of) == []


@pytest.fixture
async def twin(enrol: Enrol) -> tuple[Enrolled, Demographics]:
    """Hanako takes part; her sister, of the same day and house, does not."""
    hanako = await enrol()
    insured = hanako.person.insured
    assert insured is not None
    family = hanako.person.name.split()[0]
    sister = replace(
        hanako.person,
        name=f"{family} 波留",
        name_kana=f"{hanako.person.name_kana.split()[0]} ハル",
        insured=Insured(insured.insurer, insured.symbol, insured.number, ""),
    )
    return hanako, sister


async def test_a_twin_waits_for_an_officer_who_tells_them_apart(
    clinic: Actor, twin: tuple[Enrolled, Demographics], ueda: Actor, second_officer: Actor
):
    (hanako, sister), of = twin, number()
    await refused(clinic, sending(sister, of))
    (doubt,) = await doubts_of(ueda, of)
    seen = await deciding.look(ueda, doubt.match_id)
    assert seen.compared.levels["given"] == "different"
    assert seen.sent.name == sister.name
    assert (await stored.log(hanako.id))[0].event == EventName.SUPPORT_LOOKED
    with pytest.raises(EnrolmentFaults):
        await deciding.decide(ueda, doubt.match_id, "perhaps", "")
    await deciding.decide(ueda, doubt.match_id, "different", "双子の妹さん")
    assert await known_by(hanako.id) == []
    assert (await stored.log(hanako.id))[0].event == EventName.MATCH_DISMISSED
    # Sent again, she is in question no more.
    await refused(clinic, sending(sister, of))
    assert await doubts_of(ueda, of) == []
    assert doubt.match_id not in {each.match_id for each in await deciding.unseen(ueda)}
    assert doubt.match_id in {each.match_id for each in await deciding.unseen(second_officer)}
    with pytest.raises(NotFound):
        await deciding.see(ueda, doubt.match_id)
    await deciding.see(second_officer, doubt.match_id)
    assert doubt.match_id not in {each.match_id for each in await deciding.unseen(second_officer)}


async def test_after_same_what_lay_aside_is_stored_at_once_and_its_case_closed(
    clinic: Actor, enrol: Enrol, ueda: Actor
):
    hanako, of = await enrol(), number()
    moved = replace(hanako.person, insured=None, address="大阪府大阪市北区梅田1-1")
    body = sending(moved, of)
    await refused(clinic, body)
    assert await stored.records(hanako.id) == []
    (doubt,) = await doubts_of(ueda, of)
    async with unit_of_work(clinic) as tx:
        submission = await tx.fetchval("SELECT submission_id FROM quarantine WHERE body = $1", body)
    assert await deciding.decide(ueda, doubt.match_id, "same", "転居を電話で確認") == 2
    assert await known_by(hanako.id) == [(of, "officer")]
    kinds = {row["resource_type"] for row in await stored.records(hanako.id)}
    assert kinds == {"Patient", "MedicationRequest"}
    async with unit_of_work(ueda) as tx:
        closed = await tx.fetchval(
            "SELECT closed_by FROM support_case WHERE params ->> 'submission' = $1",
            str(submission),
        )
        left = await tx.fetchval(
            "SELECT sent FROM patient_match WHERE match_id = $1", doubt.match_id
        )
    assert closed == ueda.account_id
    assert left is None
    with pytest.raises(NotFound):
        await deciding.decide(ueda, doubt.match_id, "different", "やはり別の方")


async def test_what_lay_aside_keeps_the_id_its_sender_gave_it(
    clinic: Actor, twin: tuple[Enrolled, Demographics], ueda: Actor
):
    (enrolled, sister), of = twin, number()
    await refused(clinic, sending(sister, of))
    lab = shapes.lab(
        id="lab-1",
        subject={"identifier": {"system": patient_in_facility(demo.CLINIC), "value": of}},
    )
    put = {"resource_type": "Observation", "update": Update("lab-1")}
    with pytest.raises(NotStored):
        await ingest.store(clinic, json.dumps(lab).encode(), **put)
    lying = len(await stored.quarantine(clinic))
    (doubt,) = await doubts_of(ueda, of)
    await deciding.decide(ueda, doubt.match_id, "same", "電話で確認しました")
    answer = await ingest.store(clinic, json.dumps(lab).encode(), **put)
    assert isinstance(answer.entries[0], StoredRecord)
    assert answer.entries[0].change == "unchanged"
    rows = await stored.records(enrolled.id)
    assert [row["resource_type"] for row in rows].count("Observation") == 1
    assert len(await stored.quarantine(clinic)) == lying


@pytest.mark.parametrize("form", ["put", "post", "entry"])
async def test_what_lay_aside_does_what_its_request_asked(
    clinic: Actor, twin: tuple[Enrolled, Demographics], ueda: Actor, form: str
):
    (enrolled, sister), of = twin, number()
    await refused(clinic, sending(sister, of))
    lab = shapes.lab(
        subject={"identifier": {"system": patient_in_facility(demo.CLINIC), "value": of}},
        identifier=[{"system": "urn:oid:1.2.3", "value": each} for each in ("first", "meant")],
    )
    query = "identifier=urn:oid:1.2.3|meant"
    asked: dict[str, Any] = {"resource_type": "Observation"}
    if form == "put":
        asked["update"] = Update(query=query)
    elif form == "post":
        asked["if_none_exist"] = query
    else:
        asked = {}
        request = {"method": "PUT", "url": f"Observation?{query}"}
        lab = shapes.posted(lab) | {"type": "batch"}
        lab["entry"][0]["request"] = request
    body = json.dumps(lab).encode()
    for _ in range(2):
        try:
            answer = await ingest.store(clinic, body, **asked)
        except NotStored as refusal:
            kept = refusal.is_kept
        else:
            (entry,) = answer.entries
            kept = isinstance(entry, NotStored) and entry.is_kept
        assert kept
    lying = len(await stored.quarantine(clinic))
    (doubt,) = await doubts_of(ueda, of)
    await deciding.decide(ueda, doubt.match_id, "same", "電話で確認しました")
    rows = [r for r in await stored.records(enrolled.id) if r["resource_type"] == "Observation"]
    assert [(row["version"], row["identifier_value"]) for row in rows] == [(1, "meant")]
    answer = await ingest.store(clinic, body, **asked)
    assert isinstance(answer.entries[0], StoredRecord)
    assert answer.entries[0].change == "unchanged"
    assert len(await stored.quarantine(clinic)) == lying


async def test_one_body_meant_for_two_records_lies_aside_twice(clinic: Actor):
    lab = shapes.lab(
        subject={"identifier": {"system": patient_in_facility(demo.CLINIC), "value": number()}},
        identifier=[{"system": "urn:oid:1.2.3", "value": each} for each in ("one", "two")],
    )
    lying = len(await stored.quarantine(clinic))
    for name in ("one", "two", "one"):
        update = Update(query=f"identifier=urn:oid:1.2.3|{name}")
        with pytest.raises(NotStored):
            await ingest.store(
                clinic, json.dumps(lab).encode(), resource_type="Observation", update=update
            )
    assert len(await stored.quarantine(clinic)) == lying + 2


@pytest.mark.parametrize("broken_off", [False, True], ids=["at once", "broken off"])
async def test_after_same_the_messages_that_lay_aside_are_stored_too_and_once(
    clinic: Actor,
    enrol: Enrol,
    ueda: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken_off: bool,
):
    hanako, of = await enrol(), number()
    operator = Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)
    born = f"{hanako.person.birth_on:%Y%m%d}"
    await refused(clinic, sending(replace(hanako.person, insured=None, address="大阪市北区"), of))
    for kind in ("OMP-01", "OML-11"):
        writing.put(tmp_path, of, Wanted(kind, born=born))
    writing.put(tmp_path, of, Wanted("OMG-13", born=born, body=("rubbish",)))
    await storage.take_in(operator, tmp_path)
    assert await stored.records(hanako.id) == []
    async with unit_of_work(operator) as tx:
        sent = await tx.fetchval(
            "SELECT submission_id FROM submission WHERE name = $1", f"ssmix2/{of}"
        )
    (doubt,) = await doubts_of(ueda, of)
    cut = pytest.raises(Killed) if broken_off else nullcontext()
    with monkeypatch.context() as patch, cut:
        if broken_off:  # between storing the messages and closing their case
            patch.setattr(delivering.queries, "close_case", killed)
        taken = await deciding.decide(ueda, doubt.match_id, "same", "転居を電話で確認")
        assert taken == 5
    await delivering.deliver_due()
    rows = await stored.records(hanako.id)
    assert len(rows) == 5
    async with unit_of_work(operator) as tx:
        delivered = await tx.fetch(
            "SELECT d.records FROM quarantine_delivery d JOIN quarantine q"
            " USING (facility_id, quarantine_id) WHERE q.submission_id = $1",
            sent,
        )
    assert sum(row["records"] for row in delivered) == 3  # the others came by FHIR
    assert {"メトグルコ錠250mg", "HbA1c(NGSP)", "CRP"} <= {row["title"] for row in rows}
    async with unit_of_work(ueda) as tx:
        closed = await tx.fetchval(
            "SELECT closed_by FROM support_case WHERE params ->> 'submission' = $1", str(sent)
        )
    assert closed == ueda.account_id
    assert clinic.facility_id is not None
    assert await delivering.deliver(ueda, clinic.facility_id, of) == 0
    again = await storage.take_in(operator, tmp_path)
    assert dict(again.states) == {"unchanged": 2, "quarantined": 1}
    assert await stored.records(hanako.id) == rows


async def test_two_registrations_of_one_person_are_both_doubtful_and_one_answer_settles_both(
    clinic: Actor, enrol: Enrol, ueda: Actor
):
    first, of = await enrol(), number()
    second = await enrol(first.person)
    await refused(clinic, sending(first.person, of))
    one, _ = await doubts_of(ueda, of)
    await deciding.decide(ueda, one.match_id, "same", "カードで確認")
    assert await doubts_of(ueda, of) == []
    held = [await known_by(first.id), await known_by(second.id)]
    assert sorted(map(len, held)) == [0, 1]


async def test_the_facility_is_asked_by_its_own_number(
    clinic: Actor, twin: tuple[Enrolled, Demographics], ueda: Actor
):
    (_, sister), of = twin, number()
    await refused(clinic, sending(sister, of))
    (doubt,) = await doubts_of(ueda, of)
    await deciding.ask_facility(ueda, doubt.match_id)
    (asked,) = await doubts_of(ueda, of)
    assert asked.asked_by == ueda.name
    async with unit_of_work(clinic) as tx:
        row = await tx.fetchrow(
            "SELECT event, professional_id FROM facility_notice WHERE local_id = $1", of
        )
    assert (row["event"], row["professional_id"]) == ("match_question", None)


async def test_this_is_not_me_ends_the_link_and_sets_aside_what_came_by_it(
    clinic: Actor, enrol: Enrol, ueda: Actor
):
    hanako, of = await enrol(), number()
    await ingest.store(clinic, sending(hanako.person, of))
    assert clinic.facility_id is not None
    me = themselves(hanako.id)
    assert await numbers.disown(me, clinic.facility_id, of) == 2
    assert await known_by(hanako.id) == []
    assert not any(row["is_current"] for row in await stored.records(hanako.id))
    assert (await stored.log(hanako.id))[0].event == EventName.NUMBER_DISOWNED
    # The same sending never links it again by itself.
    await refused(clinic, sending(hanako.person, of))
    assert await doubts_of(ueda, of) == []
    with pytest.raises(NotFound):
        await numbers.disown(me, clinic.facility_id, of)


async def test_what_was_set_aside_comes_back_when_the_number_is_linked_anew(
    clinic: Actor, enrol: Enrol
):
    hanako, of = await enrol(), number()
    await ingest.store(clinic, sending(hanako.person, of))
    assert clinic.facility_id is not None
    me = themselves(hanako.id)
    before = await stored.records(hanako.id)
    await numbers.disown(me, clinic.facility_id, of)
    async with unit_of_work(me) as tx:
        await numbers.bring_back_in(tx, clinic.facility_id, of)
    after = await stored.records(hanako.id)
    assert sorted(after, key=lambda row: row["record_id"]) == sorted(
        before, key=lambda row: row["record_id"]
    )


async def test_how_many_were_set_aside_says_nothing_of_what_she_is_not_told(
    clinic: Actor, enrol: Enrol
):
    hanako, of = await enrol(), number()
    body = json.loads(sending(hanako.person, of))
    tumour = shapes.condition(subject={"reference": "urn:uuid:0000-0"})
    tumour["meta"] = {"tag": [{"system": INDICATION, "code": "UNINFORMED"}]}
    body["entry"].append({"resource": tumour, "request": {"method": "POST", "url": "Condition"}})
    await ingest.store(clinic, json.dumps(body, ensure_ascii=False).encode())
    assert clinic.facility_id is not None
    assert await numbers.disown(themselves(hanako.id), clinic.facility_id, of) == 2
    assert not any(row["is_current"] for row in await stored.records(hanako.id))
    event = (await stored.log(hanako.id))[0]
    assert event.detail["told"]["count"] == 2
    assert [each["types"] for each in await stored.undisclosed(hanako.id)][-1] == [
        {"type": "Condition", "category": "condition", "count": 1}
    ]


@pytest.mark.parametrize("sends_first", [True, False])
async def test_what_comes_in_the_moment_she_disowns_the_number_is_not_hers(
    clinic: Actor, enrol: Enrol, monkeypatch: pytest.MonkeyPatch, sends_first: bool
):
    hanako, of = await enrol(), number()
    await ingest.store(clinic, sending(hanako.person, of))
    assert clinic.facility_id is not None
    name, place = ("write", taking) if sends_first else ("hold_still", taking)
    waits, goes_on, real = asyncio.Event(), asyncio.Event(), getattr(place, name)

    async def slow(*args: Any, **names: Any) -> Any:
        waits.set()
        await goes_on.wait()
        return await real(*args, **names)

    monkeypatch.setattr(place, name, slow)
    later = json.dumps(
        shapes.prescription(
            authoredOn="2024-06-02",
            subject={"identifier": {"system": patient_in_facility(demo.CLINIC), "value": of}},
        )
    )
    sent = asyncio.create_task(ingest.store(clinic, later.encode(), key=of))
    await waits.wait()
    said = asyncio.create_task(numbers.disown(themselves(hanako.id), clinic.facility_id, of))
    await asyncio.wait([said], timeout=0.5)
    goes_on.set()
    await asyncio.gather(sent, said, return_exceptions=True)
    await said
    assert not any(row["is_current"] for row in await stored.records(hanako.id))


async def test_another_facility_learns_nothing_of_a_number(
    clinic: Actor, hospital: Actor, twin: tuple[Enrolled, Demographics]
):
    (_, sister), of = twin, number()
    await refused(clinic, sending(sister, of))
    for actor in (clinic, hospital):
        async with unit_of_work(actor) as tx:
            assert (
                await tx.fetch("SELECT match_id FROM patient_match WHERE local_id = $1", of) == []
            )


async def waits_for_her_number(clinic: Actor, hanako: Enrolled, of: str) -> bytes:
    """A result by number alone, which names nobody yet."""
    lab = shapes.lab(
        subject={"identifier": {"system": patient_in_facility(demo.CLINIC), "value": of}}
    )
    body = json.dumps(lab).encode()
    assert await refused(clinic, body) == ["unknown_subject"]
    assert await stored.records(hanako.id) == []
    return body


async def kinds_of(hanako: Enrolled) -> list[str]:
    return sorted(row["resource_type"] for row in await stored.records(hanako.id))


async def closed_by(officer: Actor, clinic: Actor, body: bytes) -> Any:
    async with unit_of_work(clinic) as tx:
        submission = await tx.fetchval("SELECT submission_id FROM quarantine WHERE body = $1", body)
    async with unit_of_work(officer) as tx:
        return await tx.fetchrow(
            "SELECT closed_at IS NOT NULL, closed_by FROM support_case"
            " WHERE params ->> 'submission' = $1",
            str(submission),
        )


async def is_due(clinic: Actor, of: str) -> bool:
    async with unit_of_work(clinic) as tx:
        return bool(
            await tx.fetchval("SELECT EXISTS (SELECT FROM delivery_due WHERE local_id = $1)", of)
        )


class Killed(BaseException):
    pass


async def killed(*_: Any, **__: Any) -> None:
    raise Killed


@pytest.mark.parametrize("where", ["deliver", "store_body", "close_case", "delivered", "settle"])
async def test_broken_off_after_the_yes_what_lay_aside_is_delivered_later_once(
    clinic: Actor, enrol: Enrol, ueda: Actor, monkeypatch: pytest.MonkeyPatch, where: str
):
    hanako, of = await enrol(), number()
    body = await waits_for_her_number(clinic, hanako, of)
    moved = replace(hanako.person, insured=None, address="大阪府大阪市北区梅田1-1")
    await refused(clinic, sending(moved, of))
    (doubt,) = await doubts_of(ueda, of)

    place = delivering if where in ("deliver", "store_body") else delivering.queries
    with monkeypatch.context() as patch:
        patch.setattr(place, where, killed)
        with pytest.raises(Killed):
            await deciding.decide(ueda, doubt.match_id, "same", "転居を電話で確認")
    assert await known_by(hanako.id) == [(of, "officer")]
    await delivering.deliver_due()
    everything = ["MedicationRequest", "Observation", "Patient"]
    assert await kinds_of(hanako) == everything
    assert tuple(await closed_by(ueda, clinic, body)) == (True, ueda.account_id)
    events = [row for row in await stored.log(hanako.id) if row.event == EventName.RECORD_STORED]
    await delivering.deliver_due()
    assert await kinds_of(hanako) == everything
    again = [row for row in await stored.log(hanako.id) if row.event == EventName.RECORD_STORED]
    assert len(again) == len(events) == 2
    assert not await is_due(clinic, of)


async def test_what_lay_aside_for_a_number_linked_by_itself_is_delivered_too(
    clinic: Actor, enrol: Enrol, ueda: Actor
):
    hanako, of = await enrol(insured=None), number()
    body = await waits_for_her_number(clinic, hanako, of)
    await ingest.store(clinic, sending(hanako.person, of))
    assert await known_by(hanako.id) == [(of, "score")]
    job = asyncio.create_task(delivering.run())  # as the service begins
    for _ in range(300):
        if not await is_due(clinic, of):
            break
        await asyncio.sleep(0.1)
    job.cancel()
    assert await kinds_of(hanako) == ["MedicationRequest", "Observation", "Patient"]
    assert tuple(await closed_by(ueda, clinic, body)) == (True, None)


async def test_one_delivery_that_fails_holds_up_none_of_the_others(
    clinic: Actor, enrol: Enrol, monkeypatch: pytest.MonkeyPatch
):
    (first, one), (second, other) = [(await enrol(), number()) for _ in range(2)]
    for hanako, of in ((first, one), (second, other)):
        await waits_for_her_number(clinic, hanako, of)
        await ingest.store(clinic, sending(hanako.person, of))
    real = delivering.queries.lying_by

    async def broken(tx: Any, of: str) -> Any:
        if of == one:
            raise OSError
        return await real(tx, of)

    with monkeypatch.context() as patch:
        patch.setattr(delivering.queries, "lying_by", broken)
        await delivering.deliver_due()
    assert "Observation" not in await kinds_of(first)
    assert "Observation" in await kinds_of(second)
    await delivering.deliver_due()
    assert "Observation" in await kinds_of(first)


async def test_what_no_number_can_be_read_from_is_kept_aside_all_the_same(clinic: Actor):
    for body in ("患者".encode("shift_jis"), b"\0", b'{"value": ""}', "é".encode("latin-1")):
        async with unit_of_work(clinic) as tx:
            submission, lies = uuid7(), uuid7()
            await tx.execute(
                "INSERT INTO submission (facility_id, submission_id, name, stored, quarantined)"
                " VALUES (app.facility(), $1, 'x', 0, 1)",
                submission,
            )
            await tx.execute(
                "INSERT INTO quarantine (facility_id, quarantine_id, submission_id, name, reason,"
                " detail, body) VALUES (app.facility(), $1, $2, 'x', 'unknown_subject', '[]', $3)",
                lies,
                submission,
                body,
            )
            named = "SELECT count(*) FROM quarantine_name WHERE quarantine_id = $1"
            assert await tx.fetchval(named, lies) == 0


async def test_a_number_that_another_s_begins_with_leads_to_nothing_of_theirs(clinic: Actor):
    of = number()
    await refused(clinic, sending(somebody(), f"{of}1"))
    async with unit_of_work(clinic) as tx:
        assert await delivering.queries.lying_by(tx, of) == []
        assert len(await delivering.queries.lying_by(tx, f"{of}1")) == 1
