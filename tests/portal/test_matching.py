"""Matching at its doors: officers side by side, Hanako's numbers, and who may be found."""

import json
import secrets
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.facts import Provision
from api.consent.lifecycle import leaving
from api.consent.settings.switches import RefuseSource, SetFacility
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.fhir.codes import CARD, patient_in_facility
from api.identity.enrolling import look_alikes
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.support.service import queue
from tests.attacks.conftest import System, install
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records import shapes

MATCH = "/fhir/R4/Patient/$match"
PIX = "/fhir/R4/Patient/$ihe-pix"


@pytest_asyncio.fixture
async def second(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.officer("第二 担当"))


@pytest_asyncio.fixture
async def emr(clinic: Place, sato: Visitor) -> System:
    return await install(clinic, sato.actor)


def facility(place: Place) -> Actor:
    return Actor(kind=ActorKind.SYSTEM, facility_id=place.facility_id, purpose_of_use="TREAT")


def number() -> str:
    return f"V{secrets.token_hex(5)}"


@pytest_asyncio.fixture
async def rare(open_browser) -> Visitor:
    """Hanako under a name that nobody else has, with an address; she takes part."""
    given = "".join(secrets.choice("安以宇衣於加幾久") for _ in range(6))
    kana = "".join(secrets.choice("アイウエカキクケ") for _ in range(8))
    actor, card = await scene.participant(f"山本 {given}", f"ヤマモト {kana}")
    async with unit_of_work(actor) as tx:
        await tx.execute(
            "INSERT INTO registration (participant_id, address) VALUES (app.subject(), $1)",
            "熊本県天草市本町1番地2",
        )
    visitor = await scene.visitor(await open_browser(), actor, card)
    await leaving.take_part(actor, "participating")
    return visitor


def written(person: Visitor, of: str, place: Place, kana: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": patient_in_facility(place.code), "value": of}],
        "name": [{"text": person.actor.name}, {"text": kana}],
        "gender": "female",
        "birthDate": date(1940, 4, 9).isoformat(),
        "address": [{"text": "天草市本町1-2"}],
        **changes,
    }


async def kana_of(person: Visitor) -> str:
    async with unit_of_work(person.actor) as tx:
        return str(await tx.fetchval("SELECT name_kana FROM participant"))


async def send(place: Place, patient: dict[str, Any]) -> None:
    drug = shapes.prescription(subject={"reference": "urn:uuid:0000-0"})
    body = json.dumps(shapes.posted(patient, drug), ensure_ascii=False).encode()
    await ingest.store(facility(place), body)


async def doubt(rare: Visitor, clinic: Place) -> tuple[str, str]:
    """Somebody who has moved waits for an officer: the address of the page, and the number."""
    of = number()
    patient = written(rare, of, clinic, await kana_of(rare), address=[{"text": "大阪市北区1-1"}])
    with pytest.raises(NotStored):
        await send(clinic, patient)
    officer = Actor(kind=ActorKind.SUPPORT)
    async with unit_of_work(officer) as tx:
        found: UUID = await tx.fetchval(
            "SELECT match_id FROM patient_match WHERE local_id = $1", of
        )
    return f"/support/matches/{found}", of


async def test_ueda_compares_side_by_side_and_decides_and_another_looks(
    rare: Visitor, clinic: Place, ueda: Visitor, second: Visitor
):
    where, of = await doubt(rare, clinic)
    assert (await ueda.get("/support/matches")).status_code == 200
    page = (await ueda.get(where)).text
    for part in (str(rare.actor.name), "大阪市北区1-1", "熊本県天草市本町1番地2", "姓：同じです"):
        assert part in page
    assert "メトグルコ" not in page
    refused = await ueda.post(where, decision="", reason="")
    assert refused.status_code == 422
    answer = await ueda.post(where, decision="same", reason="転居を電話で確認")
    assert "番号を結びつけました" in await ueda.follow(answer)
    assert (await ueda.get(where)).status_code == 404
    assert of not in (await ueda.get("/support/matches")).text
    assert of in (await second.get("/support/matches")).text
    await second.post(f"{where}/seen")
    assert of not in (await second.get("/support/matches")).text
    mine = (await rare.get("/account/numbers")).text
    assert of in mine
    assert "サポートセンターの職員が確認" in mine


async def test_the_queue_says_why_records_wait_and_leads_to_the_doubt(
    rare: Visitor, clinic: Place, ueda: Visitor
):
    where, of = await doubt(rare, clinic)
    _, total = await queue(ueda.actor)
    said = ""
    for page in range(1, -(-total // 20) + 1):
        answer = (await ueda.get(f"/support?page={page}")).text
        assert answer.index('class="card stack"') < answer.index('href="/support/counter"')
        assert "確かめるものはありません。" not in answer
        said += "".join(one for one in answer.split("<li") if where in one)
    for part in (clinic.name, "記録の持ち主として書かれた人が見つかりません。", of, "見くらべる"):
        assert part in said
    assert str(rare.actor.name) not in said
    await ueda.post(where, decision="same", reason="転居を電話で確認")
    for page in range(1, -(-total // 20) + 1):
        assert of not in (await ueda.get(f"/support?page={page}")).text


async def test_the_clinic_is_asked_and_reads_it_on_its_page(
    rare: Visitor, clinic: Place, ueda: Visitor, sato: Visitor
):
    where, of = await doubt(rare, clinic)
    assert (await ueda.post(f"{where}/ask")).status_code == 303
    page = (await sato.get("/clinic")).text
    assert f"患者番号 {of} の方" in page
    assert str(rare.actor.name) not in page


async def test_hanako_sees_how_a_number_was_linked_and_undoes_it(rare: Visitor, clinic: Place):
    of = number()
    await send(clinic, written(rare, of, clinic, await kana_of(rare)))
    page = (await rare.get("/account/numbers")).text
    assert of in page
    assert "お名前・生年月日・住所などが一致" in page
    (known,) = (await rare.ask("/me/known-numbers")).json()["numbers"]
    assert (known["number"], known["way"]) == (of, "score")
    fields = {"facility_id": known["facility_id"], "number": of}
    assert (await rare.post("/account/numbers/not-mine", fields)).status_code == 303
    assert of not in (await rare.get("/account/numbers")).text
    assert (await rare.tell("/me/known-numbers/not-mine", fields)).status_code == 404
    log = (await rare.get("/access-log")).text
    assert f"患者番号 {of} は自分のものではない" in log


async def test_an_app_undoes_it_too(rare: Visitor, clinic: Place):
    of = number()
    await send(clinic, written(rare, of, clinic, await kana_of(rare)))
    (known,) = (await rare.ask("/me/known-numbers", language="en")).json()["numbers"]
    assert known["facility"] == clinic.name_en
    answer = await rare.tell(
        "/me/known-numbers/not-mine", {"facility_id": known["facility_id"], "number": of}
    )
    assert answer.json() == {"set_aside": 2}


async def test_two_officers_and_hanako_bring_two_registrations_together(
    rare: Visitor, ueda: Visitor, second: Visitor, clinic: Place, open_browser
):
    actor, card = await scene.participant(str(rare.actor.name), await kana_of(rare))
    again = await scene.visitor(await open_browser(), actor, card)
    await leaving.take_part(actor, "participating")
    assert rare.actor.participant_id is not None
    assert actor.participant_id is not None
    await look_alikes.decide(
        ueda.actor, actor.participant_id, rare.actor.participant_id, "same", "カードが2枚ある"
    )
    page = (await ueda.get("/support/merges")).text
    assert str(rare.actor.participant_id) in page
    version = (await consent.settings(actor)).directive.version
    refusal = [RefuseSource(clinic.facility_id, on=True)]
    await consent.change(actor, refusal, expected_version=version)
    asked = await ueda.post(
        "/support/merges",
        remains=rare.actor.participant_id,
        other=actor.participant_id,
        reason="同じ方と確認",
    )
    assert asked.status_code == 303
    async with unit_of_work(ueda.actor) as tx:
        merge_id = await tx.fetchval(
            "SELECT merge_id FROM participant_merge WHERE other_id = $1", actor.participant_id
        )
    where = f"/support/merges/{merge_id}"
    assert (await ueda.post(f"{where}/confirm")).status_code == 409
    assert (await second.post(f"{where}/confirm")).status_code == 303
    assert "もうひとつの登録も、ご本人のものですか" in (await rare.get("/account/numbers")).text
    (waiting,) = (await again.ask("/me/merges")).json()["merges"]
    assert (waiting["remains"], waiting["state"]) == (False, "confirmed")
    # The other's word opens nothing.
    assert (await again.tell(f"/me/merges/{merge_id}/answer", {"yes": True})).status_code == 404
    yes = await rare.post(f"/account/numbers/merges/{merge_id}", answer="yes")
    assert "登録がひとつになりました" in await rare.follow(yes)
    assert (await rare.ask("/me/merges")).json()["merges"][0]["state"] == "accepted"
    # What the other registration refused, she sees that she refuses.
    refused = {"id": str(clinic.facility_id), "name": clinic.name}
    assert (await rare.ask("/me/disclosure")).json()["refused_sources"] == [refused]
    where_refused = f"/disclosure/facilities/{clinic.facility_id}"
    (_, source) = (await rare.get(where_refused)).text.split('aria-labelledby="source"')
    assert 'role="switch" aria-checked="false"' in source
    assert (await again.tell(f"/me/merges/{merge_id}/split", {})).status_code == 204
    assert (await rare.ask("/me/disclosure")).json()["refused_sources"] == []
    assert (await rare.ask("/me/merges")).json()["merges"] == []
    assert (await ueda.post(f"{where}/split", reason="x")).status_code == 409


async def bearer(emr: System, scope: str = "system/*.read") -> dict[str, str]:
    return {"authorization": f"Bearer {await emr.token(scope)}"}


def asked_for(patient: dict[str, Any], **more: Any) -> dict[str, Any]:
    parameters = [{"name": "resource", "resource": patient}]
    parameters += [{"name": name, **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": parameters}


async def test_a_clinic_she_lets_in_finds_her_by_description_with_a_grade(
    rare: Visitor, clinic: Place, emr: System, client: httpx.AsyncClient
):
    patient = written(rare, "9", clinic, await kana_of(rare))
    headers = await bearer(emr)
    closed = await client.post(MATCH, json=asked_for(patient), headers=headers)
    assert closed.json() == {"resourceType": "Bundle", "type": "searchset", "total": 0}
    nobody = written(rare, "9", clinic, "カナ", name=[{"text": "無 名"}])
    absent = await client.post(MATCH, json=asked_for(nobody), headers=headers)
    assert (absent.status_code, absent.content) == (closed.status_code, closed.content)
    version = (await consent.settings(rare.actor)).directive.version
    lets_in = [SetFacility(clinic.facility_id, on=True)]
    await consent.change(rare.actor, lets_in, expected_version=version)
    found = (await client.post(MATCH, json=asked_for(patient), headers=headers)).json()
    (entry,) = found["entry"]
    assert entry["resource"]["id"] == str(rare.actor.participant_id)
    assert entry["search"]["extension"][0]["valueCode"] == "certain"
    moved = patient | {"address": [{"text": "大阪市北区1-1"}]}
    doubtful = (await client.post(MATCH, json=asked_for(moved), headers=headers)).json()
    assert doubtful["entry"][0]["search"]["extension"][0]["valueCode"] in ("probable", "possible")
    only = asked_for(moved, onlyCertainMatches={"valueBoolean": True})
    assert (await client.post(MATCH, json=only, headers=headers)).json()["total"] == 0
    rows = (await rare.ask("/me/access-log")).json()["events"]
    assert any(row["event"] == "records:participant:found" for row in rows)


async def lets_in(person: Visitor, place: Place) -> None:
    version = (await consent.settings(person.actor)).directive.version
    wish = [SetFacility(place.facility_id, on=True)]
    await consent.change(person.actor, wish, expected_version=version)


async def test_who_shows_the_clinic_nothing_changes_no_answer_about_somebody_like_them(
    rare: Visitor, clinic: Place, emr: System, client: httpx.AsyncClient
):
    """Six more registrations under her name, which let nobody in: none can be told."""
    await lets_in(rare, clinic)
    kana, headers = await kana_of(rare), await bearer(emr)
    asked = asked_for(written(rare, "9", clinic, kana))
    alone = await client.post(MATCH, json=asked, headers=headers)
    (entry,) = alone.json()["entry"]
    assert entry["search"]["extension"][0]["valueCode"] == "certain"
    for _ in range(6):
        actor, _ = await scene.participant(str(rare.actor.name), kana)
        async with unit_of_work(actor) as tx:
            await tx.execute(
                "INSERT INTO registration (participant_id, address) VALUES (app.subject(), $1)",
                "熊本県天草市本町1番地2",
            )
        await leaving.take_part(actor, "participating")
    among = await client.post(MATCH, json=asked, headers=headers)
    assert (among.status_code, among.content) == (alone.status_code, alone.content)
    certain = asked | {"parameter": [
        *asked["parameter"], {"name": "onlyCertainMatches", "valueBoolean": True}
    ]}  # fmt: skip
    assert (await client.post(MATCH, json=certain, headers=headers)).content == alone.content


@pytest.mark.parametrize("is_patient", [True, False])
async def test_who_does_not_show_the_clinic_her_name_is_not_found_by_it(
    rare: Visitor, clinic: Place, emr: System, client: httpx.AsyncClient, is_patient: bool
):
    """Her other records are open to it, and it may know her by its own number: not by her name."""
    patient, headers = written(rare, "9", clinic, await kana_of(rare)), await bearer(emr)
    nobody = written(rare, "9", clinic, "カナ", name=[{"text": "無 名"}])
    if is_patient:
        await scene.knows_as(clinic, rare.actor, number())
    await scene.decided(
        rare.actor,
        Provision(1, "permit", "recipient", facility_id=clinic.facility_id),
        Provision(2, "deny", "filter", category="basic"),
    )
    hers = await client.post(MATCH, json=asked_for(patient), headers=headers)
    absent = await client.post(MATCH, json=asked_for(nobody), headers=headers)
    assert (hers.status_code, hers.content) == (absent.status_code, absent.content)
    assert set(hers.headers) == set(absent.headers)
    assert hers.json()["total"] == 0
    (row, *_) = (await rare.ask("/me/access-log")).json()["events"]
    assert row["event"] == "records:participant:sought"


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {}}]},
        asked_for({"resourceType": "Patient"}, count={"valueInteger": 0}),
        asked_for({"resourceType": "Patient"}, who={"valueString": "x"}),
    ],
)
async def test_what_makes_no_question_is_refused(
    emr: System, client: httpx.AsyncClient, body: dict[str, Any]
):
    answer = await client.post(MATCH, json=body, headers=await bearer(emr))
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
    said = answer.json()["issue"][0]["diagnostics"]
    is_asked = body["resourceType"] == "Parameters" and len(body.get("parameter", [])) == 2
    assert ("its parameter named resource" in said) is not is_asked


async def test_her_number_at_the_clinic_and_her_card_lead_to_her_and_another_s_to_nobody(
    rare: Visitor, clinic: Place, emr: System, pharmacy: Place, client: httpx.AsyncClient
):
    of = number()
    await send(clinic, written(rare, of, clinic, await kana_of(rare)))
    headers = await bearer(emr)
    system = patient_in_facility(clinic.code)

    async def answered(identifier: str) -> dict[str, Any]:
        params = {"sourceIdentifier": identifier}
        found: dict[str, Any] = (await client.get(PIX, params=params, headers=headers)).json()
        return found

    found = await answered(f"{system}|{of}")
    target, own = found["parameter"]
    assert target["valueReference"]["reference"].endswith(f"Patient/{rare.actor.participant_id}")
    assert own["valueIdentifier"] == {"system": system, "value": of}
    assert rare.card is not None
    assert (await answered(f"{CARD}|{rare.card.digits}"))["parameter"][0] == target
    other = patient_in_facility(pharmacy.code)
    for nobody in (f"{system}|{number()}", f"{other}|{of}"):
        assert await answered(nobody) == {"resourceType": "Parameters"}
    bad = await client.get(PIX, params={"sourceIdentifier": "x"}, headers=headers)
    assert bad.status_code == 400


async def test_a_clinic_she_does_not_let_in_cannot_tell_her_card_from_nobodys(
    rare: Visitor, emr: System, client: httpx.AsyncClient
):
    assert rare.card is not None
    headers = await bearer(emr)
    answers = [
        await client.get(PIX, params={"sourceIdentifier": f"{CARD}|{card}"}, headers=headers)
        for card in (rare.card.digits, "0" * 16)
    ]
    assert answers[0].content == answers[1].content == b'{"resourceType":"Parameters"}'
