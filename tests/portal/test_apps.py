"""Hanako connects an app of another house, sees what it reads, and ends it."""

import asyncio
import time
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from msgspec import structs

from api.core.actor import OPERATOR
from api.core.crypto import sha256
from api.directory import service as directory
from api.identity import throttle
from api.identity.apps import clients, registry
from api.identity.errors import TokenRequestRefused
from api.identity.keys import recovery
from api.identity.tokens import system_keys
from api.records.apps import service as app_reading
from tests.conftest import Deployment
from tests.identity.apps import foreign
from tests.identity.apps.foreign import (
    CALLBACK,
    FHIR,
    NAME_EN,
    NAME_JA,
    PUBLISHER,
    ForeignApp,
    answer_of,
    pressed,
    with_a_key,
)
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import some_address
from tests.identity.test_dpop import App as KeyHolder
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_account import shows_who_they_are, some_time_later, with_key
from tests.support import balp

READ = "records:app:read"


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def midori(client: httpx.AsyncClient, database: Deployment) -> ForeignApp:
    """A public app of somebody else, registered and not yet connected."""
    app = ForeignApp(client)
    await app.register()
    return app


@pytest_asyncio.fixture
async def dosed(hanako: Visitor, clinic: Place) -> Visitor:
    """Hanako with two prescriptions, a test result, and a diagnosis she was not told of."""
    for title in ("アムロジピン錠5mg", "ロサルタン錠50mg"):
        await scene.wrote(clinic, hanako.actor, "prescription", title, status="active")
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c", sensitivity=2, status="final")
    await scene.wrote(clinic, hanako.actor, "condition", "未告知の病名", marks=("UNINFORMED",))
    return hanako


async def happened(who: Visitor, event: str) -> list[dict[str, Any]]:
    return [each for each in await who.log() if each["event"] == event]


async def test_hanako_reads_what_the_app_wants_and_allows_it(dosed: Visitor, midori: ForeignApp):
    page = await dosed.get(midori.asks("patient/MedicationRequest.rs offline_access"))
    assert page.status_code == 200
    assert NAME_JA in page.text
    assert PUBLISHER in page.text
    assert "処方" in page.text
    assert "検体検査" not in page.text
    assert "いつでもやめられます" in page.text
    english = await dosed.get(midori.asks("patient/*.rs"), locale="en")
    assert NAME_EN in english.text
    assert "This once only" in english.text
    await dosed.get("/home", locale="ja")

    code = await midori.allowed_by(dosed)
    answer = await midori.exchange(code)
    tokens = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert tokens["token_type"] == "Bearer"
    assert tokens["patient"] == str(dosed.actor.participant_id)
    assert set(tokens["scope"].split()) == {"launch/patient", "patient/*.rs", "offline_access"}
    assert 290 < tokens["expires_in"] <= 300

    found = (await midori.read(f"MedicationRequest?patient={tokens['patient']}")).json()
    assert (found["total"], len(found["entry"])) == (2, 2)
    titles = await happened(dosed, "identity:app:connected")
    assert titles[0]["sentence"] == f"ご本人は「{NAME_JA}」に、記録を読むことを許可しました。"
    (read,) = await happened(dosed, READ)
    assert NAME_JA in read["sentence"]
    assert "2件" in read["sentence"]


async def test_each_read_is_in_her_log_by_the_app_it_came_through(
    dosed: Visitor, midori: ForeignApp
):
    await midori.connect(dosed)
    me = midori.tokens["patient"]
    assert (await midori.read(f"Patient/{me}")).json()["name"][0]["text"] == "山本 花子"
    assert (await midori.read("Observation")).json()["total"] == 1
    assert (await midori.read("Encounter")).json()["total"] == 0
    one = (await midori.read("MedicationRequest?_count=1")).json()
    assert one["total"] == 2
    following = next(link["url"] for link in one["link"] if link["relation"] == "next")
    two = (await midori.read(following.removeprefix(f"{FHIR}/"))).json()
    ids = [page["entry"][0]["fullUrl"].rpartition("/")[2] for page in (one, two)]
    assert len(set(ids)) == 2
    assert (await midori.read(f"MedicationRequest/{ids[0]}")).json()["status"] == "active"
    read = await happened(dosed, READ)
    assert len(read) == 6
    audit = (await dosed.ask("/fhir/R4/AuditEvent?_count=100")).json()
    ours = [e["resource"] for e in audit["entry"] if READ in str(e["resource"]["entity"])]
    assert len(ours) == 6
    assert [balp.faults(each) for each in ours] == [[]] * 6
    assert all(midori.client_id in str(each["agent"]) for each in ours), ours[0]["agent"]
    english = (await dosed.ask("/me/access-log?count=100", language="en")).json()["events"]
    said = {each["sentence"] for each in english if each["event"] == READ}
    assert f"“{NAME_EN}” looked for records and found none." in said


async def test_what_she_was_not_told_stays_untold_and_others_are_absent(
    dosed: Visitor, midori: ForeignApp, yumi: Visitor, clinic: Place
):
    hidden = await scene.wrote(clinic, dosed.actor, "lab", "未告知", marks=("UNDELIVERED",))
    others = await scene.wrote(clinic, yumi.actor, "prescription", "由美の薬")
    await midori.connect(dosed)
    assert (await midori.read("Condition")).json()["total"] == 0
    for path in (
        f"Observation/{hidden}",
        f"MedicationRequest/{others}",
        f"Patient/{yumi.actor.participant_id}",
        "Patient/x",
    ):
        assert (await midori.read(path)).status_code == 404, path
    for path in (
        f"MedicationRequest?patient={yumi.actor.participant_id}",
        f"MedicationRequest?patient=Patient/{yumi.actor.participant_id}",
        f"MedicationRequest?_id={others}",
        f"Patient?_id={yumi.actor.participant_id}",
    ):
        found = (await midori.read(path)).json()
        assert (found["total"], "entry" in found) == (0, False), path
    for path in ("Consent", "AuditEvent", "Unknown", "Observation?patient.identifier=a|1"):
        assert (await midori.read(path)).status_code in (400, 401, 404), path
    assert await happened(yumi, READ) == []


async def test_an_app_reads_no_kind_it_was_not_allowed(dosed: Visitor, midori: ForeignApp):
    await midori.connect(dosed, "patient/MedicationRequest.s patient/Observation.read")
    assert (await midori.read("MedicationRequest")).status_code == 200
    record = (await midori.read("MedicationRequest")).json()["entry"][0]["fullUrl"]
    for path in (f"MedicationRequest/{record.rpartition('/')[2]}", "Condition", "Patient"):
        answer = await midori.read(path)
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await midori.read("Observation")).status_code == 200


async def test_an_apps_token_opens_nothing_but_fhir(dosed: Visitor, midori: ForeignApp):
    await midori.connect(dosed)
    for token in (midori.tokens["access_token"], midori.tokens["refresh_token"]):
        headers = {"authorization": f"Bearer {token}"}
        for path in ("/me", "/me/apps", "/me/records", "/fhir/R4/AuditEvent"):
            assert (await midori.http.get(path, headers=headers)).status_code == 401, path
    assert (await midori.read("Patient", midori.tokens["refresh_token"])).status_code == 401
    assert (await midori.read("Patient", dosed.token)).status_code == 401
    written = await midori.http.post(
        "/fhir/R4/Observation",
        json={},
        headers={"authorization": f"Bearer {midori.tokens['access_token']}"},
    )
    assert written.status_code == 401


async def test_whoever_is_signed_out_signs_in_first_and_comes_back(
    midori: ForeignApp, dosed: Visitor, open_browser
):
    device = await with_key(dosed)
    stranger = Visitor(dosed.actor, await open_browser(), "")
    asked = midori.asks()
    answer = await stranger.get(asked)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/oauth/authorize%3F")
    page = (await stranger.get(answer.headers["location"])).text
    assert await shows_who_they_are(stranger, page, device) == asked
    assert (await stranger.get(asked)).status_code == 200


@pytest.mark.parametrize(
    "where",
    ["//evil.example", "https://evil.example/oauth/authorize", "/\\evil.example", "/support", ""],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(hanako: Visitor, where: str):
    answer = await hanako.browser.get("/sign-in", params={"next": where})
    assert answer.headers["location"] == "/home"


async def test_it_asks_who_is_there_when_the_session_is_not_fresh(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    device = await with_key(dosed)
    asked = midori.asks()
    form = await dosed.get(asked)
    await some_time_later(admin, dosed)
    page = await dosed.get(asked)
    assert page.status_code == 403
    assert await shows_who_they_are(dosed, page.text, device) == asked
    assert (await dosed.get(asked)).status_code == 200
    # the page stood open too long: the answer is held until she has shown who she is
    await some_time_later(admin, dosed)
    action, fields = scene.sent(
        next(each for each in scene.forms(form.text) if 'action="/oauth/authorize"' in each)
    )
    held = await dosed.post(action, fields, answer="allow")
    assert held.status_code == 403
    assert 'name="code_challenge"' in held.text
    assert "https://app.example" in held.headers["content-security-policy"]
    assert await happened(dosed, "identity:app:connected") == []


async def test_after_a_recovery_no_app_is_connected_for_a_time(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    page = await dosed.get(midori.asks())
    await admin.execute(
        "UPDATE account SET frozen_until = now() + interval '1 hour' WHERE account_id = $1",
        dosed.actor.account_id,
    )
    action, fields = scene.sent(scene.forms(page.text)[-1])
    for answer in (
        await dosed.get(midori.asks()),
        await dosed.post(action, fields, answer="allow"),
    ):
        assert answer.status_code == 403
        assert "ご安全のため" in answer.text or "安全" in answer.text
    assert await happened(dosed, "identity:app:connected") == []


async def test_a_recovery_ends_every_app_whoever_connected_it(dosed: Visitor, midori: ForeignApp):
    await midori.connect(dosed)
    assert (await midori.read("Observation")).status_code == 200
    code = await recovery.make_code(dosed.actor)
    assert dosed.card is not None
    issued = await recovery.begin(
        dosed.card.grouped, code.printed, some_address(), scheme=directory.profile().card_scheme
    )
    made = Authenticator().create(await recovery.passkey_options(issued.token))
    session = await recovery.finish(issued.token, made)
    assert (await midori.read("Observation")).status_code == 401
    assert (await midori.refresh()).status_code == 400
    dosed.token = session.token
    newest = [each["event"] for each in await dosed.log()][:2]
    assert newest == ["identity:account:recovered", "identity:app:ended"]


async def test_not_allowing_sends_the_app_back_with_nothing(dosed: Visitor, midori: ForeignApp):
    answer = await pressed(dosed, midori.asks(), "refuse")
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    told = answer_of(answer)
    assert told == {
        "error": "access_denied",
        "state": midori.state,
        "iss": "http://localhost:8000",
    }
    (event,) = await happened(dosed, "identity:app:refused")
    assert event["sentence"] == f"ご本人は「{NAME_JA}」に、記録を読むことを許可しませんでした。"
    assert "つないだアプリはありません" in (await dosed.get("/account/apps")).text


STRANGE = {
    "an unknown app": {"client_id": "app-unknown"},
    "no app": {"client_id": None},
    "no address": {"redirect_uri": None},
    "another address": {"redirect_uri": "https://evil.example/callback"},
    "the address and more": {"redirect_uri": f"{CALLBACK}/more"},
    "a script": {"redirect_uri": "javascript:alert(1)"},
}


@pytest.mark.parametrize("case", STRANGE)
async def test_a_strange_app_or_address_is_shown_and_never_followed(
    hanako: Visitor, midori: ForeignApp, case: str
):
    page = await hanako.get(midori.asks(**STRANGE[case]))
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "evil.example" not in page.text
    assert "このアプリは" in page.text
    twice = midori.asks() + f"&redirect_uri={CALLBACK}"
    assert (await hanako.get(twice)).status_code == 400


FAULTS = {
    "another response": ({"response_type": "token"}, "unsupported_response_type"),
    "no response type": ({"response_type": None}, "unsupported_response_type"),
    "no state": ({"state": None}, "invalid_request"),
    "a long state": ({"state": "x" * 1_001}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "a short challenge": ({"code_challenge": "x" * 42}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "no audience": ({"aud": None}, "invalid_request"),
    "another audience": ({"aud": "https://evil.example/fhir"}, "invalid_request"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "nothing to read": ({"scope": "launch/patient openid"}, "invalid_scope"),
    "more than one grant holds": (
        {
            "scope": " ".join(
                f"patient/{kind}.{deed}"
                for kind in app_reading.TYPES[:20]
                for deed in ("r", "s", "rs", "read")
            )
        },
        "invalid_scope",
    ),
    "somebody else's": ({"scope": "user/*.rs system/*.read"}, "invalid_scope"),
}


@pytest.mark.parametrize("case", FAULTS)
async def test_any_other_fault_goes_back_to_the_app(hanako: Visitor, midori: ForeignApp, case: str):
    changed, error = FAULTS[case]
    answer = await hanako.get(midori.asks(**changed))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    told = answer_of(answer)
    assert told["error"] == error
    assert "code" not in told
    assert told.get("state") == (midori.state if "state" not in changed else None)


async def test_a_code_serves_once_and_again_it_ends_what_came_of_it(
    dosed: Visitor, midori: ForeignApp
):
    code = await midori.allowed_by(dosed)
    assert (await midori.exchange(code)).status_code == 200
    again = await midori.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await midori.read("Patient")).status_code == 401
    assert (await midori.refresh()).json()["error"] == "invalid_grant"
    (event,) = await happened(dosed, "identity:app:token_reused")
    assert event["outcome"] == "denied"
    assert (await dosed.ask("/me/apps")).json() == []


async def test_of_two_exchanges_at_once_one_wins_and_the_family_ends(
    dosed: Visitor, midori: ForeignApp
):
    code = await midori.allowed_by(dosed)
    answers = await asyncio.gather(*(midori.exchange(code) for _ in range(2)))
    assert sorted(each.status_code for each in answers) == [200, 400]
    assert (await midori.read("Patient")).status_code == 401


WRONG: dict[str, dict[str, Any]] = {
    "another verifier": {"code_verifier": "x" * 43},
    "no verifier": {"code_verifier": None},
    "another address": {"redirect_uri": "https://evil.example/callback"},
    "no address": {"redirect_uri": None},
    "another code": {"code": "x"},
    "no code": {"code": None},
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_code_alone_is_nothing(dosed: Visitor, midori: ForeignApp, case: str):
    code = await midori.allowed_by(dosed)
    refused = await midori.exchange(**{"code": code} | WRONG[case])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    # whoever guessed has not taken it from the app it is for
    assert (await midori.exchange(code)).status_code == 200


async def test_a_code_is_for_the_app_it_was_given_to(dosed: Visitor, midori: ForeignApp):
    other = ForeignApp(midori.http)
    await other.register()
    code = await midori.allowed_by(dosed)
    other.verifier = midori.verifier
    assert (await other.exchange(code)).json()["error"] == "invalid_grant"
    assert (await midori.exchange(code)).status_code == 200
    assert (await other.refresh(midori.tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await midori.refresh()).status_code == 200


async def test_a_code_is_late_after_a_minute(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    code = await midori.allowed_by(dosed)
    lasts = await admin.fetchval(
        "SELECT code_ends_at - allowed_at FROM app_grant WHERE code_hash = $1",
        sha256(code.encode()),
    )
    assert 59 < lasts.total_seconds() <= 60
    await admin.execute(
        "UPDATE app_grant SET code_ends_at = now() WHERE code_hash = $1", sha256(code.encode())
    )
    assert (await midori.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_refresh_gives_the_next_pair_and_the_one_before_ends(
    dosed: Visitor, midori: ForeignApp
):
    await midori.connect(dosed)
    before = midori.tokens
    assert (await midori.refresh()).status_code == 200
    assert midori.tokens["refresh_token"] != before["refresh_token"]
    assert midori.tokens["patient"] == before["patient"]
    assert (await midori.read("Patient", before["access_token"])).status_code == 401
    assert (await midori.read("Patient")).status_code == 200
    wider = await midori.refresh(scope="patient/*.rs system/*.read")
    assert wider.json()["error"] == "invalid_scope"
    assert (await midori.refresh(scope="patient/*.rs")).status_code == 200


async def test_a_refresh_token_that_comes_again_ends_the_connection(
    dosed: Visitor, midori: ForeignApp
):
    await midori.connect(dosed)
    first = midori.tokens["refresh_token"]
    await midori.refresh()
    assert (await midori.refresh(first)).json()["error"] == "invalid_grant"
    assert (await midori.read("Patient")).status_code == 401
    assert (await midori.refresh()).json()["error"] == "invalid_grant"
    (event,) = await happened(dosed, "identity:app:token_reused")
    assert NAME_JA in event["sentence"]


async def test_without_offline_access_it_is_this_once(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    await midori.connect(dosed, "patient/*.rs")
    assert "refresh_token" not in midori.tokens
    assert (await midori.read("Patient")).status_code == 200
    await admin.execute(
        "UPDATE app_token SET ends_at = now() WHERE token_hash = $1",
        sha256(midori.tokens["access_token"].encode()),
    )
    assert (await midori.read("Patient")).status_code == 401


async def test_she_sees_her_apps_and_ends_one_at_once(dosed: Visitor, midori: ForeignApp):
    assert "つないだアプリはありません" in (await dosed.get("/account/apps")).text
    await midori.connect(dosed, "patient/MedicationRequest.rs offline_access")
    page = (await dosed.get("/account/apps")).text
    assert NAME_JA in page
    assert "まだ一度も読んでいません" in page
    await midori.read("MedicationRequest")
    page = (await dosed.get("/account/apps")).text
    assert "最後に読んだ日" in page
    (app,) = (await dosed.ask("/me/apps", language="en")).json()
    assert (app["name"], app["publisher"]) == (NAME_EN, PUBLISHER)
    assert [kind["category"] for kind in app["reads"]] == ["prescription", "injection"]
    assert app["last_used_at"]
    asked = await dosed.get(f"/account/apps/{app['id']}/end")
    assert "もとには戻せません" in asked.text
    page = await dosed.follow(await dosed.post(f"/account/apps/{app['id']}/end"))
    assert "つないだアプリはありません" in page
    assert (await midori.read("MedicationRequest")).status_code == 401
    assert (await midori.refresh()).json()["error"] == "invalid_grant"
    (event,) = await happened(dosed, "identity:app:ended")
    assert event["sentence"] == f"「{NAME_JA}」は、記録を読めなくなりました。"
    assert (await dosed.post(f"/account/apps/{app['id']}/end")).status_code == 404


async def test_her_own_app_ends_it_too_and_yumi_cannot(
    dosed: Visitor, midori: ForeignApp, yumi: Visitor
):
    await midori.connect(dosed)
    (app,) = (await dosed.ask("/me/apps")).json()
    for who, status in ((yumi, 404), (dosed, 204), (dosed, 404)):
        answer = await who.browser.delete(
            f"/me/apps/{app['id']}", headers={"authorization": f"Bearer {who.token}"}
        )
        assert answer.status_code == status
    assert (await midori.read("Patient")).status_code == 401


async def test_she_is_told_in_her_inbox(dosed: Visitor, midori: ForeignApp):
    from notifications import service as notifications

    await midori.connect(dosed)
    while await notifications.deliver():
        pass
    page = (await dosed.get("/inbox")).text
    assert f"「{NAME_JA}」が記録を読めるようになりました" in page


async def test_an_app_gives_its_tokens_back(dosed: Visitor, midori: ForeignApp):
    await midori.connect(dosed)

    async def give_back(token: str, client_id: str = midori.client_id) -> int:
        form = {"token": token, "client_id": client_id}
        return (await midori.http.post("/oauth/revoke", data=form)).status_code

    other = ForeignApp(midori.http)
    await other.register()
    assert await give_back("unknown") == 200
    assert await give_back(midori.tokens["refresh_token"], other.client_id) == 200
    assert (await midori.read("Patient")).status_code == 200
    assert await give_back(midori.tokens["access_token"]) == 200
    assert (await midori.read("Patient")).status_code == 401
    assert (await midori.refresh()).status_code == 200
    assert await give_back(midori.tokens["refresh_token"]) == 200
    assert (await midori.read("Patient")).status_code == 401
    assert (await midori.refresh()).json()["error"] == "invalid_grant"
    assert len(await happened(dosed, "identity:app:ended")) == 1
    assert await give_back("x", "app-unknown") == 401
    assert (await midori.http.post("/oauth/revoke", data={})).status_code == 400


async def test_an_app_with_a_key_must_show_it_each_time(dosed: Visitor, client: httpx.AsyncClient):
    app = with_a_key(client)
    await app.register(jwks=foreign.key_set(app))
    code = await app.allowed_by(dosed)
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": app.verifier,
        "client_id": app.client_id,
    }
    kind = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    for wrong in (
        {},
        kind | {"client_assertion": "x"},
        kind | {"client_assertion": app.assertion(aud="https://evil.example")},
        kind | {"client_assertion": app.assertion(exp=int(time.time()) + 3_600)},
        kind | {"client_assertion": app.assertion(exp=int(time.time()) - 1)},
        kind | {"client_assertion": app.assertion(jti=None)},
        kind | {"client_assertion": app.assertion(sub="other")},
        kind | {"client_assertion": with_a_key(client).assertion(iss=app.client_id)},
        {"client_assertion": app.assertion()},
    ):
        answer = await client.post("/oauth/token", data=fields | wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assertion = kind | {"client_assertion": app.assertion()}
    answer = await client.post("/oauth/token", data=fields | assertion)
    assert answer.status_code == 200, answer.text
    app.tokens = answer.json()
    again = await client.post("/oauth/token", data=fields | assertion)
    assert again.json()["error"] == "invalid_client"
    assert (await app.read("Patient")).status_code == 200
    assert (await app.refresh()).status_code == 200


@pytest.mark.parametrize("kept", ["[]", '{"keys": [1]}', "[" * 5_000, "{}", '{"keys": {}}', ""])
async def test_where_an_app_keeps_no_keys_it_is_refused_and_the_place_asked_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, kept: str
):
    asked: list[str] = []

    async def fetch(uri: str) -> str:
        asked.append(uri)
        return kept

    monkeypatch.setattr(system_keys, "_fetch", fetch)
    app = with_a_key(client)
    await app.register(jwks_url="https://app.example/jwks.json")
    for _ in range(3):
        with pytest.raises(TokenRequestRefused):
            await clients.authenticated(app.shown(), clients.token_endpoint())
    assert asked == ["https://app.example/jwks.json"]


async def test_keys_an_app_keeps_at_its_address_are_fetched(
    dosed: Visitor, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    app = with_a_key(client)

    async def fetch(uri: str) -> str:
        return foreign.key_set(app)

    monkeypatch.setattr(system_keys, "_fetch", fetch)
    await app.register(jwks_url="https://app.example/jwks.json")
    await app.connect(dosed)
    assert (await app.read("Patient")).status_code == 200


async def test_tokens_bound_to_a_key_are_nothing_without_it(dosed: Visitor, midori: ForeignApp):
    holder = KeyHolder(midori.http)
    code = await midori.allowed_by(dosed)
    proof = {"dpop": holder.proof("POST", "/oauth/token")}
    fields = {"redirect_uri": CALLBACK, "code_verifier": midori.verifier, "code": code}
    answer = await midori.token(grant_type="authorization_code", headers=proof, **fields)
    assert answer.json()["token_type"] == "DPoP"
    midori.tokens = answer.json()
    token = midori.tokens["access_token"]
    assert (await midori.read("Patient")).status_code == 401
    shown = await holder.send("GET", "/fhir/R4/Patient", token=token)
    assert shown.status_code == 200
    thief = await KeyHolder(midori.http).send("GET", "/fhir/R4/Patient", token=token)
    assert thief.status_code == 401
    assert thief.headers["www-authenticate"].startswith("DPoP")
    assert (await midori.refresh()).json()["error"] == "invalid_grant"
    stolen = {"dpop": KeyHolder(midori.http).proof("POST", "/oauth/token")}
    assert (await midori.refresh(headers=stolen)).json()["error"] == "invalid_grant"
    proof = {"dpop": holder.proof("POST", "/oauth/token")}
    assert (await midori.refresh(headers=proof)).status_code == 200


async def test_an_app_the_operator_ended_opens_nothing_any_more(dosed: Visitor, midori: ForeignApp):
    await midori.connect(dosed)
    await registry.end(OPERATOR, midori.client_id)
    assert (await midori.read("Patient")).status_code == 401
    assert (await midori.refresh()).json()["error"] == "invalid_client"
    assert (await dosed.get(midori.asks())).status_code == 400
    assert (await dosed.ask("/me/apps")).json() == []


async def test_no_code_and_no_token_is_kept_as_it_came(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    code = await midori.allowed_by(dosed)
    await midori.exchange(code)
    kept = await admin.fetchval(
        "SELECT string_agg(t::text, ' ') FROM (SELECT t::text FROM app_token t"
        " UNION ALL SELECT g::text FROM app_grant g) t"
    )
    for secret in (code, midori.tokens["access_token"], midori.tokens["refresh_token"]):
        assert secret not in kept


async def test_a_stolen_connection_finds_no_app_of_anybodys(
    database: Deployment, dosed: Visitor, midori: ForeignApp
):
    await midori.connect(dosed)
    connection = await asyncpg.connect(database.app_dsn)
    try:
        for table in ("app_grant", "app_token"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO registered_app (client_id, name_ja, name_en, publisher, redirect_uris)"
                " VALUES ('evil', 'x', 'x', 'x', '{https://evil.example/}')"
            )
        changed = await connection.execute("UPDATE registered_app SET ended_at = now()")
        assert changed == "UPDATE 0"
    finally:
        await connection.close()


async def test_what_has_ended_is_never_opened_again(
    dosed: Visitor, midori: ForeignApp, admin: asyncpg.Connection
):
    await midori.connect(dosed)
    (app,) = (await dosed.ask("/me/apps")).json()
    await dosed.post(f"/account/apps/{app['id']}/end")
    for change in ("ended_at = NULL, ended_by = NULL", "redeemed_at = now()"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await admin.execute(f"UPDATE app_grant SET {change} WHERE grant_id = $1", app["id"])
    await registry.end(OPERATOR, midori.client_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await admin.execute(
            "UPDATE registered_app SET ended_at = NULL WHERE client_id = $1", midori.client_id
        )


async def test_an_app_does_not_flood_her_log(
    dosed: Visitor, midori: ForeignApp, monkeypatch: pytest.MonkeyPatch
):
    await midori.connect(dosed)
    few = throttle.POLICIES[throttle.ThrottleKind.APP_READS]
    monkeypatch.setitem(
        throttle.POLICIES,  # type: ignore[arg-type]
        throttle.ThrottleKind.APP_READS,
        structs.replace(few, burst=2, free=2),
    )
    answers = [await midori.read("Observation") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) <= 2
    assert answers[2].json()["issue"][0]["code"] == "throttled"
    assert len(await happened(dosed, READ)) == 2


async def test_whoever_guesses_codes_waits_and_the_app_elsewhere_does_not(
    dosed: Visitor, midori: ForeignApp, app: Litestar
):
    transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 1))
    async with httpx.AsyncClient(transport=transport, base_url=foreign.SITE) as http:
        guesser = ForeignApp(http, midori.client_id)
        guesses = [(await guesser.exchange("x")).status_code for _ in range(60)]
    assert guesses[0] == 400
    assert guesses[-1] == 429
    await midori.connect(dosed)


async def test_staff_connect_no_app(sato: Visitor, ueda: Visitor, midori: ForeignApp):
    for who in (sato, ueda):
        assert (await who.get(midori.asks())).status_code == 404
        assert (await who.get("/account/apps")).status_code == 404
