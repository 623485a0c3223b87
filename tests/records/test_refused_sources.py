"""Hanako takes no more records from one facility: it is told no and not why; the rest stays."""

import asyncio

import asyncpg
import httpx
import pytest

from api.consent import service as consent
from api.consent.settings.switches import RefuseSource
from api.core.actor import Actor, ActorKind
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.incoming.service import StoredRecord
from tests.conftest import Deployment
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import as_bytes, take_part
from tests.records.test_ingest_routes import FHIR, emr, issues

__all__ = ["emr"]


def her(person: Person) -> Actor:
    return Actor(kind=ActorKind.PARTICIPANT, participant_id=person.id)


async def refuse(person: Person, facility: Actor, *, on: bool) -> None:
    assert facility.facility_id is not None
    version = (await consent.settings(her(person))).directive.version
    wish = RefuseSource(facility.facility_id, on=on)
    await consent.change(her(person), [wish], expected_version=version)


async def test_a_refused_facility_is_told_no_and_what_is_there_stays(
    emr: httpx.AsyncClient, clinic: Actor, hospital: Actor, hanako: Person
):
    await take_part(hanako, "participating")
    lab = shapes.lab(subject=hanako.as_patient)
    assert (await emr.post("/fhir/R4", json=lab, headers=FHIR)).status_code == 201
    await refuse(hanako, clinic, on=True)
    for path, body in (
        ("/fhir/R4", lab | {"valueString": "new"}),
        ("/fhir/R4/Observation", lab | {"status": "amended"}),
        ("/fhir/R4", shapes.posted(lab | {"valueString": "other"})),
    ):
        answer = await emr.post(path, json=body, headers=FHIR)
        assert answer.status_code == 403
        assert issues(answer)[0]["code"] == "forbidden"
    assert len(await stored.records(hanako.id)) == 1
    elsewhere = as_bytes(lab | {"subject": hanako.as_card})
    await ingest.store(hospital, elsewhere)
    assert len(await stored.records(hanako.id)) == 2
    await refuse(hanako, clinic, on=False)
    again = await emr.post("/fhir/R4", json=lab | {"valueString": "new"}, headers=FHIR)
    assert again.status_code == 201


async def test_the_refusal_looks_like_that_of_somebody_who_left(
    emr: httpx.AsyncClient, clinic: Actor, hanako: Person
):
    await take_part(hanako, "participating")
    await refuse(hanako, clinic, on=True)
    lab = shapes.lab(subject=hanako.as_patient)
    refused = await emr.post("/fhir/R4", json=lab, headers=FHIR)
    kept = await stored.quarantine(clinic)
    await refuse(hanako, clinic, on=False)
    await take_part(hanako, "withdrawn")
    left = await emr.post("/fhir/R4", json=lab, headers=FHIR)
    assert (refused.status_code, refused.content) == (left.status_code, left.content)
    assert await stored.quarantine(clinic) == kept
    assert await stored.records(hanako.id) == []


async def test_in_a_batch_her_entry_is_refused_and_the_others_are_stored(
    clinic: Actor, hanako: Person
):
    await take_part(hanako, "participating")
    await refuse(hanako, clinic, on=True)
    lab = shapes.lab(subject=hanako.as_patient)
    answer = await ingest.store(clinic, as_bytes(shapes.posted(lab) | {"type": "batch"}))
    (entry,) = answer.entries
    assert isinstance(entry, NotStored)
    assert entry.status == 403


async def test_a_refusal_holds_for_the_very_next_sending(clinic: Actor, hanako: Person):
    """The short way keeps what it knew of her; PostgreSQL says that it is out of date."""
    await take_part(hanako, "participating")
    for value in ("1", "2"):
        await ingest.store(
            clinic, as_bytes(shapes.lab(subject=hanako.as_patient, valueString=value))
        )
    await refuse(hanako, clinic, on=True)
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(shapes.lab(subject=hanako.as_patient)))
    assert refusal.value.status == 403
    assert len(await stored.records(hanako.id)) == 2


async def test_a_card_that_ended_leads_to_nobody_by_the_short_way_either(
    clinic: Actor, hanako: Person, database: Deployment
):
    for value in ("1", "2"):
        await ingest.store(clinic, as_bytes(shapes.lab(subject=hanako.as_card, valueString=value)))
    admin = await asyncpg.connect(database.admin_dsn)
    ending = "UPDATE card SET is_active = false WHERE participant_id = $1"
    await admin.execute(ending, hanako.id)
    await admin.close()
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(shapes.lab(subject=hanako.as_card)))
    assert refusal.value.faults[0].reason == "unknown_subject"
    assert len(await stored.records(hanako.id)) == 2


async def test_many_sendings_at_once_are_each_stored_and_logged(clinic: Actor, hanako: Person):
    await ingest.store(clinic, as_bytes(shapes.lab(subject=hanako.as_patient)))
    bodies = [
        as_bytes(shapes.lab(subject=hanako.as_patient, valueString=str(n))) for n in range(12)
    ]
    answers = await _all(clinic, bodies + bodies[:4])
    assert sorted(each.change for each in answers) == ["created"] * 12 + ["unchanged"] * 4
    assert len(await stored.records(hanako.id)) == 13
    events = await stored.log(hanako.id)
    assert [event.number for event in events] == list(range(13, 0, -1))


async def _all(clinic: Actor, bodies: list[bytes]) -> list[StoredRecord]:
    answers = await asyncio.gather(*(ingest.store(clinic, body) for body in bodies))
    return [entry for each in answers for entry in each.entries if isinstance(entry, StoredRecord)]
