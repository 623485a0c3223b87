"""Input made to break the reader of it: never a fault of ours, never a row too many."""

import asyncio
import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest

from api.fhir.codes import CARD, patient_in_facility
from api.identity.card import CardScheme
from api.identity.tokens.systems import ASSERTION_TYPE
from tests.attacks.conftest import World, held_of
from tests.portal import scene
from tests.records import shapes

INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE record; --",
    '" OR ""="',
    "%",
    "_",
    "%' ESCAPE '!",
    "\\",
    "') UNION SELECT name FROM participant --",
    "1; SELECT pg_sleep(10)",
    "$1",
    "{{7*7}}",
    "${7*7}",
    "%s%n",
)
UGLY = (
    "\x00",
    "a\x00b",
    "\ufffe",
    "\u202e",
    "🏥" * 30,
    "e\u0301" * 40,
    "\r\nset-cookie: a=b",
    "x" * 100_000,
    "-1",
    "9" * 40,
    "１２３４",
    "٣٣٣",
    "²",
    "NaN",
    "1e309",
    "<script>alert(1)</script>",
    "../../etc/passwd",
)
SURROGATE = "%ED%A0%80"
NOBODYS_CARD = scene.issue("61000000000001", CardScheme.MOD97).digits
FORMS = {
    "hanako": (
        ("/disclosure/save", {"change": "[]", "version": "0", "back": "/disclosure"}),
        ("/disclosure/undo", {"version": "0", "back": ""}),
        (
            f"/disclosure/people/{uuid4()}",
            {"version": "0", "until": "day", "day": "x", "restricted": "no"},
        ),
        ("/disclosure/teams", {"version": "0", "name": "x", "professional_id": "x", "q": "x"}),
        (
            "/disclosure/details",
            {"version": "0", "outcome": "deny", "who": "x", "category": "x", "source": "x"},
        ),
        ("/disclosure/participation", {"state": "x", "undo": "no"}),
        ("/help/call-back", {"phone": "x"}),
        (
            "/records/00000000-0000-0000-0000-000000000001/choices",
            {"act": "hide", "version": "0", "share": "0"},
        ),
        (
            "/records/00000000-0000-0000-0000-000000000001/share",
            {"to": "facility:x", "until": "2026-01-01", "version": "0", "q": "x"},
        ),
        ("/records/incoming", {"level": "normal", "version": "0"}),
        ("/records/undo", {"version": "0", "next": "/records"}),
        ("/access-log/999999/question", {"reason": "other", "words": "x"}),
        ("/access-log/export", {"format": "x", "kind": "x", "who": "x", "q": "x", "since": "x"}),
        ("/access-log/999999/question/reopen", {"words": "x"}),
        (
            "/book/vitals",
            {"on": "x", "time": "x", "kinds": "x", "sure": "x", "systolic": "x", "meal": "x"},
        ),
        ("/book/vitals/undo", {"ids": "x"}),
        ("/book/vitals/file/keep", {"content": "x"}),
    ),
    "sato": (
        ("/clinic/find", {"by": "local_id", "local_id": "x"}),
        ("/clinic/find", {"by": "card", "card": "x"}),
        (
            "/clinic/find",
            {
                "by": "insurance",
                "insurer": "33120015",
                "insurance_symbol": "x",
                "insurance_number": "x",
                "insurance_branch": "01",
                "birth_year": "1940",
                "birth_month": "4",
                "birth_day": "9",
            },
        ),
        ("/clinic/desk-code", {"code": "x"}),
        (
            "/clinic/ask",
            {
                "card": NOBODYS_CARD,
                "whom": "facility",
                "days": "7",
                "level": "no",
                "reason": "treatment",
                "note": "x",
            },
        ),
        (
            f"/clinic/participants/{uuid4()}/hand-on",
            {"professional_id": str(uuid4()), "days": "7", "reason": "other", "level": "no"},
        ),
        (f"/clinic/participants/{uuid4()}/hand-on/find", {"q": "x"}),
    ),
    "nobody": (
        ("/demo/sign-in", {"token": "x"}),
        ("/preferences", {"locale": "ja", "text_size": "x", "contrast": "x", "next": "/"}),
        ("/register/agree", {"answer": "x"}),
        (
            "/register",
            {
                "card": "x",
                "birth_era": "western",
                "birth_year": "1940",
                "birth_month": "4",
                "birth_day": "9",
                "code": "x",
            },
        ),
    ),
}
NOBODY = "00000000-0000-0000-0000-000000000000"
JSON_BODIES = {
    "hanako": (
        ("/me/disclosure/changes", {"version": 0, "commands": [{"kind": "category",
                                                                "code": "x", "on": True}]}),
        ("/me/disclosure/changes", {"version": 0, "commands": [{"kind": "profession",
                                                                "code": "x", "on": True}]}),
        *(("/me/disclosure/changes", {"version": 0, "commands": [command]}) for command in (
            {"kind": "region", "code": "x", "on": True},
            {"kind": "facility_type", "code": "x", "on": True, "region": "x"},
            {"kind": "secondary_use", "purpose": "x", "on": True},
            {"kind": "cell", "outcome": "x", "profession": "x", "category": "x"},
            {"kind": "team", "id": NOBODY, "name": "x", "members": [NOBODY], "on": False},
            {"kind": "team", "id": NOBODY, "name": "x", "members": [NOBODY], "on": True},
            {"kind": "share", "facility_id": "x", "record_ids": ["x"], "until": "x"},
            {"kind": "share", "facility_id": NOBODY, "category": "x", "until": "x"},
            {"kind": "hide_records", "ids": ["x"], "on": True},
            {"kind": "hide_period", "on": True, "facility_id": "x",
             "data_from": "x", "data_to": "x", "category": "x"},
            {"kind": "mark", "id": "x", "level": "x"},
        )),
        ("/me/disclosure/undo", {"version": 0}),
        ("/me/vitals", {"kind": "glucose", "on": "x", "time": "x", "sure": "x",
                        "values": {"glucose": "x", "meal": "x"}}),
        ("/me/vitals/batches", {"device": "x", "samples": [
            {"id": "x", "kind": "x", "measured_at": "x", "edited_at": "x", "device": "x",
             "values": {"weight": "x"}}]}),
        ("/me/vitals/batches", {"device": "x", "samples": [
            {"id": "x", "kind": "weight", "measured_at": "2026-05-01T07:05:00Z", "device": "x",
             "values": {"weight": "62"}}]}),
        ("/me/participation", {"state": "x"}),
        ("/me/call-backs", {"phone": "x"}),
        ("/me/access-log/999999/question", {"reason": "other", "words": "x"}),
        ("/me/access-log/999999/question/reopening", {"words": "x"}),
        ("/me/participation/terms", {"answer": "x", "version": "x"}),
        ("/me/participation/records", {"data_from": "x"}),
        ("/me/disclosure/preview", {"facility_id": NOBODY, "profession": "x", "category": "x"}),
        ("/me/disclosure/difference", {"commands": [{"kind": "category",
                                                     "code": "x", "on": True}]}),
        (f"/me/disclosure/requests/{NOBODY}/approval", {"who": "facility", "until": "x"}),
        ("/access/v1/evaluation", {
            "subject": {"type": "professional", "id": "x"}, "action": {"name": "x"},
            "resource": {"type": "x", "id": "x", "properties": {"patient": "x"}}}),
    ),
    "nobody": (
        ("/enrolments", {"card": "x", "birth_on": "1940-04-09", "code": "x"}),
        ("/enrolments/current/acceptance", {"terms_version": "x"}),
        ("/sessions", {"id": "x", "rawId": "x", "type": "x", "response": {"clientDataJSON": "x"}}),
        ("/sign-in/verify", {"id": "x", "response": {"clientDataJSON": "x"}}),
    ),
}  # fmt: skip
QUERIES = {
    "hanako": (
        "/me/facilities?q={}",
        "/me/facilities?area={}",
        "/me/facilities?type={}",
        "/me/professionals?q={}",
        "/me/professionals?facility={}",
        "/me/access-log?before={}",
        "/me/vitals?kind={}",
        "/me/vitals?since={}",
        "/me/vitals/summary?kind=weight&by={}",
        "/me/vitals/summary?kind=weight&until={}",
        "/me/vitals/{}",
        "/me/access-log?count={}",
        "/me/access-log?upto={}",
        "/me/access-log/export?format={}",
        "/me/access-log/export?kind={}",
        "/fhir/R4/AuditEvent?_before={}",
        "/fhir/R4/AuditEvent?_count={}",
        "/fhir/R4/AuditEvent?patient={}",
        "/fhir/R4/AuditEvent/{}",
        "/me/access-log/months/{}",
        "/me/access-log/{}/question",
        "/me/access-log?kind={}",
        "/me/access-log?facility={}",
        "/me/access-log?professional={}",
        "/me/access-log?who={}",
        "/me/access-log?purpose={}",
        "/me/access-log?emergency={}",
        "/me/access-log?since={}",
        "/me/access-log?until={}",
        "/me/access-log?q={}",
        "/me/notices?page={}",
        "/disclosure/facilities?q={}",
        "/disclosure/facilities?region={}",
        "/disclosure/facilities?type={}",
        "/disclosure/facilities/{}",
        "/disclosure/areas/{}",
        "/disclosure/people?q={}",
        "/disclosure/people?facility={}",
        "/disclosure/people/{}",
        "/disclosure/teams?q={}",
        "/disclosure/teams/{}",
        "/disclosure?changed={}",
        "/disclosure/participation?changed={}",
        "/me/records?q={}",
        "/me/records?category={}",
        "/me/records?facility={}",
        "/me/records?year={}",
        "/me/records?after={}",
        "/me/records?count={}",
        "/me/records/{}",
        "/me/records/{}/accesses",
        "/records?q={}",
        "/records?category={}",
        "/records?facility={}",
        "/records?year={}",
        "/records?after={}",
        "/records/{}",
        "/records/{}/share",
        "/records/{}/accesses",
        "/records/incoming?changed={}",
        "/access-log?page={}",
        "/access-log?upto={}",
        "/access-log/months/{}",
        "/access-log/{}/question",
        "/access-log?kind={}",
        "/access-log?facility={}",
        "/access-log?professional={}",
        "/access-log?since={}",
        "/access-log?who={}",
        "/access-log?q={}",
        "/inbox?page={}",
    ),
    "sato": ("/clinic/participants/{}", "/clinic/ask?done={}"),
    "nobody": ("/demo/sign-in/{}", "/static/{}", "/schema/{}", "/{}"),
    "emr": (
        "/fhir/R4/{}",
        "/fhir/R4/{}/x",
        "/fhir/R4/Condition/{}",
        "/fhir/R4/Condition?patient={}",
        "/fhir/R4/Condition?patient={{nobody}}&_count={}",
        "/fhir/R4/Condition?patient={{nobody}}&_before={}",
        "/fhir/R4/Condition?patient.identifier={}",
        "/fhir/R4/Condition?patient.identifier={{card}}{}",
        "/fhir/R4/Condition?patient.identifier={{number}}{}",
        "/fhir/R4/Condition?patient.identifier={}%7Cx",
        "/fhir/R4/Patient?identifier={{number}}{}",
        "/fhir/R4/Patient?_id={}",
        "/fhir/R4/Condition?patient={{nobody}}&_format={}",
        "/fhir/R4/Condition?{}=x",
    ),
}


@pytest.fixture
def as_(attacking, world: World):
    def opened(who: str, token: str | None = None):
        actors = {"hanako": world.hanako, "sato": world.sato}
        return attacking(actor=actors.get(who), token=token)

    return opened


@pytest.fixture
def untouched(world: World, admin: asyncpg.Connection):
    """Everything kept of Tarō, to be the same afterwards."""
    return lambda: held_of(admin, world.taro.participant_id)


def fine(answer: httpx.Response, what: object) -> None:
    assert answer.status_code < 500, (what, answer.status_code)
    assert TARO not in answer.text, what


TARO = "太郎"
EVERYTHING = [pytest.param(each, id=ascii(each)[:24]) for each in INJECTIONS + UGLY]


@pytest.mark.parametrize("typed", EVERYTHING)
async def test_in_every_text_field_of_every_form(as_, untouched, typed: str):
    before = await untouched()
    for who, forms in FORMS.items():
        async with as_(who) as browser:
            for path, form in forms:
                for field in form:
                    sent = form | {field: typed}
                    fine(await browser.send("POST", path, form=sent, html=True), (path, field))
    assert await untouched() == before


@pytest.mark.parametrize("typed", EVERYTHING)
async def test_in_every_text_of_every_json_body(as_, untouched, typed: str):
    before = await untouched()
    for who, bodies in JSON_BODIES.items():
        async with as_(who) as app:
            for path, body in bodies:
                for sent in _with(body, typed):
                    fine(await app.send("POST", path, body=sent), (path, sent))
    assert await untouched() == before


@pytest.mark.parametrize("typed", EVERYTHING)
async def test_in_every_address(as_, untouched, world: World, typed: str):
    before, token = await untouched(), await world.emr.token()
    named = {
        "nobody": "00000000-0000-0000-0000-000000000001",
        "card": quote(f"{CARD}|", safe=""),
        "number": quote(f"{patient_in_facility(world.clinic.code)}|", safe=""),
    }
    for who, addresses in QUERIES.items():
        async with as_(who, token if who == "emr" else None) as client:
            for address in addresses:
                path = address.format(quote(typed[:5000], safe="")).format_map(named)
                answer = await client.send("GET", path)
                fine(answer, address)
                if who == "emr" and answer.status_code == 200:
                    assert answer.json().get("total", 0) == 0
    assert await untouched() == before


@pytest.mark.parametrize("typed", [SURROGATE, "%ff%fe", "%", "%zz", "%00"])
async def test_bytes_that_are_no_text_in_addresses_and_forms(as_, world: World, typed: str):
    token = await world.emr.token()
    for who, addresses in QUERIES.items():
        async with as_(who, token if who == "emr" else None) as client:
            for address in addresses:
                path = address.format(typed).format_map({"nobody": "x", "card": "c", "number": "n"})
                fine(await client.send("GET", path), address)
    for who, forms in FORMS.items():
        async with as_(who) as browser:
            for path, form in forms:
                for field in form:
                    body = "&".join(
                        f"{name}={typed if name == field else quote(value)}"
                        for name, value in form.items()
                    )
                    answer = await browser.http.post(
                        path,
                        content=body,
                        headers={
                            "content-type": "application/x-www-form-urlencoded",
                            "x-csrftoken": await browser.csrf(),
                        },
                    )
                    fine(answer, (path, field))


DEEP = 60_000
RAW = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a field": b'{"response":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "lone surrogate": rb'{"card":"\ud800","code":"\udfff","birth_on":"1940-04-09","id":"\ud800",'
    rb'"rawId":"\ud800","phone":"\ud800","terms_version":"\ud800","resourceType":"\ud800"}',
    "duplicate keys": b'{"version":0,"version":1,"phone":"0961234567","phone":"x","card":"a",'
    b'"card":"b","resourceType":"Condition","resourceType":"Patient"}',
    "not utf-8": b'{"phone":"\xff\xfe"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "a number": b"1",
    "a huge number": b'{"version":' + b"9" * 5000 + b"}",
    "infinity": b'{"version":1e999}',
    "too large": b'{"a":"' + b"x" * 1_100_000 + b'"}',
}
DOORS = (
    "/me/disclosure/preview",
    "/me/disclosure/difference",
    "/me/disclosure/desk-codes",
    "/me/participation/terms",
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/me/disclosure/changes",
    "/me/disclosure/undo",
    "/me/participation",
    "/me/call-backs",
    "/enrolments",
    "/enrolments/current/acceptance",
    "/enrolments/current/passkey",
    "/sessions",
    "/sign-in/verify",
    "/register/passkey",
    "/fhir/R4",
    "/fhir/R4/Condition",
    "/oauth/token",
)


@pytest.mark.parametrize("kind", RAW)
@pytest.mark.parametrize("path", DOORS)
async def test_bodies_no_honest_client_sends(as_, world: World, path: str, kind: str):
    token = await world.emr.token("system/*.write") if path.startswith("/fhir") else None
    async with as_("emr" if token else "hanako", token) as client:
        answer = await client.http.post(
            path,
            content=RAW[kind],
            headers={
                "content-type": "application/x-www-form-urlencoded"
                if path == "/oauth/token"
                else "application/json",
                "authorization": f"Bearer {client.bearer}",
                "x-csrftoken": await client.csrf(),
            },
        )
        assert 400 <= answer.status_code < 500, answer.text[:200]


async def test_a_bundle_with_ugly_texts_is_stored_or_refused_but_never_a_fault(
    as_, own_world: World, admin: asyncpg.Connection
):
    token = await own_world.emr.token("system/*.write")
    patient = {"reference": f"Patient/{own_world.hanako.participant_id}"}
    async with as_("emr", token) as emr:
        for typed in INJECTIONS + UGLY:
            for change in (
                {"code": {"text": typed}},
                {"onsetDateTime": typed},
                {"identifier": [{"system": typed, "value": typed}]},
                {"subject": {"reference": typed}},
                {"subject": {"identifier": {"system": CARD, "value": typed}}},
                {"id": typed},
                {typed: typed},
                {"resourceType": typed},
            ):
                body = shapes.condition(subject=patient) | change
                answer = await emr.send("POST", "/fhir/R4", body=body)
                assert answer.status_code < 500, (change, answer.text)
    assert await admin.fetchval("SELECT count(*) FROM participant") > 0


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "a\x00b"},
        {"iss": "x" * 100_000},
        {"iss": "' OR '1'='1"},
        {"iss": ["a"]},
        {"iss": None},
        {"iss": 1},
        {"iss": {"a": [1]}},
    ],
    ids=str,
)
async def test_a_client_that_names_itself_strangely(client: httpx.AsyncClient, claims: Any):
    header, body = ({"alg": "none"}, {**claims, "sub": "x"})
    text = b".".join(
        jwt.utils.base64url_encode(json.dumps(part).encode()) for part in (header, body)
    )
    answer = await ask_token(client, text.decode() + ".")
    assert (answer.status_code, answer.json()["error"]) in (
        (401, "invalid_client"),
        (400, "invalid_request"),
        (413, "invalid_request"),
    )


@pytest.mark.parametrize(
    "part", [b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b"\xff", b"", b"null"]
)
@pytest.mark.parametrize("place", [0, 1])
async def test_an_assertion_made_of_anything(client: httpx.AsyncClient, part: bytes, place: int):
    parts = [b'{"alg":"ES256","typ":"JWT"}', b'{"iss":"x"}']
    parts[place] = part
    text = b".".join(jwt.utils.base64url_encode(each) for each in parts) + b".AAAA"
    answer = await ask_token(client, text.decode())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def ask_token(
    client: httpx.AsyncClient, assertion: str, scope: str = "system/*.read"
) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": scope,
    }
    return await client.post("/oauth/token", data=form)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static/....//....//pyproject.toml",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..\\..\\pyproject.toml",
        "/static/app.css/../../templates/base.html",
        "/static/%00",
        "/static/.",
        "/static/",
    ],
)
async def test_nothing_outside_the_static_folder_is_served(served, path: str):
    host, port = served.url.removeprefix("http://").split(":")
    answer = await raw(host, int(port), f"GET {path} HTTP/1.1\r\nhost: {host}\r\n")
    assert answer.split(b" ", 2)[1] in (b"404", b"400"), answer[:300]
    for secret in (b"build-system", b"root:", b"{%"):
        assert secret not in answer


async def raw(host: str, port: int, head: str, body: bytes = b"") -> bytes:
    """Sends what no client library would."""

    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"{head}connection: close\r\n\r\n".encode("latin-1") + body)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


async def test_a_made_up_host_changes_no_link(served):
    host, port = served.url.removeprefix("http://").split(":")
    for path in ("/", "/home", "/fhir/R4/metadata", "/.well-known/smart-configuration"):
        for head in (
            "host: evil.example\r\n",
            f"host: {host}\r\nx-forwarded-host: evil.example\r\nforwarded: host=evil.example\r\n",
            f"host: {host}\r\nx-forwarded-proto: https\r\nx-original-url: /support\r\n"
            "x-rewrite-url: /support\r\nx-http-method-override: DELETE\r\n",
        ):
            answer = await raw(
                host, int(port), f"GET {path} HTTP/1.1\r\naccept: text/html\r\n{head}"
            )
            assert b" 5" not in answer[:12], answer[:200]
            assert b"evil.example" not in answer
            assert b"https://localhost" not in answer


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECT", "x"])
async def test_methods_nobody_offered(as_, method: str):
    async with as_("hanako") as client:
        for path in ("/disclosure", "/me/disclosure", "/fhir/R4/Condition", "/sign-out", "/home"):
            answer = await client.send(method, path)
            assert answer.status_code in (400, 401, 403, 404, 405), (path, answer.status_code)


@pytest.mark.parametrize("path", ["/sign-out", "/disclosure/undo", "/me/disclosure/changes"])
async def test_what_changes_something_answers_no_get(as_, path: str):
    async with as_("hanako") as client:
        for method in ("GET", "HEAD"):
            assert (await client.send(method, path)).status_code in (404, 405)


def _with(body: Any, typed: str) -> list[Any]:
    """The body once for each text in it, with `typed` in its place."""
    if isinstance(body, dict):
        return [body | {key: new} for key, value in body.items() for new in _with(value, typed)]
    if isinstance(body, list):
        return [
            [*body[:i], new, *body[i + 1 :]]
            for i, each in enumerate(body)
            for new in _with(each, typed)
        ]
    return [typed] if isinstance(body, str) else []
