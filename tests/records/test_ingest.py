"""Facilities send records: stored whole or not at all, for one participant, each version kept."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import demo
from api.consent.lifecycle import participating
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import Conflict, NotFound
from api.fhir.codes import INDICATION, RESOURCE_INSTANCE, patient_in_facility
from api.records import service
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.incoming.service import Stored, StoredRecord
from api.records.parse import MAX_BYTES
from tests.records import shapes, stored
from tests.records.conftest import Person


def as_bytes(resource: Any) -> bytes:
    return json.dumps(resource, ensure_ascii=False).encode()


def named(value: str) -> list[dict[str, str]]:
    return [{"system": RESOURCE_INSTANCE, "value": value}]


def untold(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"meta": {"tag": [{"system": INDICATION, "code": "UNINFORMED"}]}}


def only(stored: Stored) -> StoredRecord:
    record = stored.entries[0]
    assert isinstance(record, StoredRecord)
    return record


async def refused(actor: Actor, body: bytes) -> list[str]:
    with pytest.raises(NotStored) as refusal:
        await ingest.store(actor, body)
    return [fault.reason for fault in refusal.value.faults]


async def take_part(person: Person, state: str) -> None:
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=person.id)
    async with unit_of_work(actor) as tx:
        await participating.join_in(tx, actor, state=state)


async def test_a_prescription_is_read_back_as_it_was_sent(
    clinic: Actor, hanako: Person, people: dict[str, demo.Cast]
):
    sent = as_bytes(
        shapes.prescription(
            subject=hanako.as_patient,
            meta={"profile": ["urn:one"], "versionId": "9", "lastUpdated": "2024-05-07"},
            dispenseRequest={"quantity": {"value": 0}},
        )
    ).replace(b'"value": 0', b'"value": 10.500')
    await take_part(hanako, "participating")
    record = only(await ingest.store(clinic, sent))
    sato = Actor(
        kind=ActorKind.PROFESSIONAL,
        facility_id=clinic.facility_id,
        professional_id=people["sato"].person_id,
        purpose_of_use="TREAT",
    )
    page = await service.read(sato, hanako.id, ("MedicationRequest",))
    assert b'"value":10.500' in page.entries
    entry = json.loads(page.entries)
    assert entry["fullUrl"].endswith(f"/MedicationRequest/{record.resource_id}")
    back, original = entry["resource"], json.loads(sent)
    assert back.pop("id") == str(record.resource_id)
    meta = back.pop("meta")
    assert (meta["versionId"], meta["profile"]) == ("1", ["urn:one"])
    assert meta["lastUpdated"].startswith(f"{clock.now():%Y-%m-%d}")
    del original["meta"]
    assert back == original


async def test_the_final_result_takes_the_place_of_the_interim_one(clinic: Actor, hanako: Person):
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    first = only(await ingest.store(clinic, as_bytes(lab | {"status": "preliminary"})))
    second = only(await ingest.store(clinic, as_bytes(lab)))
    assert (first.change, second.change) == ("created", "updated")
    assert second.resource_id == first.resource_id
    rows = await stored.records(hanako.id)
    assert [(r["version"], r["is_current"]) for r in rows] == [(1, False), (2, True)]
    assert json.loads(rows[1]["body"])["status"] == "final"


async def test_the_same_record_again_changes_nothing(clinic: Actor, hanako: Person):
    for resource in (
        shapes.lab(subject=hanako.as_patient, identifier=named("lab-1")),
        shapes.condition(subject=hanako.as_patient),  # without a name of its own
    ):
        await ingest.store(clinic, as_bytes(resource))
        events = await stored.log(hanako.id)
        resent = resource | {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}
        assert only(await ingest.store(clinic, as_bytes(resent))).change == "unchanged"
        assert await stored.log(hanako.id) == events
    assert len(await stored.records(hanako.id)) == 2


async def test_a_correction_back_to_an_earlier_value_counts(clinic: Actor, hanako: Person):
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    for value in ("5.1", "5.2", "5.1"):
        last = only(await ingest.store(clinic, as_bytes(lab | {"valueString": value})))
    assert last.version.number == 3


async def test_two_senders_at_once_make_two_versions_and_one_current(clinic: Actor, hanako: Person):
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    bodies = [as_bytes(lab | {"valueString": str(n)}) for n in range(6)]
    await asyncio.gather(*(ingest.store(clinic, body) for body in bodies))
    rows = await stored.records(hanako.id)
    assert [row["version"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["is_current"] for row in rows] == [False] * 5 + [True]
    assert len({row["record_id"] for row in rows}) == 1


async def test_the_same_name_at_another_facility_is_another_record(
    clinic: Actor, hospital: Actor, hanako: Person
):
    lab = as_bytes(shapes.lab(subject=hanako.as_card, identifier=named("lab-1")))
    await ingest.store(clinic, lab)
    assert only(await ingest.store(hospital, lab)).change == "created"
    sources = {row["source_facility_id"] for row in await stored.records(hanako.id)}
    assert sources == {clinic.facility_id, hospital.facility_id}


@pytest.mark.parametrize(
    "name",
    [lambda p: p.as_patient, lambda p: p.as_card, lambda p: {"reference": f"Patient/{p.id}"}],
)
async def test_number_card_and_our_own_id_all_lead_to_hanako(
    clinic: Actor, hanako: Person, name: Callable[[Person], dict[str, Any]]
):
    await ingest.store(clinic, as_bytes(shapes.condition(subject=name(hanako))))
    assert len(await stored.records(hanako.id)) == 1


async def test_a_record_without_a_date_has_the_day_it_arrived(clinic: Actor, hanako: Person):
    condition = shapes.condition(subject=hanako.as_patient)
    del condition["onsetDateTime"]
    await ingest.store(clinic, as_bytes(condition))
    row = (await stored.records(hanako.id))[0]
    assert (row["effective_on"], row["effective_at"]) == (clock.today_in_japan(), None)


async def test_the_clinics_number_is_no_name_at_the_hospital(hospital: Actor, hanako: Person):
    body = as_bytes(shapes.condition(subject=hanako.as_patient))
    assert await refused(hospital, body) == ["unknown_subject"]
    assert await stored.records(hanako.id) == []


async def test_names_that_contradict_each_other_lead_to_nobody(
    clinic: Actor, hanako: Person, people: dict[str, demo.Cast]
):
    subject = hanako.as_patient | {"reference": f"Patient/{people['taro'].person_id}"}
    before = len(await stored.records(people["taro"].person_id))
    assert await refused(clinic, as_bytes(shapes.condition(subject=subject))) == ["unknown_subject"]
    assert await stored.records(hanako.id) == []
    assert len(await stored.records(people["taro"].person_id)) == before


async def test_another_birth_date_is_another_person(clinic: Actor, hanako: Person):
    patient = shapes.patient(identifier=[hanako.as_patient["identifier"]], birthDate="1941-02-11")
    assert await refused(clinic, as_bytes(patient)) == ["unknown_subject"]
    born = str(demo._BIRTHS["hanako"][0])
    record = only(await ingest.store(clinic, as_bytes(patient | {"birthDate": born})))
    assert record.resource_id == hanako.id


async def test_a_record_of_nobody_known_is_kept_aside_once_and_becomes_a_case(clinic: Actor):
    number = {"system": patient_in_facility(demo.CLINIC), "value": str(uuid4())}
    body = as_bytes(shapes.condition(subject={"identifier": number}))
    kept, cases = len(await stored.quarantine(clinic)), await stored.cases()
    for _ in range(2):
        with pytest.raises(NotStored) as refusal:
            await ingest.store(clinic, body)
        assert refusal.value.is_kept
        assert refusal.value.issues[-1].key == "record.kept"
        assert number["value"] not in str(refusal.value.issues)
    rows = await stored.quarantine(clinic)
    assert len(rows) == kept + 1
    assert (rows[-1]["reason"], rows[-1]["body"]) == ("unknown_subject", body)
    assert await stored.cases() == cases + 1


async def test_quarantine_belongs_to_the_facility_that_sent_it(clinic: Actor, hospital: Actor):
    body = as_bytes(shapes.condition(subject={"reference": f"Patient/{uuid4()}"}))
    assert await refused(clinic, body) == ["unknown_subject"]
    assert body in [row["body"] for row in await stored.quarantine(clinic)]
    assert body not in [row["body"] for row in await stored.quarantine(hospital)]


@pytest.mark.parametrize("state", ["refused", "withdrawn"])
async def test_whoever_refused_or_left_is_kept_out_and_nothing_is_kept(
    clinic: Actor, hanako: Person, state: str
):
    await take_part(hanako, state)
    kept = await stored.quarantine(clinic)
    body = as_bytes(shapes.condition(subject=hanako.as_patient))
    assert await refused(clinic, body) == ["not_taken"]
    assert await stored.records(hanako.id) == []
    assert await stored.quarantine(clinic) == kept


async def test_records_arrive_before_she_has_answered_and_where_nobody_may_read(
    clinic: Actor, hanako: Person
):
    await ingest.store(clinic, as_bytes(shapes.condition(subject=hanako.as_patient)))
    assert len(await stored.records(hanako.id)) == 1


async def test_a_transaction_is_stored_wholly_or_not_at_all(clinic: Actor, hanako: Person):
    good = shapes.condition(subject=hanako.as_patient)
    wrong = shapes.lab(subject=hanako.as_patient, status="invented")
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(shapes.posted(good, wrong)))
    assert [fault.path for fault in refusal.value.faults] == ["Bundle.entry[1].resource.status"]
    unknown = shapes.lab(subject={"reference": f"Patient/{uuid4()}"})
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(shapes.posted(good, unknown)))
    assert [fault.path for fault in refusal.value.faults] == ["Bundle.entry[1].resource.subject"]
    assert await stored.records(hanako.id) == []
    assert await stored.log(hanako.id) == []


async def test_a_transaction_speaks_of_one_person(
    clinic: Actor, hanako: Person, people: dict[str, demo.Cast]
):
    other = {"reference": f"Patient/{people['taro'].person_id}"}
    bundle = shapes.posted(shapes.condition(subject=hanako.as_patient), shapes.lab(subject=other))
    assert await refused(clinic, as_bytes(bundle)) == ["mixed_subjects"]
    assert await stored.records(hanako.id) == []


async def test_entries_of_a_transaction_find_each_other_again(clinic: Actor, hanako: Person):
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "血液検査"},
        "subject": {"reference": "urn:uuid:0000-2"},
        "result": [{"reference": "urn:uuid:0000-1"}],
    }
    patient = shapes.patient(
        identifier=[hanako.as_patient["identifier"]], birthDate=str(demo._BIRTHS["hanako"][0])
    )
    lab = shapes.lab(subject=hanako.as_patient)
    answer = await ingest.store(clinic, as_bytes(shapes.posted(report, lab, patient)))
    kept, result, person = answer.entries
    assert isinstance(kept, StoredRecord)
    assert isinstance(result, StoredRecord)
    assert isinstance(person, StoredRecord)
    body = json.loads(kept.version.body)
    assert body["result"] == [{"reference": f"Observation/{result.resource_id}"}]
    assert body["subject"] == {"reference": f"Patient/{hanako.id}"}
    assert person.resource_id == hanako.id


async def test_one_name_twice_in_one_transaction_is_two_versions(clinic: Actor, hanako: Person):
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("lab-1"))
    await ingest.store(clinic, as_bytes(shapes.posted(lab | {"status": "preliminary"}, lab)))
    rows = await stored.records(hanako.id)
    assert [(r["version"], r["is_current"]) for r in rows] == [(1, False), (2, True)]


async def test_a_put_to_the_id_we_gave_is_the_next_version(clinic: Actor, hanako: Person):
    condition = shapes.condition(subject=hanako.as_patient)
    given_id = str(only(await ingest.store(clinic, as_bytes(condition))).resource_id)

    def put(resource_id: str, text: str) -> bytes:
        resource = condition | {"id": resource_id, "code": {"text": text}}
        request = {"method": "PUT", "url": f"Condition/{resource_id}"}
        entry = {"resource": resource, "request": request}
        return as_bytes({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})

    assert only(await ingest.store(clinic, put(given_id, "高血圧症"))).version.number == 2
    assert only(await ingest.store(clinic, put("emr-7", "糖尿病"))).change == "created"
    assert only(await ingest.store(clinic, put("emr-7", "２型糖尿病"))).version.number == 2


async def test_in_a_batch_each_entry_stands_for_itself(clinic: Actor, hanako: Person):
    bundle = shapes.posted(
        shapes.condition(subject=hanako.as_patient),
        shapes.lab(subject=hanako.as_patient, status="invented"),
        shapes.lab(subject={"reference": f"Patient/{uuid4()}"}),
        shapes.lab(subject=hanako.as_patient),
    )
    answer = await ingest.store(clinic, as_bytes(bundle | {"type": "batch"}))
    reasons = [
        [fault.reason for fault in entry.faults] if isinstance(entry, NotStored) else "stored"
        for entry in answer.entries
    ]
    assert reasons == ["stored", ["bad_code"], ["unknown_subject"], "stored"]
    assert len(await stored.records(hanako.id)) == 2


async def test_a_document_is_kept_whole(clinic: Actor, hanako: Person):
    patient = shapes.patient(
        identifier=[hanako.as_patient["identifier"]], birthDate=str(demo._BIRTHS["hanako"][0])
    )
    document = shapes.document()
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"] = patient
    await ingest.store(clinic, as_bytes(document))
    (row,) = await stored.records(hanako.id)
    assert (row["resource_type"], row["category"]) == ("Bundle", "document")
    assert json.loads(row["body"])["entry"] == document["entry"]


async def test_storing_is_an_event_of_hers_by_kind_and_number(clinic: Actor, hanako: Person):
    bundle = shapes.posted(
        shapes.condition(subject=hanako.as_patient),
        shapes.lab(subject=hanako.as_patient, valueString="1"),
        shapes.lab(subject=hanako.as_patient, valueString="2"),
    )
    await ingest.store(clinic, as_bytes(bundle))
    (event,) = await stored.log(hanako.id)
    assert (event.event, event.outcome) == ("records:record:stored", "permitted")
    assert event.facility_id == clinic.facility_id
    assert event.detail["resources"] == [
        {"type": "Condition", "category": "condition", "count": 1},
        {"type": "Observation", "category": "lab", "count": 2},
    ]
    assert event.detail["actor"]["facility"]["en"] == "Sakura Internal Medicine Clinic"


async def test_what_she_is_not_told_leaves_no_trace_in_her_log(clinic: Actor, hanako: Person):
    secret = untold(shapes.condition(subject=hanako.as_patient, code={"text": "膵腫瘍の疑い"}))
    await ingest.store(clinic, as_bytes(secret))
    assert await stored.log(hanako.id) == []
    mixed = shapes.posted(
        shapes.lab(subject=hanako.as_patient), secret | {"onsetDateTime": "2025-01-01"}
    )
    await ingest.store(clinic, as_bytes(mixed))
    (event,) = await stored.log(hanako.id)
    assert event.detail["resources"] == [{"type": "Observation", "category": "lab", "count": 1}]
    (hidden,) = await stored.undisclosed(hanako.id)
    assert hidden["types"] == [{"type": "Condition", "category": "condition", "count": 1}]
    assert [row["is_told"] for row in await stored.records(hanako.id)].count(False) == 2


async def test_only_systems_and_the_operator_store_and_only_for_a_facility(
    hanako: Person, clinic: Actor
):
    body = as_bytes(shapes.condition(subject=hanako.as_card))
    for actor in (
        Actor(kind=ActorKind.SYSTEM),
        Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id),
        Actor(kind=ActorKind.PROFESSIONAL, facility_id=clinic.facility_id),
        OPERATOR,
    ):
        with pytest.raises(NotFound):
            await ingest.store(actor, body)


async def test_resources_built_here_meet_the_same_checks_and_name_each_other(
    clinic: Actor, hanako: Person
):
    lab = shapes.lab(id="one", valueQuantity={"value": Decimal("6.80"), "unit": "%"})
    del lab["subject"]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "血液検査"},
        "result": [{"reference": "Observation/one"}],
    }
    answer = await ingest.store_resources(clinic, [lab, report], name="ssmix2", subject=hanako.id)
    first, second = answer.entries
    assert isinstance(first, StoredRecord)
    assert isinstance(second, StoredRecord)
    assert '"value":6.80' in first.version.body
    body = json.loads(second.version.body)
    assert body["subject"] == {"reference": f"Patient/{hanako.id}"}
    assert body["result"] == [{"reference": f"Observation/{first.resource_id}"}]
    with pytest.raises(NotStored) as refusal:
        await ingest.store_resources(
            clinic,
            [lab | {"valueString": "new"}, report | {"status": "?"}],
            name="x",
            subject=hanako.id,
        )
    assert [fault.path for fault in refusal.value.faults] == ["Bundle.entry[1].resource.status"]
    assert len(await stored.records(hanako.id)) == 2


async def test_resources_built_here_find_their_person_as_a_sender_would(
    clinic: Actor, hanako: Person
):
    await ingest.store_resources(clinic, [shapes.lab(subject=hanako.as_patient)], name="ssmix2")
    assert len(await stored.records(hanako.id)) == 1
    kept = await stored.quarantine(clinic)
    with pytest.raises(NotStored):
        await ingest.store_resources(
            clinic, [shapes.lab(subject={"reference": f"Patient/{uuid4()}"})], name="ssmix2"
        )
    assert await stored.quarantine(clinic) == kept


async def test_a_patient_number_means_one_person(
    clinic: Actor, hanako: Person, people: dict[str, demo.Cast]
):
    await ingest.link_local_id(clinic, hanako.id, hanako.number)  # again: nothing to do
    with pytest.raises(Conflict):
        await ingest.link_local_id(clinic, people["taro"].person_id, hanako.number)


async def test_a_very_long_identifier_is_still_one_name(clinic: Actor, hanako: Person):
    lab = shapes.lab(subject=hanako.as_patient, identifier=named("長" * 5000))
    await ingest.store(clinic, as_bytes(lab))
    again = only(await ingest.store(clinic, as_bytes(lab | {"status": "amended"})))
    assert again.version.number == 2


@pytest.mark.parametrize(
    ("body", "reason", "status"),
    [
        (b"", "invalid_json", 400),
        (b"{", "invalid_json", 400),
        (b"\xff\xfe", "invalid_json", 400),
        (b"[]", "not_a_resource", 400),
        (b'{"resourceType":"Condition","resourceType":"Condition"}', "duplicate_key", 400),
        (b'{"resourceType":"Nonsense"}', "unknown_type", 422),
        (b'{"resourceType":"Organization"}', "not_patient_data", 422),
        (b'{"resourceType":"Bundle","type":"searchset"}', "unsupported_bundle", 422),
        (b" " * (MAX_BYTES + 1), "too_large", 413),
    ],
)
async def test_what_cannot_be_read_is_said(clinic: Actor, body: bytes, reason: str, status: int):
    before = await stored.submissions(clinic)
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, body)
    assert (refusal.value.faults[0].reason, refusal.value.status) == (reason, status)
    assert await stored.submissions(clinic) == before


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates().map(str)
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_ELEMENTS = st.sampled_from(
    ["id", "meta", "contained", "identifier", "status", "code", "category", "subject", "extension",
     "effectiveDateTime", "onsetDateTime", "onsetPeriod", "authoredOn", "intent", "reasonCode"]
)  # fmt: skip


@st.composite
def _bent(draw: st.DrawFn) -> tuple[bool, Any]:
    """A valid resource with some elements replaced by anything."""
    make = draw(st.sampled_from([shapes.condition, shapes.lab, shapes.prescription]))
    bent = make() | draw(st.dictionaries(_ELEMENTS, _ANYTHING, max_size=3))
    if draw(st.booleans()):
        bundle = shapes.posted(bent) | draw(
            st.dictionaries(st.sampled_from(["type", "entry", "id", "meta"]), _ANYTHING, max_size=1)
        )
        return draw(st.booleans()), bundle | {
            "type": draw(st.sampled_from(["batch", "collection"]))
        }
    return draw(st.booleans()), bent


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bent=_bent())
async def test_whatever_is_sent_is_stored_or_refused_in_words(
    clinic: Actor, hanako: Person, bent: tuple[bool, Any]
):
    is_about_hanako, resource = bent
    text = json.dumps(resource, ensure_ascii=True)
    if is_about_hanako:
        text = text.replace(json.dumps(shapes.HANAKO), json.dumps(hanako.as_patient))
    with suppress(NotStored):  # and nothing else
        await ingest.store(clinic, text.encode())


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200))
async def test_bytes_at_random_are_refused_in_words(clinic: Actor, body: bytes):
    with pytest.raises(NotStored):
        await ingest.store(clinic, body)


async def test_ids_are_ours(clinic: Actor, hanako: Person):
    chosen = UUID(int=7)
    condition = shapes.condition(subject=hanako.as_patient, id=str(chosen))
    record = only(await ingest.store(clinic, as_bytes(condition)))
    assert record.resource_id != chosen
    assert (await stored.records(hanako.id))[0]["effective_on"] == date(2024, 5, 7)
