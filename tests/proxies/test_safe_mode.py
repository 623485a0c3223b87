"""Tarō uses it alone: no app and no file of his names a facility; his own pages go on as before."""

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.consent.agreeing import requests
from api.consent.settings.switches import SetFacility
from api.core.actor import ActorKind
from api.core.clock import day_in_japan
from api.core.database import unit_of_work
from api.directory.hiding import Named, without
from api.phr.checkup.kinds import CHECKUP
from api.phr.child import service as children
from api.phr.entries import service as own_entries
from api.phr.entries.service import Wish
from api.phr.maternal.kinds import PREGNANCY
from api.phr.notes.kinds import ALLERGY, DOCTOR, MEDICATION, SCHOOL
from api.proxies import counter, safety, service
from notifications import service as notifications
from tests.access_log.sealed import seal
from tests.conftest import Deployment
from tests.identity.apps.foreign import ForeignApp
from tests.portal import scene
from tests.portal.looks import READ, happened, named
from tests.portal.scene import Place, Visitor
from tests.proxies.conftest import BORN, Pair

HIDDEN = "（施設名は表示していません）"
HIDDEN_EN = "(facility name not shown)"


class Seen(NamedTuple):
    """What Tarō's log and records hold by name."""

    places: tuple[Place, Place]
    record: str
    read: int
    own: dict[str, str]

    def names_in(self, text: str) -> list[str]:
        return [n for each in self.places for n in (each.name, each.name_en) if n in text]


@pytest_asyncio.fixture
async def seen(
    database: Deployment, taro: Visitor, sato: Visitor, clinic: Place, pharmacy: Place
) -> Seen:
    """The clinic wrote, was let in, looked, asks for more, and the pharmacy too."""
    record = await scene.wrote(clinic, taro.actor, "lab", f"HbA1c（{clinic.name}で測定）")
    await scene.wrote(pharmacy, taro.actor, "prescription", "アムロジピン錠5mg")
    assert (await taro.wish(SetFacility(clinic.facility_id, on=True))).status_code == 303
    assert taro.card
    found = await sato.find(by="card", card=taro.card.digits)
    assert "HbA1c" in found.text
    assert "アムロジピン錠5mg" in found.text
    one = await happened(
        sato.actor,
        taro,
        READ,
        actor=named(sato.actor, clinic, "physician"),
        resources=[{"type": "Observation", "category": "lab", "count": 3}],
        ids=[record],
        text={"ja": f"「{clinic.name}」に許しているためです", "en": f"as {clinic.name_en} may"},
    )
    ask = requests.Wish("facility", 30, 0, "treatment", "")
    await requests.ask(sato.actor, taro.card.digits, ask)
    answer = await taro.tell(f"/me/access-log/{one}/question", {"reason": "unknown_person"})
    assert answer.status_code == 201, answer.text
    carried = await taro.tell("/me/emergency-card", {})
    assert carried.status_code == 201, carried.text
    while await notifications.deliver():
        pass
    await seal(database)
    return Seen((clinic, pharmacy), str(record), one, await wrote_of_his_own(taro))


async def wrote_of_his_own(taro: Visitor) -> dict[str, str]:
    """Something in each of his books, by the name its id has in `ASKED`."""
    books = {
        "allergy": (ALLERGY, {"name": "そば", "sort": "food"}),
        "checkup": (CHECKUP, {"waist": "91"}),
        "doctor": (DOCTOR, {"place": "かかりつけ"}),
        "medication": (MEDICATION, {"name": "湿布", "sort": "otc"}),
        "pregnancy": (PREGNANCY, {"edd": "2026-05-01"}),
        "school": (SCHOOL, {"grade": "e1", "height": "120"}),
    }
    found = {}
    for name, (kind, fields) in books.items():
        wish = Wish(kind, {"on": "2026-05-01", **fields}, is_sure=True)
        found[name] = str((await own_entries.write(taro.actor, wish)).entry_id)
    born = {"on": "2026-05-01", "name": "ひなた", "sex": "female"}
    found["child"] = str((await children.begin(taro.actor, born)).book_id)
    answer = await taro.tell("/me/exports", {})
    assert answer.status_code in (200, 201, 202), answer.text
    return found | {"export": answer.json()["id"]}


# Every JSON route of participants that can be asked with GET, as Tarō asks it.
ASKED: dict[str, str] = {
    "/me/access-log/export": "/me/access-log/export?format={form}",
    "/me/access-log/months/{month}": "/me/access-log/months/{this_month}",
    "/me/access-log/{number}/decision": "/me/access-log/{decided}/decision",
    "/me/access-log/{number}/question": "/me/access-log/{read}/question",
    "/me/access-log/{name}": "/me/access-log/{read}.tlog-proof",
    "/me/records/{record_id}": "/me/records/{record}",
    "/me/records/{record_id}/accesses": "/me/records/{record}/accesses",
    "/me/disclosure/receipts/{version}": "/me/disclosure/receipts/1",
    "/me/disclosure/consent/{version}": "/me/disclosure/consent/1",
    "/me/facilities": "/me/facilities?q={words}",
    "/me/professionals": "/me/professionals?facility={clinic}",
    "/fhir/R4/AuditEvent/{event_id}": "/fhir/R4/AuditEvent/{event}",
    "/me/allergies/{entry_id}/versions": "/me/allergies/{allergy}/versions",
    "/me/checkups/{checkup_id}": "/me/checkups/{checkup}",
    "/me/checkups/trends/{item}": "/me/checkups/trends/waist",
    "/me/children/{book_id}": "/me/children/{child}",
    "/me/children/{book_id}/growth": "/me/children/{child}/growth",
    "/me/children/{book_id}/immunizations": "/me/children/{child}/immunizations",
    "/me/doctors/{entry_id}/versions": "/me/doctors/{doctor}/versions",
    "/me/exports/{export_id}": "/me/exports/{export}",
    "/me/medications/{entry_id}/versions": "/me/medications/{medication}/versions",
    "/me/pregnancies/{pregnancy_id}": "/me/pregnancies/{pregnancy}",
    "/me/pregnancies/{pregnancy_id}/fetal-weights": "/me/pregnancies/{pregnancy}/fetal-weights",
    "/me/school-checkups/children/{child}": "/me/school-checkups/children/{child}",
    "/me/school-checkups/{entry_id}/versions": "/me/school-checkups/{school}/versions",
    "/me/vitals/summary": "/me/vitals/summary?kind=weight",
}
ABSENT = {
    "/me/papers/{paper_id}": "a scan; he signed nothing on paper",
    "/me/nominations/viewings/{session_id}/directives": "nobody named him for emergencies",
    "/me/nominations/viewings/{session_id}/directives/{record_id}": "nobody named him",
    "/me/children/{book_id}/offer": "he offered no book to anybody",
    "/me/closing": "he closes no account",
    "/me/exports/{export_id}/{form}": "made when nobody is in safe mode; tests/records/taking_out",
    "/me/imports/{import_id}": "he brought nothing in; tests/records/bringing_in",
    "/me/school-checkups/children/{child}/{entry_id}/versions": "he wrote none of a child's",
    "/me/wishes/document/{entry_id}": "a document is given as it came",
}
# Those that name facilities while nothing hides them; the others never do.
NAMES = {
    "/fhir/R4/AuditEvent",
    "/fhir/R4/AuditEvent/{event_id}",
    "/me/access-log",
    "/me/access-log/bundle",
    "/me/access-log/export",
    "/me/access-log/months/{month}",
    "/me/access-log/{number}/decision",
    "/me/disclosure",
    "/me/disclosure/requests",
    "/me/facilities",
    "/me/notices",
    "/me/professionals",
    "/me/records",
    "/me/records/{record_id}",
    "/me/records/{record_id}/accesses",
}


def get_routes(app: Litestar) -> Iterable[str]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or "GET" not in route.route_handler_map:
            continue
        handler, _ = route.route_handler_map["GET"]
        kinds = {kind for guard in handler.resolve_guards() for kind in getattr(guard, "kinds", ())}
        is_his = ActorKind.PARTICIPANT in kinds and ActorKind.SUPPORT not in kinds
        if handler.opt.get("door") == "api" and is_his:
            yield route.path_format


async def walk(
    app: Litestar, taro: Visitor, seen: Seen, language: str
) -> dict[str, httpx.Response]:
    log = (await taro.ask("/me/access-log?count=100")).json()["events"]
    decided = next(each for each in log if each["is_decided"])
    filled = {
        "this_month": f"{day_in_japan(datetime.fromisoformat(decided['at'])):%Y-%m}",
        "decided": decided["number"],
        "read": seen.read,
        "event": next(each["event_id"] for each in log if each["number"] == seen.read),
        "record": seen.record,
        "clinic": seen.places[0].facility_id,
        "words": "れんげ",
        **seen.own,
    }
    answers = {}
    for template in sorted(get_routes(app)):
        if template in ABSENT:
            continue
        for form in ("csv", "fhir") if template.endswith("/export") else ("",):
            path = ASKED.get(template, template).format(**filled, form=form)
            answers[template + form] = await taro.ask(path, language=language)
    return answers


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_no_answer_to_an_app_names_a_facility_in_safe_mode_and_all_did_before(
    app: Litestar, taro: Visitor, seen: Seen, language: str
) -> None:
    before = await walk(app, taro, seen, language)
    for path, answer in before.items():
        assert answer.status_code == 200, (path, answer.text)
    naming = {path for path, answer in before.items() if seen.names_in(answer.text)}
    forms = {"/me/access-log/exportcsv", "/me/access-log/exportfhir"}
    assert naming == NAMES - {"/me/access-log/export"} | forms
    assert (await taro.tell("/me/safe-mode", {})).status_code == 204
    after = await walk(app, taro, seen, language)
    assert after.keys() == before.keys()
    for path, answer in after.items():
        assert seen.names_in(answer.text) == [], path
        assert answer.status_code == (403 if path == "/me/access-log/bundle" else 200), path
    shown = after["/me/access-log"].text
    assert (HIDDEN if language == "ja" else HIDDEN_EN) in shown
    event = after["/fhir/R4/AuditEvent"].json()["entry"][0]["resource"]
    assert event["resourceType"] == "AuditEvent"
    for each in seen.places:
        assert str(each.facility_id) not in after["/me/access-log/exportfhir"].text
        assert str(each.facility_id) not in after["/fhir/R4/AuditEvent"].text


async def test_what_an_app_sends_is_answered_without_names_too(taro: Visitor, seen: Seen) -> None:
    clinic, pharmacy = seen.places
    asked: dict[str, Any] = {
        "/me/disclosure/preview": {
            "facility_id": str(clinic.facility_id),
            "profession": "physician",
        },
        "/me/disclosure/difference": {
            "commands": [{"kind": "facility", "id": str(pharmacy.facility_id), "on": True}],
        },
        "/access/v1/evaluation": {
            "subject": {"type": "facility", "id": str(clinic.facility_id)},
            "action": {"name": "read"},
            "resource": {"type": "category", "id": "lab"},
        },
    }
    named_before = set()
    for path, body in asked.items():
        answer = await taro.tell(path, body)
        if seen.names_in(answer.text):
            named_before.add(path)
    assert "/me/disclosure/preview" in named_before
    assert "/me/disclosure/difference" in named_before
    await safety.go_safe(taro.actor)
    for path, body in asked.items():
        answer = await taro.tell(path, body)
        assert seen.names_in(answer.text) == [], path
    change = {"kind": "facility", "id": str(pharmacy.facility_id), "on": True}
    done = await taro.tell("/me/disclosure/changes", {"version": 1, "commands": [change]})
    assert done.status_code == 200
    assert seen.names_in(done.text) == []
    stale = await taro.tell("/me/disclosure/changes", {"version": 0, "commands": [change]})
    assert stale.status_code == 409
    assert seen.names_in(stale.text) == []


async def test_an_app_of_another_house_reads_no_names_either(
    taro: Visitor, seen: Seen, client: httpx.AsyncClient
) -> None:
    clinic, app = seen.places[0], ForeignApp(client)
    at = [{"display": clinic.name}]
    await scene.wrote(clinic, taro.actor, "lab", "HbA1c", performer=at, status="final")
    await app.register()
    await app.connect(taro)
    before = (await app.read("Observation")).text
    assert seen.names_in(before) != []
    await safety.go_safe(taro.actor)
    after = await app.read("Observation")
    assert HIDDEN in after.text
    assert seen.names_in(after.text) == []
    assert (await app.refresh()).status_code == 200
    assert seen.names_in((await app.read("Observation")).text) == []


async def test_an_app_reads_neither_a_place_outside_the_directory_nor_what_is_attached(
    taro: Visitor, seen: Seen, client: httpx.AsyncClient
) -> None:
    clinic, app, outside = seen.places[0], ForeignApp(client), "となり町記念病院"
    body = base64.b64encode(f"{outside}の紹介状".encode()).decode()
    await scene.wrote(
        clinic,
        taro.actor,
        "lab",
        "HbA1c",
        status="final",
        performer=[{"display": outside}],
        note=[{"text": f"{outside}へ紹介"}],
        contained=[{"resourceType": "Organization", "id": "o", "name": outside}],
        extension=[
            {"url": "urn:x", "valueAttachment": {"contentType": "text/plain", "data": body}}
        ],
    )
    await app.register()
    await app.connect(taro)
    before = (await app.read("Observation")).text
    assert outside in before
    assert body in before
    await safety.go_safe(taro.actor)
    after = await app.read("Observation")
    assert after.status_code == 200
    assert outside not in after.text
    assert body not in after.text
    assert f"{HIDDEN} / {HIDDEN_EN}" in after.text
    assert "添付の内容は外に出していません" in after.text
    assert "what is attached is not given out" in after.text
    found = [entry["resource"] for entry in after.json()["entry"]]
    assert any(each.get("status") == "final" for each in found)


async def test_his_own_pages_still_name_everybody_but_what_he_saves_from_them_does_not(
    taro: Visitor, seen: Seen
) -> None:
    await safety.go_safe(taro.actor)
    clinic, _ = seen.places
    for path in ("/access-log", "/records", f"/records/{seen.record}", "/disclosure", "/inbox"):
        answer = await taro.get(path)
        assert clinic.name in answer.text, path
    assert clinic.name_en in (await taro.get("/access-log", locale="en")).text
    for form in ("csv", "fhir"):
        file = await taro.post("/access-log/export", format=form)
        assert file.status_code == 200
        assert file.headers["content-length"] == str(len(file.content))
        assert "佐藤 健一" in file.text
        assert seen.names_in(file.text) == []
    kept = await taro.get("/access-log/bundle?file=yes")
    assert kept.status_code == 403
    assert "このファイルはお渡ししていません" in kept.text
    checked = await taro.get("/access-log/bundle")
    assert checked.status_code == 200
    assert json.loads(checked.text)["events"]


async def test_notices_written_meanwhile_say_nothing_of_anybody(
    taro: Visitor, sato: Visitor, seen: Seen
) -> None:
    await safety.go_safe(taro.actor)
    async with unit_of_work(sato.actor, subject=taro.actor.participant_id) as tx:
        place = {"ja": seen.places[0].name, "en": seen.places[0].name_en}
        await notifications.enqueue(tx, "access_asked", name="佐藤 健一", facility=place)
        await notifications.enqueue(tx, "password_set")
    while await notifications.deliver():
        pass
    newest = (await taro.ask("/me/notices")).json()["notices"][:2]
    assert "お知らせがあります" in {each["title"] for each in newest}
    page = (await taro.get("/inbox")).text
    assert "「自分だけで使う」のあいだは、お知らせに名前をのせていません。" in page
    async with unit_of_work(taro.actor) as tx:
        stored = await tx.fetch("SELECT event, params::text FROM inbox_notice ORDER BY created_at")
    quiet = [row["params"] for row in stored if row["event"] == "quiet"]
    assert quiet == ["{}"]


def _ask_yumi(taro: Visitor, yumi: Visitor) -> tuple[str, Any]:
    assert yumi.card
    body = {"card": yumi.card.digits, "name": "山本 由美", "powers": ["view"], "ends_on": None}
    return "/me/proxies", body


async def test_new_proxies_and_another_home_are_for_the_counter_alone(
    taro: Visitor, yumi: Visitor, ueda: Visitor, seen: Seen
) -> None:
    home = {"version": 0, "places": [{"region": "aso"}]}
    path = "/me/residence"
    headers = {"authorization": f"Bearer {taro.token}"}
    said = await taro.browser.put(path, json=home, headers=headers)
    assert said.status_code == 200, said.text
    assert (await taro.ask(path)).json()["places"][0]["region"] == "aso"
    await safety.go_safe(taro.actor)
    (place,) = (await taro.ask(path)).json()["places"]
    assert place["region"] == ""
    facilities = (await taro.ask("/me/facilities?q=れんげ")).json()["facilities"]
    assert {each["region"] for each in facilities} == {""}
    moved = {"version": 1, "places": [{"region": "uki"}]}
    refused = await taro.browser.put(path, json=moved, headers=headers)
    assert refused.status_code == 403, refused.text
    answer = await taro.tell(*_ask_yumi(taro, yumi))
    assert answer.status_code == 403
    assert "窓口でだけできます" in answer.json()["title"]
    assert (await service.mine(taro.actor)).mine == []
    assert taro.card
    await counter.leave_safe_mode(ueda.actor, taro.card.digits, BORN, "本人確認書類")
    assert (await taro.tell(*_ask_yumi(taro, yumi))).status_code == 202
    assert (await taro.ask(path)).json()["places"][0]["region"] == "aso"


async def test_postgresql_writes_neither_in_safe_mode(taro: Visitor) -> None:
    await safety.go_safe(taro.actor)
    for statement in (
        "INSERT INTO proxy (participant_id, typed_name, kind, origin, opens_on)"
        " VALUES (app.subject(), 'x', 'voluntary', 'participant', current_date)",
        "INSERT INTO residence (participant_id, version, places, recorded_by)"
        " VALUES (app.subject(), 9, '[]', app.account())",
    ):
        async with unit_of_work(taro.actor) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                async with tx.connection.transaction():
                    await tx.execute(statement)


async def test_yumi_sees_nothing_of_him_and_does_not_learn_why(pair: Pair, seen: Seen) -> None:
    await safety.go_safe(pair.taro.actor)
    headers = {
        "authorization": f"Bearer {pair.yumi.token}",
        "tsunagu-acting-for": pair.taro_id,
    }
    for path in ("/me", "/me/records", "/me/access-log", "/me/disclosure", "/me/facilities"):
        answer = await pair.yumi.browser.get(path, headers=headers)
        assert answer.status_code == 404, path
        assert seen.names_in(answer.text) == []
    assert (await pair.yumi.post("/acting", principal=pair.taro_id)).status_code == 404
    assert "自分だけで使う" not in (await pair.yumi.get("/inbox")).text
    own = await pair.yumi.ask("/me/facilities?q=れんげ")
    assert seen.names_in(own.text) != []  # her own app hides nothing


def _cases() -> list[tuple[str, str]]:
    return [
        ('{"name":"れんげ内科"}', '{"name":"X"}'),
        ("れんげ内科分院と れんげ内科", "Xと X"),
        ("A &amp; B Clinic, A & B Clinic", "Y, Y"),
        ('{"n":"The \\"Old\\" House"}', '{"n":"Y"}'),
        ('"The ""Old"" House"', '"Y"'),
        ("阿", "阿"),
    ]


@pytest.mark.parametrize(("text", "hidden"), _cases())
def test_a_name_goes_however_it_is_written(text: str, hidden: str) -> None:
    names = [
        Named("ja", "れんげ内科"),
        Named("ja", "れんげ内科分院"),
        Named("en", "A & B Clinic"),
        Named("en", 'The "Old" House'),
        Named("ja", "阿"),
    ]
    assert without(text, names, {"ja": "X", "en": "Y"}) == hidden
