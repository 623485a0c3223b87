"""A document is kept whole, and what is in it stands on its own too, with where it came from."""

import json
from typing import Any

import pytest

from api import demo
from api.consent import service as consent
from api.consent.settings.switches import HideRecords
from api.core.actor import Actor, ActorKind
from api.records.incoming import service as ingest
from api.records.incoming.service import StoredRecord
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import as_bytes, named, only, take_part, untold


def summary(person: Person, *resources: Any, version: str = "1", **changes: Any) -> bytes:
    """A discharge summary of hers under one name; `version` is what it says."""
    bundle = shapes.document(*resources, title=f"退院時サマリー {version}", **changes)
    bundle["entry"][1]["resource"] = shapes.patient(
        identifier=[person.as_patient["identifier"]], birthDate=str(demo._BIRTHS["hanako"][0])
    )
    return as_bytes(bundle)


def hers(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"subject": {"reference": "urn:uuid:patient"}}


def diagnosis(value: str, text: str) -> dict[str, Any]:
    return hers(shapes.condition(identifier=named(value), code={"text": text}))


async def current(person: Person) -> dict[str, dict[str, Any]]:
    """What stands now, by what it says."""
    rows = [row for row in await stored.records(person.id) if row["is_current"]]
    return {json.loads(row["body"]).get("code", {}).get("text", "document"): row for row in rows}


async def test_her_discharge_summary_is_one_document_and_its_parts(clinic: Actor, hanako: Person):
    result = hers(shapes.lab(identifier=named("lab-1")))
    result["hasMember"] = [{"reference": "urn:uuid:illness"}]
    body = json.loads(summary(hanako, result))
    illness = {"fullUrl": "urn:uuid:illness", "resource": diagnosis("c-1", "本態性高血圧症")}
    body["entry"].append(illness)
    answer = await ingest.store(clinic, as_bytes(body))
    whole = only(answer)
    assert whole.resource_type == "Bundle"
    now = await current(hanako)
    assert {name: row["category"] for name, row in now.items()} == {
        "document": "document",
        "HbA1c": "lab",
        "本態性高血圧症": "condition",
    }
    part, other = json.loads(now["HbA1c"]["body"]), now["本態性高血圧症"]
    assert part["meta"]["source"] == f"Bundle/{whole.resource_id}"
    assert part["subject"] == {"reference": f"Patient/{hanako.id}"}
    assert part["hasMember"] == [{"reference": f"Condition/{other['record_id']}"}]
    assert json.loads(now["document"]["body"])["entry"] == body["entry"]
    (event,) = await stored.log(hanako.id)
    assert [line["type"] for line in event.detail["resources"]] == [
        "Bundle",
        "Condition",
        "Observation",
    ]


async def test_a_new_version_of_it_updates_what_it_holds_and_withdraws_what_it_does_not(
    clinic: Actor, hanako: Person
):
    kept, dropped = diagnosis("c-1", "高血圧症"), diagnosis("c-2", "胃潰瘍")
    await ingest.store(clinic, summary(hanako, kept, dropped, hers(shapes.lab())))
    before = await current(hanako)
    changed = diagnosis("c-1", "本態性高血圧症")
    await ingest.store(clinic, summary(hanako, changed, version="2"))
    now = await current(hanako)
    assert now["本態性高血圧症"]["record_id"] == before["高血圧症"]["record_id"]
    assert now["本態性高血圧症"]["version"] == 2
    ulcer, result = (json.loads(now[name]["body"]) for name in ("胃潰瘍", "HbA1c"))
    assert ulcer["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert (result["status"], result["meta"]["versionId"]) == ("entered-in-error", "2")
    assert now["胃潰瘍"]["record_id"] == before["胃潰瘍"]["record_id"]
    assert len(now) == 4
    withdrawn, *_ = await stored.log(hanako.id)
    assert withdrawn.event == "records:record:withdrawn"
    assert [line["count"] for line in withdrawn.detail["resources"]] == [1, 1]
    # It was right after all.
    await ingest.store(clinic, summary(hanako, changed, dropped, version="3"))
    back = json.loads((await current(hanako))["胃潰瘍"]["body"])
    assert ("verificationStatus" not in back, back["meta"]["versionId"]) == (True, "3")


async def test_the_same_document_again_changes_nothing(clinic: Actor, hanako: Person):
    body = summary(hanako, diagnosis("c-1", "高血圧症"), hers(shapes.lab()))
    await ingest.store(clinic, body)
    events, rows = await stored.log(hanako.id), await stored.records(hanako.id)
    assert only(await ingest.store(clinic, body)).change == "unchanged"
    assert (await stored.log(hanako.id), await stored.records(hanako.id)) == (events, rows)
    # Numbered anew by its sender, a part without a name is still the same part.
    again = body.replace(b"urn:uuid:patient", b"urn:uuid:somebody")
    await ingest.store(clinic, again)
    kinds = [(row["resource_type"], row["version"]) for row in await stored.records(hanako.id)]
    assert sorted(kinds) == [("Bundle", 1), ("Bundle", 2), ("Condition", 1), ("Observation", 1)]


async def test_what_came_by_itself_is_the_same_record_and_stays_when_no_document_holds_it(
    clinic: Actor, hanako: Person
):
    alone = shapes.condition(
        identifier=named("c-1"), code={"text": "高血圧症"}, subject=hanako.as_patient
    )
    first = only(await ingest.store(clinic, as_bytes(alone)))
    await ingest.store(clinic, summary(hanako, diagnosis("c-1", "高血圧症")))
    rows = [r for r in await stored.records(hanako.id) if r["resource_type"] == "Condition"]
    assert {row["record_id"] for row in rows} == {first.version.record_id}
    await ingest.store(clinic, summary(hanako, version="2"))
    body = json.loads((await current(hanako))["高血圧症"]["body"])
    assert ("verificationStatus" in body, "source" in body["meta"]) == (False, False)


async def test_sent_by_itself_afterwards_a_part_is_no_longer_the_document_s_alone(
    clinic: Actor, hanako: Person
):
    await ingest.store(clinic, summary(hanako, hers(shapes.lab(identifier=named("lab-1")))))
    part = (await current(hanako))["HbA1c"]
    alone = shapes.lab(identifier=named("lab-1"), subject={"reference": f"Patient/{hanako.id}"})
    record = only(await ingest.store(clinic, as_bytes(alone)))
    assert (record.version.record_id, record.version.number) == (part["record_id"], 2)
    await ingest.store(clinic, summary(hanako, version="2"))
    assert json.loads((await current(hanako))["HbA1c"]["body"])["status"] == "final"


async def test_what_another_document_still_holds_is_not_withdrawn(clinic: Actor, hanako: Person):
    letter = json.loads(summary(hanako, diagnosis("c-1", "高血圧症")))
    letter["identifier"]["value"] = "letter"
    await ingest.store(clinic, summary(hanako, diagnosis("c-1", "高血圧症")))
    await ingest.store(clinic, as_bytes(letter))
    await ingest.store(clinic, summary(hanako, version="2"))
    assert "verificationStatus" not in json.loads((await current(hanako))["高血圧症"]["body"])
    letter["entry"] = letter["entry"][:2]
    await ingest.store(clinic, as_bytes(letter))
    assert "verificationStatus" in json.loads((await current(hanako))["高血圧症"]["body"])


async def test_a_document_that_says_a_thing_twice_has_one_part(clinic: Actor, hanako: Person):
    twice = [diagnosis("c-1", "高血圧症"), diagnosis("c-1", "本態性高血圧症")]
    await ingest.store(clinic, summary(hanako, *twice))
    rows = [row for row in await stored.records(hanako.id) if row["resource_type"] == "Condition"]
    assert [(row["version"], row["is_current"]) for row in rows] == [(1, False), (2, True)]


async def test_a_document_entered_in_error_takes_its_parts_along(clinic: Actor, hanako: Person):
    await ingest.store(clinic, summary(hanako, hers(shapes.lab())))
    await ingest.store(clinic, summary(hanako, hers(shapes.lab()), status="entered-in-error"))
    assert json.loads((await current(hanako))["HbA1c"]["body"])["status"] == "entered-in-error"


async def test_parts_she_is_not_told_of_leave_no_trace_in_her_log(clinic: Actor, hanako: Person):
    tumour = untold(diagnosis("c-9", "膵腫瘍の疑い"))
    await ingest.store(clinic, summary(hanako, tumour, hers(shapes.lab())))
    (event,) = await stored.log(hanako.id)
    assert [line["type"] for line in event.detail["resources"]] == ["Observation"]
    told = {row["resource_type"]: row["is_told"] for row in await stored.records(hanako.id)}
    assert told == {"Bundle": False, "Condition": False, "Observation": True}
    await ingest.store(clinic, summary(hanako, hers(shapes.lab()), version="2"))
    events = {row.event for row in await stored.log(hanako.id)}
    assert events == {"records:record:stored"}


async def test_a_document_she_is_not_told_of_any_more_hides_its_parts_and_one_told_shows_them(
    clinic: Actor, hanako: Person
):
    said, alone = diagnosis("c-9", "膵腫瘍の疑い"), diagnosis("c-1", "高血圧症")
    by_itself = alone | {"subject": hanako.as_patient}
    await ingest.store(clinic, as_bytes(by_itself))

    async def told(version: str, *, hides: bool) -> set[str]:
        bundle = json.loads(summary(hanako, said, alone, version=version))
        if hides:
            bundle["entry"][0]["resource"] = untold(bundle["entry"][0]["resource"])
        await ingest.store(clinic, as_bytes(bundle))
        return {name for name, row in (await current(hanako)).items() if row["is_told"]}

    everything = {"document", "膵腫瘍の疑い", "高血圧症"}
    assert await told("1", hides=False) == everything
    assert await told("2", hides=True) == {"高血圧症"}
    assert await told("3", hides=False) == everything


@pytest.mark.parametrize("is_hidden", [True, False])
async def test_new_parts_of_a_document_she_hid_are_no_more_open_than_it(
    clinic: Actor, hanako: Person, is_hidden: bool
):
    await take_part(hanako, "participating")
    whole = only(await ingest.store(clinic, summary(hanako)))
    if is_hidden:
        her = Actor(kind=ActorKind.PARTICIPANT, participant_id=hanako.id)
        version = (await consent.settings(her)).directive.version
        hide = HideRecords((whole.version.record_id,), on=True)
        await consent.change(her, [hide], expected_version=version)
    await ingest.store(clinic, summary(hanako, diagnosis("c-1", "高血圧症"), version="2"))
    assert (await current(hanako))["高血圧症"]["sensitivity"] == (2 if is_hidden else 0)


async def test_a_document_of_somebody_else_takes_nothing_of_hers_along(
    clinic: Actor, hospital: Actor, hanako: Person
):
    body = summary(hanako, diagnosis("c-1", "高血圧症"))
    await ingest.store(clinic, body)
    at_hospital = json.loads(body.replace(b"4311234566", b"4311234566"))
    at_hospital["entry"][1]["resource"]["identifier"] = [hanako.as_card["identifier"]]
    await ingest.store(hospital, as_bytes(at_hospital))
    at_hospital["entry"] = at_hospital["entry"][:2]
    await ingest.store(hospital, as_bytes(at_hospital))
    rows = [r for r in await stored.records(hanako.id) if r["resource_type"] == "Condition"]
    said = {
        row["source_facility_id"]: "verificationStatus" in json.loads(row["body"])
        for row in rows
        if row["is_current"]
    }
    assert said == {clinic.facility_id: False, hospital.facility_id: True}


async def test_an_entry_that_cannot_stand_alone_lives_on_in_the_document(
    clinic: Actor, hanako: Person
):
    answer = await ingest.store(clinic, summary(hanako, hers(shapes.lab(status="invented"))))
    assert len(answer.entries) == 1
    assert isinstance(answer.entries[0], StoredRecord)
    (row,) = await stored.records(hanako.id)
    assert '"status":"invented"' in row["body"]
