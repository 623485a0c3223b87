"""Hanako takes her log out: a table for a spreadsheet, FHIR for the rest of the world."""

import csv
import io
import json
import re
from typing import Any
from uuid import UUID

import pytest

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.support.reading import exporting
from tests.portal.looks import DENIED, READ, happened, named
from tests.portal.scene import Place, Visitor
from tests.support import balp

EXPORTED = EventName.LOG_EXPORTED
Json = dict[str, Any]


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def number_of(event: Json) -> int:
    (whose,) = balp.entities(event, balp.ENTITY, "1")
    (number,) = [d["valueString"] for d in whose["detail"] if d["type"] == "number"]
    return int(number)


async def test_the_table_holds_every_event_in_words_and_that_it_was_taken_out_is_the_next(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    answer = await hanako.ask("/me/access-log/export?format=csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="tsunagu-access-log-\d{4}-\d\d-\d\d.csv"',
        answer.headers["content-disposition"],
    )
    assert answer.content.startswith("\ufeff番号,日時（日本時間）".encode())
    rows = table(answer.content)
    assert [int(each["番号"]) for each in rows] == list(range(busy["support"], 0, -1))
    by_number = {int(each["番号"]): each for each in rows}
    shown = {each["number"]: each for each in await hanako.log()}
    for number, each in by_number.items():
        assert each["内容"] == shown[number]["sentence"]
        assert (each["施設"], each["行った人"]) == (shown[number]["facility"], shown[number]["who"])
        assert re.fullmatch(r"[0-9a-f]{64}", each["改ざんを見つけるための値"])
    assert by_number[busy["pharmacy"]]["見た記録の種類と件数"] == "処方（医師が出した薬）　2件"
    assert by_number[busy["refused"]]["結果"] == "断られました"
    (newest, *_) = await hanako.log()
    assert (newest["event"], newest["number"]) == (EXPORTED, busy["support"] + 1)
    async with unit_of_work(hanako.actor) as tx:
        done = await access_log.event_in(tx, newest["number"])
    assert done is not None
    assert done.detail["format"] == "csv"


async def test_fhir_is_a_bundle_of_audit_events_in_the_shapes_of_balp(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    answer = await hanako.ask("/me/access-log/export?format=fhir", language="en")
    assert answer.headers["content-type"] == "application/fhir+json"
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    events = [entry["resource"] for entry in bundle["entry"]]
    assert [number_of(each) for each in events] == list(range(busy["support"], 0, -1))
    for entry in bundle["entry"]:
        assert balp.faults(entry["resource"]) == []
        assert entry["fullUrl"].endswith(f"/fhir/R4/AuditEvent/{entry['resource']['id']}")
    (read,) = [each for each in events if number_of(each) == busy["pharmacy"]]
    assert read["meta"]["profile"] == [f"{balp.PREFIX}PatientQuery"]
    assert "Sumire Pharmacy" in read["text"]["div"]


@pytest.mark.parametrize("form", ["csv", "fhir"])
async def test_what_is_narrowed_is_taken_out_narrowed_through_both_doors(
    hanako: Visitor, busy: dict[str, int], form: str
) -> None:
    def numbers(content: bytes) -> list[int]:
        if form == "csv":
            return [int(each["番号"]) for each in table(content)]
        return [number_of(each["resource"]) for each in json.loads(content).get("entry", ())]

    wanted = [busy[name] for name in ("emergency", "refused", "read")]
    answer = await hanako.ask(f"/me/access-log/export?format={form}&kind=reads&who=佐藤")
    assert numbers(answer.content) == wanted
    page = (await hanako.get("/access-log?kind=reads&who=佐藤")).text
    assert "いま、しぼりこんで表示しているものだけを" in page
    sent = await hanako.press(
        "/access-log?kind=reads&who=佐藤", "表計算ソフト用（CSV）で保存", format=form
    )
    assert sent.status_code == 200
    assert numbers(sent.content) == wanted
    nothing = await hanako.ask(f"/me/access-log/export?format={form}&q=みつからない")
    assert numbers(nothing.content) == []
    assert [each["event"] for each in (await hanako.log())[:3]] == [EXPORTED] * 3


async def test_a_name_that_is_a_formula_is_only_a_name(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    evil = named(sato.actor, clinic, "physician") | {"name": '=HYPERLINK("http://x")'}
    text = {"ja": "@SUM(1)", "en": "+1"}
    await happened(sato.actor, hanako, READ, DENIED, actor=evil, resources=[], text=text)
    (row, *_) = table((await hanako.ask("/me/access-log/export")).content)
    assert row["行った人"] == '\'=HYPERLINK("http://x")'
    assert row["理由"] == "'@SUM(1)"


async def test_too_much_for_one_file_is_refused_and_nothing_is_logged(
    hanako: Visitor, busy: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_EXPORTED", 3)
    answer = await hanako.ask("/me/access-log/export")
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:tsunagu:problem:error.log.too_many_to_export",
    )
    assert "3件まで" in answer.json()["title"]
    assert (await hanako.log())[0]["event"] != EXPORTED
    assert (await hanako.ask("/me/access-log/export?denied=yes")).status_code == 200


async def test_an_unknown_form_or_filter_is_a_clear_refusal(hanako: Visitor) -> None:
    assert (await hanako.ask("/me/access-log/export?format=pdf")).status_code == 400
    answer = await hanako.ask("/me/access-log/export?kind=planet")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["kind"])
    assert (await hanako.post("/access-log/export", format="pdf")).status_code == 400
    assert (await hanako.post("/access-log/export", format="csv", kind="x")).status_code == 422
    assert EXPORTED not in [each["event"] for each in await hanako.log()]


async def test_the_fhir_door_pages_through_one_s_own_events(
    hanako: Visitor, yumi: Visitor, busy: dict[str, int]
) -> None:
    found, path = [], "/fhir/R4/AuditEvent?_count=3"
    while path:
        bundle = (await hanako.ask(path)).json()
        assert (bundle["type"], bundle["total"]) == ("searchset", busy["support"])
        found += [entry["resource"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        path = links.get("next", "").removeprefix("http://localhost:8000")
    assert [number_of(each) for each in found] == list(range(busy["support"], 0, -1))
    assert [balp.faults(each) for each in found] == [[]] * len(found)
    one = await hanako.ask(f"/fhir/R4/AuditEvent/{found[0]['id']}")
    assert (one.status_code, one.json()) == (200, found[0])
    assert (await yumi.ask(f"/fhir/R4/AuditEvent/{found[0]['id']}")).status_code == 404
    hers = (await yumi.ask("/fhir/R4/AuditEvent")).json()
    assert (hers["total"], hers.get("entry")) == (0, None)
    own = hanako.actor.participant_id
    for patient in (str(own), f"Patient/{own}"):
        bundle = (await hanako.ask(f"/fhir/R4/AuditEvent?patient={patient}")).json()
        assert bundle["total"] == busy["support"]
    elses = (await hanako.ask(f"/fhir/R4/AuditEvent?patient={yumi.actor.participant_id}")).json()
    assert (elses["total"], elses.get("entry")) == (0, None)


@pytest.mark.parametrize(
    "query", ["_count=x", "_count=-1", "_before=x", "_before=²", "agent=1", "_count=1&_count=2"]
)
async def test_what_the_fhir_door_does_not_serve_is_refused(hanako: Visitor, query: str) -> None:
    answer = await hanako.ask(f"/fhir/R4/AuditEvent?{query}")
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_other_roles_find_no_such_door(hanako: Visitor, sato: Visitor, ueda: Visitor) -> None:
    for who in (sato, ueda):
        assert (await who.ask("/fhir/R4/AuditEvent")).status_code == 404
        assert (await who.ask(f"/fhir/R4/AuditEvent/{uuid7()}")).status_code == 404
        assert (await who.ask("/me/access-log/export")).status_code == 404
    assert (await hanako.browser.get("/fhir/R4/AuditEvent")).status_code == 401


async def test_reading_one_s_own_events_over_fhir_leaves_no_event(
    hanako: Visitor, busy: dict[str, int]
) -> None:
    await hanako.ask("/fhir/R4/AuditEvent")
    assert (await hanako.log())[0]["number"] == busy["support"]
    assert UUID((await hanako.log())[0]["event_id"])
