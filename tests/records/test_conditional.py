"""A sender names the record it means: by our id, by its own, or by an identifier."""

import json
from typing import Any

import httpx
import pytest

from api.core.actor import Actor
from api.records.errors import KeyReused, NotStored
from api.records.incoming import service as ingest
from api.records.incoming.service import Update
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import as_bytes, only, take_part
from tests.records.test_ingest_routes import FHIR, emr, issues

__all__ = ["emr"]

NAME = "urn:oid:1.2.3|lab-1"
ASKED = f"identifier={NAME}"


def result(person: Person, value: str = "6.8", **changes: Any) -> dict[str, Any]:
    identifier = [{"system": "urn:oid:1.2.3", "value": "lab-1"}]
    return shapes.lab(
        subject=person.as_patient, identifier=identifier, valueString=value, **changes
    )


async def test_a_conditional_create_makes_one_record_and_then_leaves_it(
    emr: httpx.AsyncClient, hanako: Person
):
    headers = FHIR | {"if-none-exist": ASKED}
    first = await emr.post("/fhir/R4/Observation", json=result(hanako), headers=headers)
    again = await emr.post("/fhir/R4/Observation", json=result(hanako, "9"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["valueString"] == "6.8"
    assert len(await stored.records(hanako.id)) == 1


async def test_a_conditional_update_creates_and_then_updates(
    emr: httpx.AsyncClient, hanako: Person
):
    path = f"/fhir/R4/Observation?{ASKED}"
    answers = [
        await emr.put(path, json=result(hanako, value), headers=FHIR) for value in ("1", "2", "2")
    ]
    assert [each.status_code for each in answers] == [201, 200, 200]
    assert [each.headers["etag"] for each in answers] == ['W/"1"', 'W/"2"', 'W/"2"']
    assert len({each.headers["location"] for each in answers}) == 1


async def test_a_put_to_our_id_or_to_the_senders_own(emr: httpx.AsyncClient, hanako: Person):
    made = await emr.post("/fhir/R4", json=shapes.condition(subject=hanako.as_patient))
    ours = made.json()["id"]
    text = {"text": "高血圧症"}
    body = shapes.condition(subject=hanako.as_patient, id=ours, code=text)
    next_one = await emr.put(f"/fhir/R4/Condition/{ours}", json=body, headers=FHIR)
    assert (next_one.status_code, next_one.headers["etag"]) == (200, 'W/"2"')
    own = [
        await emr.put("/fhir/R4/Condition/emr-7", json=body | {"id": "emr-7"}, headers=FHIR)
        for _ in range(2)
    ]
    assert [each.status_code for each in own] == [201, 200]
    elsewhere = await emr.put("/fhir/R4/Condition/emr-8", json=body, headers=FHIR)
    assert (elsewhere.status_code, issues(elsewhere)[0]["expression"]) == (422, ["Condition.id"])


async def test_what_came_in_between_is_refused_by_its_version(
    emr: httpx.AsyncClient, hanako: Person
):
    path = f"/fhir/R4/Observation?{ASKED}"
    await emr.put(path, json=result(hanako, "1"), headers=FHIR)
    knows_first = FHIR | {"if-match": 'W/"1"'}
    second = await emr.put(path, json=result(hanako, "2"), headers=knows_first)
    third = await emr.put(path, json=result(hanako, "3"), headers=knows_first)
    assert (second.status_code, third.status_code) == (200, 412)
    assert issues(third)[0]["code"] == "conflict"
    assert len(await stored.records(hanako.id)) == 2


async def test_in_a_transaction_conditions_stand_with_the_entries(clinic: Actor, hanako: Person):
    bundle = shapes.posted(result(hanako), shapes.condition(subject=hanako.as_patient))
    bundle["entry"][0]["request"]["ifNoneExist"] = ASKED
    first = await ingest.store(clinic, as_bytes(bundle))
    again = await ingest.store(clinic, as_bytes(bundle))
    changes = [entry.change for entry in again.entries if isinstance(entry, ingest.StoredRecord)]
    assert changes == ["unchanged", "unchanged"]
    put = shapes.posted(result(hanako, "7"))
    put["entry"][0]["request"] = {"method": "PUT", "url": f"Observation?{ASKED}"}
    assert only(await ingest.store(clinic, as_bytes(put))).resource_id == only(first).resource_id


async def test_a_record_of_several_names_is_found_by_each_and_two_are_too_many(
    clinic: Actor, hanako: Person
):
    names = [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}]
    lab = shapes.lab(subject=hanako.as_patient, identifier=names)
    made = only(await ingest.store(clinic, as_bytes(lab)))
    put = Update(query="identifier=urn:b|2")
    body = as_bytes(lab | {"valueString": "new"})
    found = only(await ingest.store(clinic, body, resource_type="Observation", update=put))
    assert (found.resource_id, found.version.number) == (made.resource_id, 2)
    for text in ("one", "other"):
        several = shapes.lab(
            subject=hanako.as_patient,
            identifier=[{"system": "urn:c", "value": "3"}, {"system": "urn:d", "value": text}],
        )
        await ingest.store(clinic, as_bytes(several))
    with pytest.raises(NotStored) as refusal:
        await ingest.store(
            clinic,
            as_bytes(several),
            resource_type="Observation",
            update=Update(query="identifier=urn:c|3"),
        )
    assert (refusal.value.status, refusal.value.faults[0].reason) == (412, "several_match")


async def test_another_facilitys_record_of_that_name_is_not_meant(
    clinic: Actor, hospital: Actor, hanako: Person
):
    lab = result(hanako) | {"subject": hanako.as_card}
    await ingest.store(clinic, as_bytes(lab))
    made = only(
        await ingest.store(
            hospital, as_bytes(lab), resource_type="Observation", if_none_exist=ASKED
        )
    )
    assert made.change == "created"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "identifier=1",
        "code=1",
        f"{ASKED}&x=1",
        "identifier=|",
        "identifier=a|b|c",
        "%00",
        "a" * 5000,
    ],
)
async def test_a_condition_that_is_none_is_refused(
    emr: httpx.AsyncClient, hanako: Person, query: str
):
    put = await emr.put(f"/fhir/R4/Observation?{query}", json=result(hanako), headers=FHIR)
    assert (put.status_code, issues(put)[0]["code"]) == (422, "not-supported")
    assert await stored.records(hanako.id) == []


async def test_under_one_key_one_request_has_one_answer(emr: httpx.AsyncClient, hanako: Person):
    headers = FHIR | {"idempotency-key": f"k-{hanako.number}"}
    lab = shapes.lab(subject=hanako.as_patient)
    first = await emr.post("/fhir/R4/Observation", json=lab, headers=headers)
    second = await emr.post("/fhir/R4/Observation", json=lab, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for name in ("location", "etag", "last-modified"):
        assert first.headers[name] == second.headers[name]
    other = await emr.post(
        "/fhir/R4/Observation", json=lab | {"status": "amended"}, headers=headers
    )
    assert other.status_code == 422
    assert issues(other)[0]["details"]["coding"][0]["code"] == "error.fhir.key_reused"
    elsewhere = await emr.post("/fhir/R4", json=lab, headers=headers)
    assert elsewhere.status_code == 422
    assert len(await stored.records(hanako.id)) == 1


async def test_a_bundle_under_a_key_is_answered_entry_by_entry_again(
    emr: httpx.AsyncClient, hanako: Person
):
    for kind in ("transaction", "batch"):
        bundle = shapes.posted(
            shapes.lab(subject=hanako.as_patient, valueString=kind),
            shapes.condition(subject=hanako.as_patient, code={"text": kind}),
        )
        if kind == "batch":
            bundle["entry"].append(
                {
                    "resource": shapes.lab(status="?"),
                    "request": {"method": "POST", "url": "Observation"},
                }
            )
        headers = FHIR | {"idempotency-key": f"{kind}-{hanako.number}"}
        body = json.dumps(bundle | {"type": kind})
        answers = [await emr.post("/fhir/R4", content=body, headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert "201 Created" in answers[1].text


async def test_a_key_is_the_facilitys_own(clinic: Actor, hospital: Actor, hanako: Person):
    key = f"shared-{hanako.number}"
    lab = as_bytes(shapes.lab(subject=hanako.as_card))
    await ingest.store(clinic, lab, key=key)
    assert only(await ingest.store(hospital, lab, key=key)).change == "created"
    with pytest.raises(KeyReused):
        await ingest.store(clinic, lab + b" ", key=key)


async def test_a_refused_request_may_be_sent_again_under_its_key(clinic: Actor, hanako: Person):
    key = f"again-{hanako.number}"
    await take_part(hanako, "refused")
    lab = as_bytes(shapes.lab(subject=hanako.as_patient))
    with pytest.raises(NotStored):
        await ingest.store(clinic, lab, key=key)
    await take_part(hanako, "participating")
    assert only(await ingest.store(clinic, lab, key=key)).change == "created"


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "キー"])
async def test_a_key_that_is_none_is_refused(clinic: Actor, hanako: Person, key: str):
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(shapes.lab(subject=hanako.as_patient)), key=key)
    assert refusal.value.status == 400
