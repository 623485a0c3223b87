"""A person's details go through every feature, and none of them is found in any log."""

import asyncio
import base64
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from api import demo
from api.core.actor import OPERATOR
from api.directory import service as directory
from api.fhir.codes import CARD, patient_in_facility
from api.identity import demo_door
from api.identity import service as identity
from api.identity.card import issue
from api.identity.enrolling import intake
from api.identity.my_number import is_my_number
from api.identity.tokens.systems import ASSERTION_TYPE
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.portal import scene
from tests.records import shapes
from tests.serving import Served, serving

FIELDS = {
    "route", "method", "status", "event", "timestamp", "level", "reference", "error", "cause",
    "frames",
}  # fmt: skip
BIRTH = date(1931, 7, 29)
CARD_PAYLOAD = 73_417_341_000_000


@dataclass
class Canaries:
    """Strings that stand nowhere but in what these tests type; `more` are made on the way."""

    name: str = "山本 花子糸雀七三四一"
    kana: str = "ヤマモト ハナコカナリヤ"
    email: str = "kanariya.7341@example.jp"
    phone: str = "08073417341"
    words: str = "カナリヤ錠7341mg"
    local_id: str = "KANARIYA-7341"
    my_number: str = next(f"7341{n:08}" for n in range(10**8) if is_my_number(f"7341{n:08}"))
    birth_on: str = BIRTH.isoformat()
    more: dict[str, str] = field(default_factory=dict)

    def all(self) -> dict[str, str]:
        own = {name: value for name, value in vars(self).items() if name != "more"}
        return own | self.more


@pytest.fixture(scope="module")
def logging_server(database: Deployment, people: dict[str, demo.Cast]) -> Iterator[Served]:
    with serving(database.settings.home, database.app_dsn) as server:
        yield server


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
async def web(logging_server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=logging_server.url, timeout=30) as client:
        yield client


class Answers(list[httpx.Response]):
    """Everything that was answered, to be searched afterwards."""


@pytest.fixture(scope="module")
def answers() -> Answers:
    return Answers()


async def test_driven_through_every_feature_nothing_is_written_down(
    app: Litestar,
    database: Deployment,
    people: dict[str, demo.Cast],
    logging_server: Served,
    web: httpx.AsyncClient,
    canaries: Canaries,
    answers: Answers,
):
    log_began, home = len(_server_log(logging_server)), database.settings.home
    registered = await _registers(web, logging_server.url, canaries, answers)
    await _chooses_and_asks(web, canaries, answers, registered)
    await _is_found_and_read(web, database, people, logging_server.url, canaries, answers)
    await _goes_astray(web, canaries, answers)
    await _breaks_things(web, database, canaries, answers)
    statuses = {answer.status_code for answer in answers}
    assert {200, 201, 303, 400, 401, 404, 409, 422, 500, 503} <= statuses, statuses
    assert len(answers) >= 60

    said = _server_log(logging_server)[log_began:]
    assert said.count("http:request:answered") >= len(answers)
    _is_clean(said, "the server's log", canaries)
    _is_plain(said, app)
    _is_clean(_database_log(home), "PostgreSQL's log", canaries)
    for answer in answers:
        _says_no_more_than_it_must(answer, canaries)


async def test_the_in_process_lines_hold_the_template_and_no_path(
    client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str], canaries: Canaries
):
    for path in (f"/clinic/participants/{canaries.local_id}", f"/{quote(canaries.name)}"):
        await client.get(path)
    assert canaries.local_id not in capfd.readouterr().err


# What a person does


async def _registers(web: httpx.AsyncClient, url: str, canaries: Canaries, answers: Answers) -> str:
    """A phone's session of somebody fresh, whose card, code and birth date are canaries."""
    scheme = directory.profile().card_scheme
    payload = str(CARD_PAYLOAD + secrets.randbelow(10**6))
    card = issue(payload.ljust(16 - scheme.check_length, "0"), scheme)
    paper = intake.Paper(canaries.name, canaries.kana, "female", BIRTH)
    participant_id = await intake.admit(OPERATOR, paper, card)
    code = await intake.issue_code(OPERATOR, participant_id)
    canaries.more |= {
        "card": card.digits,
        "grouped card": card.grouped,
        "code": code.text,
        "printed code": code.printed,
    }
    wrong = code.text[::-1]
    right = {"card": card.grouped, "birth_on": canaries.birth_on, "code": code.printed}
    for changed in (
        {"code": wrong},
        {"card": canaries.my_number},
        {"code": canaries.my_number},
        {"birth_on": canaries.email},
        {"email": canaries.email},
        {"card": canaries.email},
        {"card": f"{card.digits}\x00"},
    ):
        answers.append(await web.post("/enrolments", json=right | changed))
    form = {
        "card": card.grouped,
        "birth_era": "western",
        "birth_year": str(BIRTH.year),
        "birth_month": str(BIRTH.month),
        "birth_day": str(BIRTH.day),
        "code": wrong,
    }
    page = await web.get("/register", headers={"accept": "text/html"})
    token = {"_csrf_token": web.cookies["tsunagu_csrf"]}
    for changed in ({}, {"card": canaries.my_number}, {"birth_day": canaries.email}):
        answers.append(await web.post("/register", data=token | form | changed))
    answers.append(page)
    answers.append(await web.post("/register", data=token | form | {"code": code.printed}))
    assert answers[-1].headers["location"] == "/register/agree"
    canaries.more["ticket in a cookie"] = web.cookies["tsunagu_enrolment"]
    answers.append(await web.get("/register/agree", headers={"accept": "text/html"}))
    begun = await web.post("/enrolments", json=right)
    assert begun.status_code == 201
    canaries.more["ticket"] = begun.json()["ticket"]
    bearer = {"authorization": f"Bearer {begun.json()['ticket']}"}
    answers.append(await web.get("/enrolments/current", headers=bearer))
    terms = {"terms_version": answers[-1].json()["terms_version"]}
    wrong_terms = {"terms_version": canaries.email}
    for body in (wrong_terms, terms):
        answers.append(await web.post("/enrolments/current/acceptance", json=body, headers=bearer))
    options = await web.post("/enrolments/current/passkey/options", headers=bearer)
    device = Authenticator(origin=url)
    credential = device.create(options.json())
    path = "/enrolments/current/passkey"
    broken = credential | {"rawId": canaries.email}
    answers.append(await web.post(path, json=broken, headers=bearer))
    finished = await web.post(path, json=credential, headers=bearer)
    assert finished.status_code == 201
    answers.append(await web.post(path, json=credential, headers=bearer))
    assert answers[-1].status_code == 409
    options = await web.post("/sessions/options")
    assertion = device.get(options.json())
    opened = await web.post("/sessions", json=assertion)
    answers.append(await web.post("/sessions", json=assertion))
    session: str = opened.json()["token"]
    canaries.more |= {
        "session": session,
        "first session": finished.json()["token"],
        "credential": credential["id"],
    }
    return session


async def _chooses_and_asks(
    web: httpx.AsyncClient, canaries: Canaries, answers: Answers, session: str
) -> None:
    bearer = {"authorization": f"Bearer {session}"}
    for word in (canaries.name, canaries.email, canaries.my_number, canaries.more["card"]):
        answers.append(await web.get("/me/facilities", params={"q": word}, headers=bearer))
        answers.append(await web.get("/me/access-log", params={"before": word}, headers=bearer))
        change = {"version": 0, "commands": [{"kind": "category", "code": word, "on": True}]}
        answers.append(await web.post("/me/disclosure/changes", json=change, headers=bearer))
        answers.append(await web.post("/me/disclosure/changes", json={word: word}, headers=bearer))
        answers.append(await web.post("/me/call-backs", json={"phone": word}, headers=bearer))
        answers.append(await web.get("/me", headers={"authorization": f"Bearer {word.encode()!r}"}))
    answers.append(await web.post("/me/call-backs", json={"phone": canaries.phone}, headers=bearer))
    await _uses_the_settings_in_full(web, canaries, answers, bearer)
    account = (await identity.actor_of(session)).account_id
    assert account
    link = await demo_door.make_demo_link(account)
    canaries.more["demo link"] = link
    answers.append(await web.get(f"/demo/sign-in/{link}", headers={"accept": "text/html"}))
    token = {"_csrf_token": web.cookies["tsunagu_csrf"]}
    html = {"accept": "text/html"}
    for _ in range(2):
        answers.append(await web.post("/demo/sign-in", data=token | {"token": link}, headers=html))
    canaries.more["portal session"] = web.cookies["tsunagu_session"]
    for word in (canaries.name, canaries.email):
        for page in ("facilities", "people", "teams"):
            place = f"/disclosure/{page}"
            answers.append(await web.get(place, params={"q": word}, headers=html))
        change = json.dumps([{"kind": "category", "code": word, "on": True}])
        turn = {"change": change, "version": "0", "back": word}
        answers.append(await web.post("/disclosure/save", data=token | turn, headers=html))
        place = {"next": f"//{word}", "locale": word}
        answers.append(await web.post("/preferences", data=token | place, headers=html))
    answers.append(
        await web.post("/help/call-back", data=token | {"phone": canaries.email}, headers=html)
    )
    for path in ("/home", "/access-log", "/inbox", "/help"):
        await web.get(path, headers=html)
    answers.append(await web.post("/sign-out", data=token, headers=html))


async def _uses_the_settings_in_full(
    web: httpx.AsyncClient, canaries: Canaries, answers: Answers, bearer: dict[str, str]
) -> None:
    """Names and numbers where the newer doors take text: refused or kept, never written down."""
    code = await web.post("/me/disclosure/desk-codes", json={"level": "normal"}, headers=bearer)
    assert code.status_code == 201, code.text
    canaries.more["desk code"] = code.json()["code"]
    nobody = "00000000-0000-0000-0000-000000000000"
    for word in (canaries.name, canaries.email, canaries.my_number, canaries.more["card"]):
        team = {"kind": "team", "id": nobody, "name": word, "members": [nobody], "on": True}
        change = {"version": 0, "commands": [team]}
        resource = {"type": "record", "id": word, "properties": {"patient": word}}
        subject = {"type": "professional", "id": word}
        question = {"subject": subject, "action": {"name": "read"}, "resource": resource}
        wire = {"resourceType": "Consent", "patient": {"reference": f"Patient/{word}"}}
        for path, body in (
            ("/me/disclosure/changes", change),
            ("/me/disclosure/difference", {"commands": [team]}),
            ("/me/disclosure/preview", {"professional_id": word}),
            ("/me/disclosure/preview", {"facility_id": nobody, "profession": word[:40]}),
            ("/me/participation/terms", {"answer": "accept", "version": word[:40]}),
            ("/me/participation/records", {"data_from": word}),
            (f"/me/disclosure/requests/{nobody}/approval", {"who": word, "until": word}),
            ("/access/v1/evaluation", question),
            ("/access/v1/evaluations", {"evaluations": [question]}),
        ):
            answers.append(await web.post(path, json=body, headers=bearer))
        answers.append(
            await web.post(
                "/me/disclosure/consent", json=wire, headers=bearer | {"if-match": 'W/"0"'}
            )
        )
        places = {"version": 0, "places": [{"region": word[:40]}]}
        answers.append(await web.put("/me/residence", json=places, headers=bearer))
        for path in ("/me/records", "/me/professionals"):
            answers.append(await web.get(path, params={"q": word}, headers=bearer))
        answers.append(await web.get(f"/me/records/{quote(word)}", headers=bearer))
        answers.append(await web.get(f"/me/papers/{quote(word)}", headers=bearer))


async def _is_found_and_read(
    web: httpx.AsyncClient,
    database: Deployment,
    people: dict[str, demo.Cast],
    url: str,
    canaries: Canaries,
    answers: Answers,
) -> None:
    assertion = demo.client_assertion(
        database.settings.home,
        demo.CLINIC,
        person={"subject_name": canaries.name, "subject_role": "physician"},
        audience=f"{url}/oauth/token",
    )
    canaries.more["assertion"] = assertion
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": "system/*.read system/*.write",
    }
    issued = await web.post("/oauth/token", data=form)
    assert issued.status_code == 200
    token = issued.json()["access_token"]
    canaries.more["access token"] = token
    answers.append(await web.post("/oauth/token", data=form))
    for name in form:
        answers.append(await web.post("/oauth/token", data=form | {name: canaries.email}))
    bearer = {"authorization": f"Bearer {token}"}
    card = canaries.more["card"]
    numbers = patient_in_facility(demo.CLINIC)
    by_card = {"identifier": {"system": CARD, "value": card}}
    by_number = {"identifier": {"system": numbers, "value": canaries.local_id}}
    condition = shapes.condition(subject=by_card, code={"text": canaries.words})
    person = shapes.patient(
        identifier=[by_card["identifier"]],
        name=[{"text": canaries.name}],
        telecom=[{"system": "email", "value": canaries.email}],
        birthDate=canaries.birth_on,
    )
    stored = await web.post("/fhir/R4", json=condition, headers=bearer)
    assert stored.status_code == 201, stored.text
    for body in (
        person,
        shapes.posted(condition, person),
        shapes.posted(condition, shapes.lab(subject=by_number)),
        condition | {"subject": by_number},
        condition | {"onsetDateTime": canaries.email},
        condition | {"status": {canaries.email: canaries.name}},
        condition | {"resourceType": canaries.email},
        condition | {canaries.email: canaries.words},
        shapes.patient(identifier=[by_card["identifier"]], birthDate="1950-01-01"),
    ):
        answers.append(await web.post("/fhir/R4", json=body, headers=bearer))
    for raw in (f'{{"{canaries.name}":', f'"{canaries.email}"', f"{canaries.words}\x00"):
        answers.append(
            await web.post(
                "/fhir/R4",
                content=raw.encode(),
                headers=bearer | {"content-type": "application/fhir+json"},
            )
        )
    for params in (
        {"patient.identifier": f"{CARD}|{card}"},
        {"patient.identifier": f"{numbers}|{canaries.local_id}"},
        {"patient.identifier": f"{CARD}|{canaries.my_number}"},
        {"patient.identifier": card},
        {"patient": card},
        {"patient": canaries.email},
        {"patient": f"Patient/{card}"},
        {"patient": card, "_count": canaries.my_number},
        {"name": canaries.name},
        {canaries.email: canaries.name},
    ):
        answers.append(await web.get("/fhir/R4/Condition", params=params, headers=bearer))
    for params in ({"identifier": f"{CARD}|{card}"}, {"_id": card}, {"birthdate": "1931-07-29"}):
        answers.append(await web.get("/fhir/R4/Patient", params=params, headers=bearer))
    for path in (f"Patient/{card}", f"Condition/{canaries.email}", canaries.email):
        answers.append(await web.get(f"/fhir/R4/{path}", headers=bearer))
    answers.append(
        await web.get("/fhir/R4/Condition", params={"access_token": token, "patient": card})
    )

    doctor = people["sato"].account_id
    link = await demo_door.make_demo_link(doctor)
    html, csrf = {"accept": "text/html"}, {"_csrf_token": web.cookies["tsunagu_csrf"]}
    await web.post("/demo/sign-in", data=csrf | {"token": link}, headers=html)
    for typed in (
        {"by": "card", "card": card},
        {"by": "card", "card": canaries.my_number},
        {"by": "local_id", "local_id": canaries.local_id},
        {"by": "local_id", "local_id": canaries.my_number},
        {"by": canaries.email, "card": card},
        {"by": "local_id", "local_id": f"{canaries.local_id}\x00"},
        {"by": "local_id", "local_id": canaries.local_id * 10},
        {"by": "insurance", "insurer": canaries.my_number, "insurance_symbol": canaries.name},
        {"by": "insurance", "insurer": "33120015", "insurance_number": canaries.local_id},
    ):
        answers.append(await web.post("/clinic/find", data=csrf | typed, headers=html))
    wish = {"whom": "facility", "days": "7", "reason": "other", "note": canaries.email}
    for typed in (
        {"card": card},
        {"card": canaries.my_number},
        {"card": card, "note": canaries.name * 30},
    ):
        answers.append(await web.post("/clinic/ask", data=csrf | wish | typed, headers=html))
    for typed in (canaries.more["desk code"][::-1], canaries.my_number, canaries.email):
        answers.append(
            await web.post("/clinic/desk-code", data=csrf | {"code": typed}, headers=html)
        )
    answers.append(
        await web.post(
            "/clinic/desk-code", data=csrf | {"code": canaries.more["desk code"]}, headers=html
        )
    )
    assert answers[-1].status_code == 303
    answers.append(await web.get(f"/clinic/participants/{card}", headers=html))
    answers.append(await web.get("/clinic", params={"q": canaries.name}, headers=html))


async def _goes_astray(web: httpx.AsyncClient, canaries: Canaries, answers: Answers) -> None:
    """Details in places where no feature asks for them."""
    for word in canaries.all().values():
        held = quote(word, safe="")
        for path in (f"/{held[:2000]}", f"/static/{held[:2000]}", f"/home?name={held[:2000]}"):
            answers.append(await web.get(path, headers={"accept": "application/json"}))
    header = quote(canaries.name)
    answers.append(
        await web.get(
            "/",
            headers={
                "user-agent": canaries.email,
                "referer": f"https://example.jp/?q={header}",
                "x-forwarded-for": canaries.phone,
                "cookie": f"tsunagu_session={canaries.email}; locale={header}",
                "accept-language": canaries.email,
            },
        )
    )
    answers.append(await web.request("KANARIYA", "/home"))
    for head in (f"{canaries.email}\r\n\r\n", f"GET /{canaries.email} HTTP/9\r\n\r\n",
                 f"GET / HTTP/1.1\r\n{canaries.email}\r\n\r\n"):  # fmt: skip
        reader, writer = await asyncio.open_connection(web.base_url.host, web.base_url.port)
        writer.write(head.encode())
        await writer.drain()
        assert canaries.email.encode() not in await asyncio.wait_for(reader.read(), 60)
        writer.close()


async def _breaks_things(
    web: httpx.AsyncClient, database: Deployment, canaries: Canaries, answers: Answers
) -> None:
    """500 and 503: a right withdrawn, a connection cut in the middle, a key held twice."""
    right = {
        "card": canaries.more["card"],
        "birth_on": canaries.birth_on,
        "code": canaries.more["code"],
    }
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        function = "identity_check_enrolment(text, date, bytea)"
        await admin.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM tsunagu_app")
        try:
            answers.append(await web.post("/enrolments", json=right))
        finally:
            await admin.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tsunagu_app")
        assert answers[-1].status_code == 500

        async with admin.transaction():
            await admin.execute("LOCK TABLE throttle IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(web.post("/enrolments", json=right))
            cut = 0
            while not cut and not asked.done():
                cut = await admin.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND pg_backend_pid() ="
                    " ANY (pg_blocking_pids(pid)) AND datname = current_database()"
                )
                await asyncio.sleep(0.02)
            answers.append(await asked)
        assert cut == 1
        assert answers[-1].status_code == 503
    finally:
        await admin.close()
    paper = intake.Paper(canaries.name, canaries.kana, canaries.email, BIRTH)
    with pytest.raises(asyncpg.PostgresError):
        await intake.admit(OPERATOR, paper, scene.issue("1" * 14, directory.profile().card_scheme))


# What is written down


def _server_log(served: Served) -> str:
    return served.log.read_text("utf-8", "replace")


def _database_log(home: Path) -> str:
    """Empty where the tests run on a server of somebody else's, whose log is not ours to read."""
    if os.environ.get("TEST_DATABASE_URL"):
        return ""
    text = (home / "postgres.log").read_text("utf-8", "replace")
    assert "terminating connection" in text, "this is not the log of what was just done"
    return text


def _forms(word: str) -> set[str]:
    """As it stands, percent-encoded, escaped in JSON, in hex and in base 64."""
    raw = word.encode()
    return {
        word,
        quote(word),
        quote(word, safe=""),
        json.dumps(word)[1:-1],
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("=")[:-1],
        base64.urlsafe_b64encode(raw).decode().rstrip("=")[:-1],
    }


def _is_clean(text: str, what: str, canaries: Canaries, *, allowed: Collection[str] = ()) -> None:
    found = [
        name
        for name, word in canaries.all().items()
        if name not in allowed and any(form in text for form in _forms(word))
    ]
    assert found == [], f"{what} holds: {found}"


def _is_plain(said: str, app: Litestar) -> None:
    """One JSON object a line, with these fields and a template for a route."""
    templates = {route.path_format for route in app.routes if isinstance(route, HTTPRoute)}
    for line in said.splitlines():
        entry: dict[str, Any] = msgspec.json.decode(line)
        assert entry.keys() <= FIELDS, line
        assert entry.get("route", "unknown") in templates | {"unknown"}, line
        assert re.fullmatch(r"[a-z_]+:[a-z_]+:[a-z_]+", entry["event"]), line
        assert len(entry.get("method", "")) <= 20
        for frame in entry.get("frames", ()):
            assert re.fullmatch(r"\S+:\d+ in \S+", frame), frame


# What a form may show again, because its reader has just typed it there.
TYPED_IN = {"name", "kana", "email", "phone", "local_id", "card", "grouped card", "birth_on",
            "demo link"}  # fmt: skip


def _says_no_more_than_it_must(answer: httpx.Response, canaries: Canaries) -> None:
    """Redirects and links name nobody; a fault repeats nothing that was typed."""
    where = answer.headers.get("location", "") + answer.headers.get("link", "")
    is_json = "json" in answer.headers["content-type"] if answer.content else False
    links = "\n".join(re.findall(r'"(?:url|fullUrl)":"([^"]*)"', answer.text)) if is_json else ""
    texts = {"a redirect": where, "a link": links}
    if answer.status_code >= 400 and is_json:
        texts["a refusal"] = answer.text
    for what, text in texts.items():
        asked = f"{what} of {answer.request.method} {answer.request.url.path}"
        _is_clean(text, asked, canaries)
    if "html" in answer.headers.get("content-type", ""):
        _is_clean(answer.text, f"the page at {answer.url.path}", canaries, allowed=TYPED_IN)
