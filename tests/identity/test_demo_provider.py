"""The demo's own My Number login refuses what the real one refuses, and exists in a demo alone."""

import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from litestar import Litestar
from msgspec.structs import replace

from api import demo, demo_provider
from api.app import create_app
from api.core import runtime
from api.core.crypto import base64url, sha256
from api.core.settings import NationalLogin
from api.identity.national import provider
from api.identity.national.login import redirect_uri
from tests.conftest import Deployment
from tests.identity.test_doors import HTML, Browser

ISSUER = "http://localhost:8000/demo/my-number"
AUTH, TOKEN = f"{ISSUER}/protocol/openid-connect/auth", f"{ISSUER}/protocol/openid-connect/token"
USERINFO = f"{ISSUER}/protocol/openid-connect/userinfo"
VERIFIER = "v" * 43


@pytest.fixture
def browser(client: httpx.AsyncClient, people: dict[str, demo.Cast]) -> Browser:
    return Browser(client)


def _asked(**changed: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "TsunaguDemo",
        "redirect_uri": redirect_uri("portal"),
        "scope": "openid name address birthdate gender",
        "state": "s",
        "nonce": "n",
        "code_challenge": base64url(sha256(VERIFIER.encode())),
        "code_challenge_method": "S256",
        "acr_values": "aal3",
    } | changed


async def _answer(browser: Browser, person: str = "hanako", **changed: str) -> dict[str, str]:
    await browser.open("/sign-in")
    sent = await browser.send(urlsplit(AUTH).path, person=person, **_asked(**changed))
    return _query(sent)


def _query(sent: httpx.Response) -> dict[str, str]:
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{redirect_uri('portal')}?")
    return {k: v[0] for k, v in parse_qs(urlsplit(sent.headers["location"]).query).items()}


def _form(code: str, **changed: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri("portal"),
        "code_verifier": VERIFIER,
        "client_assertion_type": provider.ASSERTION_TYPE,
        "client_assertion": provider.assertion(TOKEN),
    } | changed


def _assertion(**changed: Any) -> str:
    key, now = provider.client_keys().current(), int(time.time())
    claims = {"iss": "TsunaguDemo", "sub": "TsunaguDemo", "aud": TOKEN, "iat": now}
    claims |= {"exp": now + 60, "jti": secrets.token_hex(8)} | changed
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid})


async def test_hanako_is_told_of_as_she_held_up_her_card(browser: Browser):
    answer = await _answer(browser)
    assert (answer["state"], answer["iss"]) == ("s", ISSUER)
    tokens = (await browser.client.post(TOKEN, data=_form(answer["code"]))).json()
    keys = (await browser.client.get(f"{ISSUER}/protocol/openid-connect/certs")).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims = jwt.decode(
        tokens["id_token"], key, algorithms=["ES256"], audience="TsunaguDemo", issuer=ISSUER
    )
    assert (claims["nonce"], claims["acr"]) == ("n", "aal3 crl")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    told = (await browser.client.get(USERINFO, headers=bearer)).json()
    assert told == {
        "sub": claims["sub"],
        "name": "山本 花子",
        "address": "熊本県上益城郡益城町つなぐ1-2-3",
        "birthdate": "19680503",
        "gender": "2",
    }


async def test_who_only_signs_in_tells_no_item(browser: Browser):
    code = (await _answer(browser, scope="openid"))["code"]
    tokens = (await browser.client.post(TOKEN, data=_form(code))).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert list((await browser.client.get(USERINFO, headers=bearer)).json()) == ["sub"]


@pytest.mark.parametrize(
    "changed", [{"client_id": "RP2"}, {"redirect_uri": "https://evil.example/"}], ids=str
)
async def test_nobody_is_sent_to_an_address_that_is_not_ours(
    browser: Browser, changed: dict[str, str]
):
    answer = await browser.client.get(AUTH, params=_asked(**changed), headers=HTML)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "name"}, "invalid_scope"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"nonce": ""}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_request_that_is_not_whole_goes_back_refused(
    browser: Browser, changed: dict[str, str], error: str
):
    asked = await browser.client.get(AUTH, params=_asked(**changed), headers=HTML)
    assert _query(asked)["error"] == error
    assert (await _answer(browser, **changed))["error"] == error


async def test_who_is_not_of_the_cast_or_stops_gets_no_code(browser: Browser):
    for person in ("", "sato", "nobody"):
        answer = await _answer(browser, person)
        assert (answer["error"], answer.get("code")) == ("access_denied", None)


async def test_a_code_serves_once_with_its_verifier_at_its_address(browser: Browser):
    code = (await _answer(browser))["code"]
    refused = [
        _form(code, code_verifier="w" * 43),
        _form(code, redirect_uri=redirect_uri("app")),
        _form(f"{code}x"),
        _form(""),
    ]
    for form in refused:
        answer = await browser.client.post(TOKEN, data=form)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})
    assert (await browser.client.post(TOKEN, data=_form(code))).status_code == 200
    answer = await browser.client.post(TOKEN, data=_form(code))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


async def test_an_access_token_is_no_code(browser: Browser):
    code = (await _answer(browser))["code"]
    tokens = (await browser.client.post(TOKEN, data=_form(code))).json()
    answer = await browser.client.post(TOKEN, data=_form(tokens["access_token"]))
    assert answer.json() == {"error": "invalid_grant"}
    bearer = {"authorization": f"Bearer {code}"}
    assert (await browser.client.get(USERINFO, headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ISSUER},
        {"iss": "RP2"},
        {"sub": "RP2"},
        {"exp": 1},
        {"exp": int(time.time()) + 86_400},
        {"jti": None},
    ],
    ids=["audience", "issuer", "subject", "expired", "a day long", "no id"],
)
async def test_an_assertion_that_lies_is_refused(browser: Browser, changed: dict[str, Any]):
    code = (await _answer(browser))["code"]
    form = _form(code, client_assertion=_assertion(**changed))
    answer = await browser.client.post(TOKEN, data=form)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_an_assertion_serves_once(browser: Browser):
    assertion = _assertion()
    codes = [(await _answer(browser))["code"] for _ in range(2)]
    first = await browser.client.post(TOKEN, data=_form(codes[0], client_assertion=assertion))
    again = await browser.client.post(TOKEN, data=_form(codes[1], client_assertion=assertion))
    assert (first.status_code, again.status_code) == (200, 401)


async def test_without_an_assertion_nobody_is_told_anything(browser: Browser):
    code = (await _answer(browser))["code"]
    answer = await browser.client.post(TOKEN, data=_form(code, client_assertion_type="secret"))
    assert answer.status_code == 401
    grant = await browser.client.post(TOKEN, data=_form(code, grant_type="password"))
    assert grant.json() == {"error": "unsupported_grant_type"}


async def test_it_exists_in_a_demo_without_an_issuer_of_its_own_and_nowhere_else(
    database: Deployment, app: Litestar
):
    real = NationalLogin(issuer="https://issuer.example", client_id="RP1")
    try:
        production = create_app(
            replace(database.settings, is_demo=False, my_number=real),
            database.keys,
            database.app_dsn,
        )
        other_demo = create_app(
            replace(database.settings, my_number=real), database.keys, database.app_dsn
        )
        with pytest.raises(demo_provider.NotFound):
            demo_provider.sub_of("hanako")
    finally:
        runtime.start(database.settings, database.keys)
    served = [
        len([route for route in each.routes if route.path.startswith("/demo/my-number")])
        for each in (app, other_demo, production)
    ]
    assert served == [5, 0, 0]
