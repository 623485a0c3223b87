"""Asked for a decision: Hanako hears all of it, a facility's system no more than reading tells."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.lifecycle import leaving
from api.consent.settings.switches import SetCategory, SetFacility
from api.core.database import unit_of_work
from tests.attacks.conftest import install
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor


@pytest_asyncio.fixture
async def token(sato: Visitor, clinic: Place) -> str:
    """The clinic's system, acting for Dr Satō."""
    return await (await install(clinic, sato.actor)).token()


async def let_in(hanako: Visitor, place: Place) -> None:
    version = (await consent.settings(hanako.actor)).directive.version
    commands = [SetFacility(place.facility_id, on=True)]
    await consent.change(hanako.actor, commands, expected_version=version)


async def record_of(about: Visitor) -> str:
    async with unit_of_work(about.actor) as tx:
        return str(await tx.fetchval("SELECT max(record_id::text) FROM record"))


def question(who: Visitor, **resource: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "professional", "id": str(who.actor.professional_id)},
        "action": {"name": "read"},
        "resource": resource,
    }


def of_category(patient: object, code: str = "lab") -> dict[str, Any]:
    return {"type": "category", "id": code, "properties": {"patient": str(patient)}}


async def ask(who: Visitor, token: str, body: Any, path: str = "evaluation", **headers: str) -> Any:
    return await who.browser.post(
        f"/access/v1/{path}", json=body, headers={"authorization": f"Bearer {token}"} | headers
    )


async def read_fhir(who: Visitor, token: str, path: str) -> Any:
    return await who.browser.get(f"/fhir/R4/{path}", headers={"authorization": f"Bearer {token}"})


# ── Hanako asks about her own ────────────────────────────────────────────────────────────────────


async def test_hanako_is_told_who_would_see_what_and_why(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
):
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    record = await record_of(hanako)
    before = (await ask(hanako, hanako.token, question(sato, type="record", id=record))).json()
    assert (before["decision"], before["context"]["step"]) == (False, "recipient")
    await let_in(hanako, clinic)
    answer = await ask(
        hanako, hanako.token, question(sato, type="record", id=record), **{"x-request-id": "q-1"}
    )
    assert answer.headers["x-request-id"] == "q-1"
    after = answer.json()
    assert (after["decision"], after["context"]["step"]) == (True, "granted")
    basis = after["context"]["basis"]
    assert basis["recipient"]["provision"]["facility_id"] == str(clinic.facility_id)
    assert basis["category"] == "lab"
    assert set(after["context"]["reason_user"]) == {"ja", "en"}
    other = question(ito, type="category", id="lab")
    assert (await ask(hanako, hanako.token, other)).json()["decision"] is False
    newest = (await hanako.log())[0]
    assert newest["sentence"] == "ご本人が、だれに見せることになるかを確かめました。"
    assert newest["is_access"] is False


async def test_hanako_hears_the_same_of_what_is_not_hers_not_told_or_nowhere(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place
):
    await leaving.take_part(yumi.actor, "participating")
    await scene.wrote(clinic, yumi.actor, "lab", "HbA1c")
    await scene.wrote(clinic, hanako.actor, "condition", "告知前", marks=("UNINFORMED",))
    untold, of_yumi = await record_of(hanako), await record_of(yumi)
    nobody = question(sato, type="category", id="lab")
    nobody["subject"]["id"] = str(uuid4())
    answers = [
        (await ask(hanako, hanako.token, body)).text
        for body in (
            question(sato, type="record", id=untold),
            question(sato, type="record", id=of_yumi),
            question(sato, type="record", id=str(uuid4())),
            question(sato, **of_category(yumi.actor.participant_id)),
            question(sato, **of_category(uuid4())),
            nobody,
        )
    ]
    assert len(set(answers)) == 1
    assert '"step":"not_disclosed"' in answers[0]


# ── A facility's system asks ─────────────────────────────────────────────────────────────────────


async def test_a_system_hears_its_permit_without_the_rule_behind_it(
    hanako: Visitor, sato: Visitor, clinic: Place, token: str
):
    await let_in(hanako, clinic)
    body = question(sato, **of_category(hanako.actor.participant_id))
    answer = (await ask(sato, token, body)).json()
    assert answer["decision"] is True
    assert answer["context"]["step"] == "granted"
    assert "settings_version" not in answer["context"]["basis"]
    assert "recipient" not in answer["context"]["basis"]
    newest = (await hanako.log())[0]
    assert newest["sentence"] == (
        "れんげ内科クリニックの佐藤 健一さん（医師）が、記録を見てよいかを確かめました。"
    )
    assert newest["reason"]


async def test_every_choice_against_the_requester_sounds_like_somebody_unknown(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, token: str
):
    person = hanako.actor.participant_id
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    record = await record_of(hanako)
    unknown = (await ask(sato, token, question(sato, **of_category(uuid4())))).text
    assert unknown == (await ask(sato, token, question(sato, type="record", id=str(uuid4())))).text

    async def heard() -> set[str]:
        bodies = (
            question(sato, **of_category(person)),
            question(sato, type="record", id=record),
            question(sato, **of_category(person)) | {"context": {"purpose_of_use": "TREAT"}},
        )
        return {(await ask(sato, token, body)).text for body in bodies}

    assert await heard() == {unknown}  # nothing chosen yet
    await let_in(hanako, clinic)
    assert unknown not in await heard()
    await consent.change(hanako.actor, [SetCategory("lab", on=False)], expected_version=1)
    assert await heard() == {unknown}  # the kind of record is closed
    await consent.undo(hanako.actor, expected_version=2)
    await leaving.take_part(hanako.actor, "withdrawn")
    assert await heard() == {unknown}  # she has left
    rows = [row for row in await hanako.log() if row["event"] == "records:access:evaluated"]
    assert len(rows) == 12
    assert {row["outcome"] for row in rows} == {"permitted", "denied"}


async def test_what_is_wrong_with_the_requester_is_said_of_anybody_alike(
    hanako: Visitor, sato: Visitor, clinic: Place, token: str, database: Deployment
):
    await let_in(hanako, clinic)
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute(
        "UPDATE professional SET trained_on = NULL WHERE professional_id = $1",
        sato.actor.professional_id,
    )
    await connection.close()
    of_hanako = await ask(sato, token, question(sato, **of_category(hanako.actor.participant_id)))
    of_nobody = await ask(sato, token, question(sato, **of_category(uuid4())))
    assert of_hanako.json()["context"]["step"] == "professional"
    assert of_hanako.text == of_nobody.text


async def test_a_system_speaks_for_its_own_people_only(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place, token: str
):
    """Itō works at the pharmacy: at the clinic she is nobody, whatever Hanako opened to her."""
    await let_in(hanako, pharmacy)
    await let_in(hanako, clinic)
    answer = (
        await ask(sato, token, question(ito, **of_category(hanako.actor.participant_id)))
    ).json()
    assert (answer["decision"], answer["context"]["step"]) == (False, "professional")


async def test_an_untold_record_asked_about_reads_in_the_log_like_any_other(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, token: str
):
    await let_in(hanako, clinic)
    await scene.wrote(pharmacy, hanako.actor, "condition", "告知前", marks=("UNINFORMED",))
    untold = await record_of(hanako)
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    async with unit_of_work(hanako.actor) as tx:
        told = str(await tx.fetchval("SELECT record_id FROM record WHERE is_told"))
    for record in (untold, told):
        answer = await ask(sato, token, question(sato, type="record", id=record))
        assert answer.json()["decision"] is True
    one, other = (await hanako.log())[:2]
    same = ("sentence", "outcome", "reason", "kinds", "who")
    assert [one[name] for name in same] == [other[name] for name in same]
    for row in (one, other):
        again = (await hanako.ask(f"/me/access-log/{row['number']}/decision")).json()
        assert again["agrees"]


async def test_a_decision_on_a_category_is_made_again_from_the_log(
    hanako: Visitor, sato: Visitor, clinic: Place, token: str
):
    await let_in(hanako, clinic)
    await consent.change(hanako.actor, [SetCategory("lab", on=False)], expected_version=1)
    await ask(sato, token, question(sato, **of_category(hanako.actor.participant_id)))
    row = (await hanako.log())[0]
    assert row["outcome"] == "denied"
    again = (await hanako.ask(f"/me/access-log/{row['number']}/decision")).json()
    assert (again["agrees"], again["again"]) == (True, "filter")


# ── Several, and what is no question ─────────────────────────────────────────────────────────────


async def test_several_questions_share_what_they_have_in_common(
    hanako: Visitor, sato: Visitor, clinic: Place, token: str
):
    await let_in(hanako, clinic)
    person = hanako.actor.participant_id
    whole = question(sato, **of_category(person))
    parts = [
        {"resource": of_category(person, "lab")},
        {"resource": of_category(uuid4(), "lab")},
        {"resource": of_category(person, "prescription")},
    ]
    body = whole | {"evaluations": parts}
    answers = (await ask(sato, token, body, "evaluations")).json()["evaluations"]
    assert [each["decision"] for each in answers] == [True, False, True]
    for semantic, expected in (
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ):
        wish = body | {"options": {"evaluations_semantic": semantic}}
        found = (await ask(sato, token, wish, "evaluations")).json()["evaluations"]
        assert [each["decision"] for each in found] == expected
    assert (await ask(sato, token, whole, "evaluations")).json()["decision"] is True
    broken = body | {"evaluations": [*parts, {"action": {"name": "write"}}]}
    events = len(await hanako.log())
    answer = await ask(sato, token, broken, "evaluations")
    assert (answer.status_code, answer.json()["where"]) == (400, ["evaluations[3].action.name"])
    assert len(await hanako.log()) == events
    too_many = whole | {"evaluations": [{}] * 21}
    assert (await ask(sato, token, too_many, "evaluations")).status_code == 400


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"subject": {"type": "robot", "id": str(uuid4())}}, "subject.type"),
        ({"subject": {"type": "professional", "id": "sato"}}, "subject.id"),
        ({"subject": {"type": "system", "id": "another-emr"}}, "subject.id"),
        ({"action": {"name": "write"}}, "action.name"),
        ({"resource": {"type": "folder", "id": "x"}}, "resource.type"),
        ({"resource": {"type": "record", "id": "1"}}, "resource.id"),
        ({"resource": of_category(uuid4(), "gossip")}, "resource.id"),
        ({"resource": {"type": "category", "id": "lab"}}, "resource.properties.patient"),
        ({"resource": of_category("me")}, "resource.properties.patient"),
        ({"context": {"purpose_of_use": "CURIOSITY"}}, "context.purpose_of_use"),
        ({"context": {"purpose_of_use": ["TREAT"]}}, "context.purpose_of_use"),
    ],
)
async def test_what_is_no_question_is_refused_by_its_place(
    sato: Visitor, token: str, changes: dict[str, Any], where: str
):
    body = question(sato, **of_category(uuid4())) | changes
    answer = await ask(sato, token, body)
    assert answer.status_code == 400
    assert answer.json()["where"] == [where]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_decision_point_says_where_it_is(sato: Visitor):
    found = (await sato.browser.get("/.well-known/authzen-configuration")).json()
    base = found["policy_decision_point"]
    assert found["access_evaluation_endpoint"] == f"{base}/access/v1/evaluation"


# ── FHIR Consent for the facility ────────────────────────────────────────────────────────────────


async def test_a_facility_reads_what_holds_for_it_and_nothing_of_others(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, token: str
):
    person = hanako.actor.participant_id
    await let_in(hanako, pharmacy)
    await let_in(hanako, clinic)
    await consent.change(hanako.actor, [SetCategory("lab", on=False)], expected_version=2)
    found = (await read_fhir(sato, token, f"Consent?patient={person}")).json()
    assert found["total"] == 1
    held = found["entry"][0]["resource"]
    assert held == (await read_fhir(sato, token, f"Consent/{person}")).json() | {
        "dateTime": held["dateTime"]
    }
    assert (held["resourceType"], held["status"]) == ("Consent", "active")
    assert "meta" not in held
    (row,) = held["provision"]["provision"]
    codes = {each["code"] for each in row["class"]}
    assert "prescription" in codes
    assert "lab" not in codes
    named = row["actor"][0]["reference"]["identifier"]["value"]
    assert named == str(sato.actor.professional_id)
    assert str(pharmacy.facility_id) not in str(held)
    row = (await hanako.log())[0]
    assert row["sentence"] == (
        "れんげ内科クリニックの佐藤 健一さん（医師）が、見てよい範囲を確かめました。"
    )
    assert (await hanako.ask(f"/me/access-log/{row['number']}/decision")).json()["agrees"]


async def test_a_refusal_looks_like_nobody_and_is_in_her_log(
    hanako: Visitor, sato: Visitor, token: str
):
    person = hanako.actor.participant_id
    refused = await read_fhir(sato, token, f"Consent?patient={person}")
    absent_id = uuid4()
    absent = await read_fhir(sato, token, f"Consent?patient={absent_id}")
    assert refused.text.replace(str(person), "X") == absent.text.replace(str(absent_id), "X")
    assert refused.json()["total"] == 0
    assert (await read_fhir(sato, token, f"Consent/{person}")).status_code == 404
    assert (await read_fhir(sato, token, "Consent?category=x")).status_code == 400
    assert (await hanako.log())[0]["event"] == "records:consent:read"
    assert (await hanako.log())[0]["outcome"] == "denied"
    page = (await hanako.get("/access-log", locale="en")).text
    assert "tried to look up what they may see and was refused" not in page  # told as facts
    assert "Nothing was shown." in page


async def test_the_capability_statement_names_consent_as_read_only(sato: Visitor):
    statement = (await sato.browser.get("/fhir/R4/metadata")).json()
    (found,) = (r for r in statement["rest"][0]["resource"] if r["type"] == "Consent")
    assert [each["code"] for each in found["interaction"]] == ["read", "search-type"]
