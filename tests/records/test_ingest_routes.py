"""The sending side of /fhir/R4, as an EMR meets it."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api import demo
from api.fhir.codes import patient_in_facility
from api.identity.tokens import systems
from api.records.parse import MAX_BYTES
from tests.conftest import Deployment
from tests.records import shapes, stored
from tests.records.conftest import Person

FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture
async def emr(client: httpx.AsyncClient, clinic_token: str) -> httpx.AsyncClient:
    client.headers["authorization"] = f"Bearer {clinic_token}"
    return client


def issues(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"].startswith("application/fhir+json")
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    found: list[dict[str, Any]] = outcome["issue"]
    return found


async def test_a_new_record_is_created_then_a_version_then_unchanged(
    emr: httpx.AsyncClient, hanako: Person
):
    lab = shapes.lab(subject=hanako.as_patient, identifier=[{"system": "urn:x", "value": "1"}])
    first = await emr.post("/fhir/R4/Observation", json=lab, headers=FHIR)
    assert (first.status_code, first.headers["etag"]) == (201, 'W/"1"')
    assert first.json()["code"] == lab["code"]
    where = f"http://localhost:8000/fhir/R4/Observation/{first.json()['id']}"
    assert first.headers["location"] == where
    amended = lab | {"status": "amended"}
    second = await emr.post("/fhir/R4", json=amended)
    assert (second.status_code, second.headers["location"]) == (200, where)
    minimal = {"prefer": "return=minimal"}
    third = await emr.post("/fhir/R4", json=amended, headers=minimal)
    assert (third.status_code, third.headers["etag"], third.content) == (200, 'W/"2"', b"")


async def test_a_transaction_is_answered_entry_by_entry(emr: httpx.AsyncClient, hanako: Person):
    bundle = shapes.posted(
        shapes.condition(subject=hanako.as_patient), shapes.lab(subject=hanako.as_patient)
    )
    answer = await emr.post("/fhir/R4", json=bundle, headers=FHIR)
    assert answer.status_code == 200
    assert answer.json()["type"] == "transaction-response"
    responses = [entry["response"] for entry in answer.json()["entry"]]
    assert [each["status"] for each in responses] == ["201 Created", "201 Created"]
    assert [each["location"].split("/")[0] for each in responses] == ["Condition", "Observation"]
    assert {each["etag"] for each in responses} == {'W/"1"'}


async def test_a_batch_says_of_each_entry_what_became_of_it(emr: httpx.AsyncClient, hanako: Person):
    bundle = shapes.posted(
        shapes.lab(subject=hanako.as_patient, status="invented"),
        shapes.lab(subject=hanako.as_patient),
    )
    answer = await emr.post("/fhir/R4", json=bundle | {"type": "batch"})
    wrong, right = (entry["response"] for entry in answer.json()["entry"])
    assert (wrong["status"], right["status"]) == ("422", "201 Created")
    assert wrong["outcome"]["issue"][0]["expression"] == ["Bundle.entry[0].resource.status"]


async def test_faults_name_their_place_and_nothing_is_stored(
    emr: httpx.AsyncClient, hanako: Person
):
    bundle = shapes.posted(
        shapes.condition(subject=hanako.as_patient),
        shapes.lab(subject=hanako.as_patient, status="invented"),
        {"resourceType": "Nonsense"},
    )
    answer = await emr.post("/fhir/R4", json=bundle, headers=FHIR)
    assert answer.status_code == 422
    assert [issue["expression"] for issue in issues(answer)] == [
        ["Bundle.entry[1].resource.status"],
        ["Bundle.entry[2].resource"],
    ]
    assert await stored.records(hanako.id) == []


async def test_somebody_unknown_and_somebody_elses_patient_are_answered_alike(
    emr: httpx.AsyncClient, hanako: Person
):
    hospital = patient_in_facility(demo.HOSPITAL)
    answers = []
    for number in (
        demo.demo_patient_number("taro", demo.HOSPITAL),  # somebody, but not to this clinic
        str(uuid4()),
    ):
        named = {"identifier": {"system": hospital, "value": number}}
        answers.append(await emr.post("/fhir/R4", json=shapes.condition(subject=named)))
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].content == answers[1].content
    assert [issue["code"] for issue in issues(answers[0])] == ["not-found", "informational"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/fhir/R4", b"{", FHIR, 400),
        ("/fhir/R4", b"{}", {"content-type": "text/plain"}, 415),
        ("/fhir/R4", b"{}", {"content-type": "application/fhir+xml"}, 415),
        ("/fhir/R4/Condition", b'{"resourceType":"Observation"}', FHIR, 422),
        ("/fhir/R4/Bundle", json.dumps(shapes.posted()).encode(), FHIR, 422),
        ("/fhir/R4/Nonsense", b"{}", FHIR, 404),
        ("/fhir/R4", b" " * (MAX_BYTES + 1), FHIR, 413),
        ("/fhir/R4", b" " * (MAX_BYTES + 1_000_000), FHIR, 413),
    ],
)
async def test_what_cannot_be_taken_is_an_operation_outcome(
    emr: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str], status: int
):
    answer = await emr.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert issues(answer)


async def test_a_token_that_only_reads_stores_nothing(
    client: httpx.AsyncClient, hanako: Person, database: Deployment
):
    assertion = demo.client_assertion(
        database.settings.home,
        demo.CLINIC,
        person={"subject_name": "佐藤 健一"},
        audience=systems.token_endpoint(),
    )
    issued = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, "system/*.read"
    )
    body = shapes.condition(subject=hanako.as_patient)
    for headers in ({}, {"authorization": f"Bearer {issued.access_token}"}):
        answer = await client.post("/fhir/R4", json=body, headers=headers)
        assert answer.status_code == 401
        assert issues(answer)
    assert await stored.records(hanako.id) == []


async def test_ten_megabytes_are_taken(emr: httpx.AsyncClient, hanako: Person):
    note = "x" * (MAX_BYTES - 1000)
    body = shapes.lab(subject=hanako.as_patient, valueString=note)
    answer = await emr.post("/fhir/R4", json=body, headers={"prefer": "return=minimal"})
    assert answer.status_code == 201
