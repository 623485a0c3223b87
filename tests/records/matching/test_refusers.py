"""Somebody who takes no records from the clinic is a stranger to it, as who left the network is."""

import json
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from api import demo
from api.consent.lifecycle import participating
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.records.matching.persons import Demographics
from tests.records import shapes, stored
from tests.records.matching.conftest import Enrol, patient, somebody
from tests.records.matching.test_merged_refusals import refuse
from tests.records.matching.test_merging import account_of, take_part
from tests.records.matching.test_online import doubts_of, known_by, number
from tests.records.test_ingest_routes import FHIR, emr

__all__ = ["emr"]


async def answered(emr: httpx.AsyncClient, person: Demographics, of: str) -> tuple[Any, ...]:
    """The whole answer to a sending of theirs."""
    who = patient(person, of, demo.CLINIC)
    drug = shapes.prescription(subject={"reference": "urn:uuid:0000-0"})
    body = json.dumps(shapes.posted(who, drug), ensure_ascii=False)
    answer = await emr.post("/fhir/R4", content=body.encode(), headers=FHIR)
    return answer.status_code, answer.content, sorted(set(answer.headers) - {"date"})


async def kept_aside(clinic: Actor) -> tuple[int, int, int]:
    return (
        len(await stored.quarantine(clinic)),
        await stored.submissions(clinic),
        await stored.cases(),
    )


async def leave(actor: Actor) -> None:
    async with unit_of_work(actor) as tx:
        await participating.join_in(tx, actor, state="refused")


@pytest.mark.parametrize("way", ["insurance", "score", "doubtful"])
async def test_described_by_a_facility_she_refuses_she_is_nobody_as_who_left_is(
    emr: httpx.AsyncClient, clinic: Actor, enrol: Enrol, ueda: Actor, way: str
):
    changes: dict[str, Any] = {} if way == "insurance" else {"insured": None}
    refuser, leaver = await enrol(**changes), await enrol(**changes)
    mine, theirs = [await account_of(each.id, each.person.name) for each in (refuser, leaver)]
    await take_part(mine)
    await refuse(mine, clinic)
    await leave(theirs)
    seen = []
    for person in (refuser.person, leaver.person, somebody(**changes)):
        sent = person
        if way == "doubtful":
            sent = replace(person, address="大阪府大阪市北区梅田1-1")
        of, before = number(), await kept_aside(clinic)
        # Sent twice: nothing was linked in between.
        answers = [await answered(emr, sent, of), await answered(emr, sent, of)]
        after = await kept_aside(clinic)
        seen.append((answers, [b - a for a, b in zip(before, after, strict=True)]))
        assert await doubts_of(ueda, of) == []
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0][0][0] == 422
    assert await known_by(refuser.id) == []
    assert await stored.records(refuser.id) == []


async def test_by_card_she_answers_as_who_left_does(
    emr: httpx.AsyncClient, clinic: Actor, enrol: Enrol
):
    """Both have given the facility their card; neither's number is linked."""
    seen = []
    for leaves in (True, False):
        person = await enrol()
        actor = await account_of(person.id, person.person.name)
        async with unit_of_work(actor) as tx:
            card = await tx.fetchval("SELECT number FROM card")
        await take_part(actor)
        await (leave(actor) if leaves else refuse(actor, clinic))
        of, before = number(), await kept_aside(clinic)
        sent = replace(person.person, card=card)
        answers = [await answered(emr, sent, of), await answered(emr, sent, of)]
        after = await kept_aside(clinic)
        seen.append((answers, [b - a for a, b in zip(before, after, strict=True)]))
        assert await known_by(person.id) == []
    assert seen[0] == seen[1]


async def test_another_facility_s_patient_she_is_all_the_same(
    clinic: Actor, emr: httpx.AsyncClient, hospital: Actor, enrol: Enrol
):
    hanako, of = await enrol(), number()
    actor = await account_of(hanako.id, hanako.person.name)
    await take_part(actor)
    await refuse(actor, hospital)
    status, *_ = await answered(emr, hanako.person, of)
    assert status == 200
    assert await known_by(hanako.id) == [(of, "insurance")]
