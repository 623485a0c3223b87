"""Hanako in short: for Dr Satō, for his clinic's system, for her apps and for herself."""

from uuid import uuid4

import httpx
import pytest
from fhirclient.models.bundle import Bundle
from fhirpy import AsyncFHIRClient

from api.access_log.receipts import HEADER
from api.consent.lifecycle import leaving
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.core.ids import uuid7
from tests.attacks.conftest import System, connect_app, install
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_record_seen import let_in, seen
from tests.proxies.conftest import Pair
from tests.records import shapes
from tests.records.summary import ips

AMLODIPINE = {"medicationCodeableConcept": {"text": "アムロジピン錠5mg"}, "status": "completed"}


@pytest.fixture
async def emr(clinic: Place, sato: Visitor) -> System:
    return await install(clinic, sato.actor)


async def summary(browser: httpx.AsyncClient, whom: object, token: str) -> httpx.Response:
    return await browser.get(
        f"/fhir/R4/Patient/{whom}/$summary", headers={"authorization": f"Bearer {token}"}
    )


async def wrote_all(at: Place, about: Visitor) -> dict[str, object]:
    """A drug, a disease and a laboratory value, all of today."""
    lab = shapes.lab(valueString="7.1 %", status="final")
    return {
        "drug": await scene.wrote(
            at, about.actor, "prescription", "アムロジピン錠5mg", days_ahead=0, **AMLODIPINE
        ),
        "disease": await scene.wrote(
            at, about.actor, "condition", "高血圧症", days_ahead=0, code={"text": "高血圧症"}
        ),
        "lab": await scene.wrote(
            at,
            about.actor,
            "lab",
            "HbA1c",
            days_ahead=0,
            **{name: value for name, value in lab.items() if name != "resourceType"},
        ),
    }


async def test_the_doctor_let_in_gets_an_ips_and_hanako_sees_it_in_one_row(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, emr: System
) -> None:
    records = await wrote_all(pharmacy, hanako)
    await let_in(hanako, clinic)
    before = len(await hanako.log())
    for token in (sato.token, await emr.token("system/*.read")):
        answer = await summary(sato.browser, hanako.actor.participant_id, token)
        assert answer.status_code == 200, answer.text
        assert answer.headers[HEADER]
        bundle = answer.json()
        assert ips.faults(bundle) == []
        (statement,) = ips.held(bundle, "10160-0")
        assert statement["medicationCodeableConcept"]["text"] == "アムロジピン錠5mg"
        assert [each["code"]["text"] for each in ips.held(bundle, "11450-4")] == ["高血圧症"]
        assert "7.1 %" in ips.section(bundle, "30954-2")["text"]["div"]
        assert "すみれ薬局" in ips.section(bundle, "10160-0")["text"]["div"]
        assert bundle["entry"][1]["resource"]["name"][0]["text"] == "山本 花子"
    log = await hanako.log()
    assert len(log) == before + 2
    assert str(log[0]["number"]) not in answer.headers.values(), "it tells what others did"
    assert log[0]["event"] == "records:record:read"
    assert "合わせて4件の記録を見ました" in log[0]["sentence"]
    assert {"category": "basic", "count": 1} in [
        {name: each[name] for name in ("category", "count")} for each in log[0]["kinds"]
    ]
    assert await seen(hanako, records["drug"]) == ["佐藤 健一"] * 2  # type: ignore[arg-type]


async def test_only_what_stands_in_it_counts_as_seen(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    old = await scene.wrote(
        pharmacy, hanako.actor, "prescription", "古い薬", days_ahead=-400, **AMLODIPINE
    )
    await scene.wrote(pharmacy, hanako.actor, "condition", "高血圧症", code={"text": "高血圧症"})
    await let_in(hanako, clinic)
    answer = await summary(sato.browser, hanako.actor.participant_id, sato.token)
    assert "高血圧症" in answer.text
    assert await seen(hanako, old) == []


async def test_hidden_left_nothing_there_and_nobody_answer_alike(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, emr: System
) -> None:
    await wrote_all(pharmacy, hanako)
    nothing, _ = await scene.participant("山本 太郎", "ヤマモト タロウ")
    await leaving.take_part(nothing, "participating")
    people = (hanako.actor.participant_id, yumi.actor.participant_id, nothing.participant_id)
    for token in (sato.token, await emr.token("system/*.read")):
        answers = [
            await summary(sato.browser, each, token) for each in (*people, uuid4(), "nobody")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
        assert all(answer.headers[HEADER] for answer in answers)
    (refused, *_) = await hanako.log()
    assert (refused["event"], refused["outcome"]) == ("records:record:read", "denied")


async def test_her_name_alone_is_no_refusal_in_her_log(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await let_in(hanako, clinic)
    for category in ("prescription", "dispensing", "condition", "lab", "allergy"):
        await hanako.turn("category", category, "no", await hanako.version())
    answer = await summary(sato.browser, hanako.actor.participant_id, sato.token)
    assert "山本 花子" in answer.text
    (row, *_) = await hanako.log()
    assert row["outcome"] == "permitted"
    assert [each["category"] for each in row["kinds"]] == ["basic"]


async def test_an_empty_section_does_not_tell_withheld_from_none(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await wrote_all(pharmacy, hanako)
    for each in (hanako, yumi):
        await let_in(each, clinic)
    await hanako.turn("category", "prescription", "no", await hanako.version())
    found = [
        (await summary(sato.browser, each.actor.participant_id, sato.token)).json()
        for each in (hanako, yumi)
    ]
    hidden, none = (ips.section(bundle, "10160-0") for bundle in found)
    assert hidden == none
    assert "アムロジピン" not in str(found)
    assert ips.faults(found[0]) == []


async def test_a_pharmacist_sees_what_the_pharmacy_wrote_and_no_name(
    hanako: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await wrote_all(clinic, hanako)
    await scene.wrote(pharmacy, hanako.actor, "prescription", "調剤", days_ahead=0, **AMLODIPINE)
    number = f"S{uuid7().hex[-10:]}"
    await scene.knows_as(pharmacy, hanako.actor, number)
    answer = await summary(ito.browser, hanako.actor.participant_id, ito.token)
    bundle = answer.json()
    assert ips.faults(bundle) == []
    assert len(ips.held(bundle, "10160-0")) == 1
    assert ips.held(bundle, "11450-4") == []
    assert bundle["entry"][1]["resource"]["identifier"][0]["value"] == number
    assert "花子" not in answer.text
    (row, *_) = await hanako.log()
    assert (row["outcome"], row["rule"]) == ("permitted", "own_record")


async def test_an_untold_disease_reaches_the_doctor_marked_and_never_hanako(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    mark = {"meta": {"tag": [{"system": "urn:x", "code": "UNINFORMED"}]}}
    body = {"code": {"text": "膵腫瘍"}} | mark
    await scene.wrote(pharmacy, hanako.actor, "condition", "膵腫瘍", marks=("UNINFORMED",), **body)
    await let_in(hanako, clinic)
    answer = await summary(sato.browser, hanako.actor.participant_id, sato.token)
    (condition,) = ips.held(answer.json(), "11450-4")
    assert condition["meta"]["tag"][0]["code"] == "UNINFORMED"
    (row, *_) = await hanako.log()
    assert "膵腫瘍" not in str(row)
    assert [each["category"] for each in row["kinds"]] == ["basic"]
    for path in ("/records/summary", "/records/summary/file"):
        assert "膵腫瘍" not in (await hanako.get(path)).text
    assert "膵腫瘍" not in (await hanako.ask("/me/summary")).text


async def test_hanako_reads_her_own_on_a_page_as_a_file_and_by_her_app_without_a_row(
    hanako: Visitor, pharmacy: Place
) -> None:
    await wrote_all(pharmacy, hanako)
    before = len(await hanako.log())
    page = (await hanako.get("/records/summary")).text
    for said in ("わたしのまとめ", "山本 花子", "いまのくすり", "アムロジピン錠5mg", "すみれ薬局"):
        assert said in page
    assert "表示できる情報はありません" in page
    english = (await hanako.get("/records/summary", locale="en")).text
    for said in ("My summary", "Current medicines", "Sumire Pharmacy"):
        assert said in english
    assert "/records/summary" in (await hanako.get("/records")).text
    saved = await hanako.get("/records/summary/file")
    assert saved.headers["content-disposition"] == 'attachment; filename="summary.json"'
    for answer in (saved, await hanako.ask("/me/summary")):
        assert ips.faults(answer.json()) == []
        assert len(ips.held(answer.json(), "10160-0")) == 1
    assert len(await hanako.log()) == before


@pytest.fixture
async def app_token(hanako: Visitor) -> str:
    """Of an app that Hanako connected, for her drugs and herself."""
    grant_id, token = await connect_app(hanako.actor), new_token()
    async with unit_of_work(hanako.actor) as tx:
        await tx.execute(
            "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
            " VALUES (app.account(), $1, $2, 'access', now() + interval '1 hour')",
            sha256(token.encode()),
            grant_id,
        )
    return token


async def test_her_app_gets_what_she_is_told_and_nobody_elses(
    hanako: Visitor, yumi: Visitor, pharmacy: Place, app_token: str
) -> None:
    await wrote_all(pharmacy, hanako)
    mark = {"meta": {"tag": [{"system": "urn:x", "code": "UNINFORMED"}]}}
    body = {"code": {"text": "膵腫瘍"}} | mark
    await scene.wrote(pharmacy, hanako.actor, "condition", "膵腫瘍", marks=("UNINFORMED",), **body)
    answer = await summary(yumi.browser, hanako.actor.participant_id, app_token)
    assert ips.faults(answer.json()) == []
    assert len(ips.held(answer.json(), "10160-0")) == 1
    assert answer.json()["entry"][1]["resource"]["name"][0]["text"] == "山本 花子"
    assert "膵腫瘍" not in answer.text
    (row, *_) = await hanako.log()
    assert row["event"] == "records:app:read"
    assert sum(each["count"] for each in row["kinds"]) == 4, "what was read, and who she is"
    for other in (yumi.actor.participant_id, uuid4()):
        assert (await summary(yumi.browser, other, app_token)).status_code == 404


async def test_yumi_reads_it_for_taro_and_his_log_says_so(pair: Pair, pharmacy: Place) -> None:
    await wrote_all(pharmacy, pair.taro)
    await pair.switch()
    page = (await pair.yumi.get("/records/summary")).text
    assert "山本 太郎" in page
    assert "アムロジピン錠5mg" in page
    (row, *_) = await pair.taro.log()
    assert row["event"] == "proxies:record:looked"
    assert sum(each["count"] for each in row["kinds"]) == 3
    headers = {"authorization": f"Bearer {pair.yumi.token}", "tsunagu-acting-for": pair.taro_id}
    answer = await pair.yumi.browser.get("/me/summary", headers=headers)
    assert len(ips.held(answer.json(), "10160-0")) == 1
    assert len(ips.held((await pair.yumi.ask("/me/summary")).json(), "10160-0")) == 0


async def test_an_emergency_is_no_way_to_it(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place, emr: System
) -> None:
    await wrote_all(pharmacy, hanako)
    await let_in(hanako, clinic)
    emr.person["purpose_of_use"] = "BTG"
    token = await emr.token("system/*.read")
    answer = await summary(sato.browser, hanako.actor.participant_id, token)
    assert answer.status_code == 404
    (row, *_) = await hanako.log()
    assert (row["event"], row["outcome"]) == ("records:record:read", "denied")


async def test_a_parameter_nobody_knows_is_refused(sato: Visitor, hanako: Visitor) -> None:
    path = f"/fhir/R4/Patient/{hanako.actor.participant_id}/$summary"
    headers = {"authorization": f"Bearer {sato.token}"}
    answer = await sato.browser.get(path, params={"graph": "x"}, headers=headers)
    assert answer.status_code == 400


async def test_a_foreign_library_reads_the_document(
    hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await wrote_all(pharmacy, hanako)
    await let_in(hanako, clinic)
    answer = await summary(sato.browser, hanako.actor.participant_id, sato.token)
    bundle = Bundle(answer.json())  # it checks names, types and what must be there
    assert bundle.entry[0].resource.section[0].title.startswith("アレルギー")
    assert bundle.entry[0].resource.as_json() == answer.json()["entry"][0]["resource"]
    client = AsyncFHIRClient("http://localhost:8000/fhir/R4")
    assert client.resource("Bundle", **answer.json())["type"] == "document"
