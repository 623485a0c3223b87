"""The My Number login as a browser and an app meet it, in front of an issuer of the test's own."""

import html
import re
import secrets
from datetime import date
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import asyncpg
import httpx
import jwt
import pytest

from api.core.actor import ANONYMOUS, Actor
from api.identity import service as identity
from api.identity.keys import own_keys
from api.identity.national import service as national
from api.identity.national.login import Begun
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper
from tests.identity.national.issuer import Issuer
from tests.identity.national.test_service import grows_stale
from tests.identity.test_doors import HTML, Browser, _bearer
from tests.identity.test_dpop import App

CALLBACK = "/sign-in/my-number/callback"


@pytest.fixture
def browser(client: httpx.AsyncClient) -> Browser:
    return Browser(client)


@pytest.fixture
async def only(issuer: Issuer, hanako: Paper, admin: asyncpg.Connection) -> Paper:
    name = f"山本 花子{secrets.token_hex(4)}"
    await admin.execute(
        "UPDATE participant SET name = $2 WHERE participant_id = $1", hanako.participant_id, name
    )
    issuer.items["name"] = name
    return hanako


def _consented(issuer: Issuer, page: httpx.Response) -> dict[str, str]:
    """The query the issuer's page sends the browser back with."""
    url = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    assert url
    begun = Begun(url[1].replace("&amp;", "&"), "", page_date())
    return issuer.consent(begun)._asdict()


def page_date() -> Any:
    return date(2026, 11, 29)


async def _shown(browser: Browser, issuer: Issuer, start: str, door: str) -> httpx.Response:
    await browser.open(start)
    page = await browser.send(door)
    return await browser.client.get(CALLBACK, params=_consented(issuer, page))


async def _registered(browser: Browser, issuer: Issuer) -> None:
    sent = await _shown(browser, issuer, "/register", "/register/my-number")
    assert (sent.status_code, sent.headers["location"]) == (303, "/register/agree")
    assert "山● 花●" in (await browser.open("/register/agree")).text
    sent = await browser.send("/register/agree", answer="accept")
    assert (sent.status_code, sent.headers["location"]) == (303, "/home")


async def test_hanako_registers_signs_out_and_in_again(
    issuer: Issuer, only: Paper, browser: Browser
):
    await _registered(browser, issuer)
    assert "tsunagu_enrolment" not in browser.client.cookies
    await browser.open("/home")
    await browser.send("/sign-out")
    sent = await _shown(browser, issuer, "/sign-in", "/sign-in/my-number")
    assert (sent.status_code, sent.headers["location"]) == (303, "/home")
    assert "tsunagu_my_number" not in browser.client.cookies
    actor = await identity.actor_of(browser.client.cookies["tsunagu_session"])
    assert actor.participant_id == only.participant_id


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/oauth/authorize?client_id=x&state=1", "/oauth/authorize?client_id=x&state=1"),
        ("//elsewhere.example/oauth/authorize", "/home"),
        ("/account/keys/new", "/home"),
    ],
    ids=["where an app sent her from", "another site", "no place to come back to"],
)
async def test_whom_an_app_sent_comes_back_to_it_by_card_too(
    issuer: Issuer, only: Paper, browser: Browser, wanted: str, led_to: str
):
    await _registered(browser, issuer)
    await browser.open("/home")
    await browser.send("/sign-out")
    asked = await browser.open(f"/sign-in?next={quote(wanted)}")
    way = re.search(r'action="(/sign-in/my-number[^"]*)"', asked.text)
    assert way is not None
    page = await browser.send(html.unescape(way[1]))
    sent = await browser.client.get(CALLBACK, params=_consented(issuer, page))
    assert (sent.status_code, sent.headers["location"]) == (303, led_to)
    assert "tsunagu_my_number_next" not in browser.client.cookies


async def test_the_browsers_half_of_a_login_is_hidden_from_scripts_and_other_sites(
    issuer: Issuer, browser: Browser
):
    await browser.open("/sign-in")
    page = await browser.send("/sign-in/my-number")
    cookie = page.headers["set-cookie"].lower()
    assert cookie.startswith("tsunagu_my_number=")
    for word in ("httponly", "samesite=lax", "path=/", "max-age=600"):
        assert word in cookie
    assert browser.client.cookies["tsunagu_my_number"] not in page.text


async def test_no_other_site_begins_a_login(issuer: Issuer, browser: Browser):
    await browser.open("/sign-in")
    browser.csrf = "forged"
    assert (await browser.send("/sign-in/my-number")).status_code == 403


async def test_a_link_sent_around_signs_nobody_in(issuer: Issuer, only: Paper, browser: Browser):
    await browser.open("/sign-in")
    given = _consented(issuer, await browser.send("/sign-in/my-number"))
    browser.client.cookies.delete("tsunagu_my_number")
    answer = await browser.client.get(CALLBACK, params=given, headers={"accept": "text/html"})
    assert answer.status_code == 410
    assert "tsunagu_session" not in browser.client.cookies


@pytest.mark.parametrize("query", [{}, {"state": "x"}, {"state": "花"}, {"code": "x" * 9000}])
async def test_nonsense_at_the_way_back_is_refused(
    issuer: Issuer, browser: Browser, query: dict[str, str]
):
    answer = await browser.client.get(CALLBACK, params=query, headers={"accept": "text/html"})
    assert answer.status_code == 410


async def test_hanako_adds_her_card_and_sees_it_there(
    issuer: Issuer, only: Paper, browser: Browser, device: Authenticator
):
    session = await only.register(device)
    browser.client.cookies.set("tsunagu_session", session.token)
    page = await browser.open("/account/my-number")
    assert "Add my My Number card" in page.text
    sent = await _shown(browser, issuer, "/account/my-number", "/account/my-number")
    assert (sent.status_code, sent.headers["location"]) == (303, "/account/my-number")
    page = await browser.open("/account/my-number")
    assert "You can sign in with your My Number card." in page.text


async def test_an_adding_begun_by_hanako_is_not_finished_after_she_signed_out(
    issuer: Issuer, only: Paper, browser: Browser, device: Authenticator
):
    session = await only.register(device)
    browser.client.cookies.set("tsunagu_session", session.token)
    await browser.open("/account/my-number")
    given = _consented(issuer, await browser.send("/account/my-number"))
    browser.client.cookies.delete("tsunagu_session")
    assert (await browser.client.get(CALLBACK, params=given)).status_code == 410


async def _with_card(issuer: Issuer, only: Paper, browser: Browser, device: Authenticator) -> Actor:
    session = await only.register(device)
    browser.client.cookies.set("tsunagu_session", session.token, domain="localhost.local")
    await _shown(browser, issuer, "/account/my-number", "/account/my-number")
    return await identity.actor_of(session.token)


async def test_hanako_is_asked_who_she_is_before_a_card_is_added(
    issuer: Issuer,
    only: Paper,
    browser: Browser,
    device: Authenticator,
    admin: asyncpg.Connection,
):
    session = await only.register(device)
    browser.client.cookies.set("tsunagu_session", session.token)
    actor = await identity.actor_of(session.token)
    await browser.open("/account/my-number")
    given = _consented(issuer, await browser.send("/account/my-number"))
    await grows_stale(admin, actor)
    page = await browser.send("/account/my-number")
    assert page.status_code == 403
    assert 'id="held"' in page.text
    # and where she was so long on the other side that her session is fresh no more
    sent = await browser.client.get(CALLBACK, params=given)
    assert sent.headers["location"] == "/step-up?next=/account/my-number"
    assert await national.own(actor) is None


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/account/keys/new", "/account/keys/new"),
        ("/access-log?who=佐藤", "/access-log?who=%E4%BD%90%E8%97%A4"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
    ],
    ids=["a page", "its question", "another host", "another site"],
)
async def test_hanako_shows_her_card_again_and_goes_on_to_where_she_was_going(
    issuer: Issuer,
    only: Paper,
    browser: Browser,
    device: Authenticator,
    admin: asyncpg.Connection,
    wanted: str,
    led_to: str,
):
    actor = await _with_card(issuer, only, browser, device)
    await grows_stale(admin, actor)
    earlier = browser.client.cookies["tsunagu_session"]
    asked = await browser.open("/account/keys/new")
    assert asked.status_code == 403
    assert 'action="/step-up/my-number"' in asked.text
    assert 'name="next" value="/account/keys/new"' in asked.text
    page = await browser.send("/step-up/my-number", next=wanted)
    sent = await browser.client.get(CALLBACK, params=_consented(issuer, page))
    assert (sent.status_code, sent.headers["location"]) == (303, led_to)
    assert "tsunagu_my_number_next" not in browser.client.cookies
    assert browser.client.cookies["tsunagu_session"] != earlier
    assert await identity.actor_of(earlier) == ANONYMOUS
    assert (await browser.open("/account/keys/new")).status_code == 200


async def test_what_was_typed_stays_on_the_page_while_the_card_is_shown_on_another(
    issuer: Issuer,
    only: Paper,
    browser: Browser,
    device: Authenticator,
    admin: asyncpg.Connection,
):
    actor = await _with_card(issuer, only, browser, device)
    await grows_stale(admin, actor)
    await browser.open("/account/recovery")
    held = (await browser.send("/account/recovery")).text
    assert 'target="_blank"' in held
    assert 'form="held">Go on</button>' in held
    assert 'name="next" value="/step-up/done"' in held
    page = await browser.send("/step-up/my-number", next="/step-up/done")
    sent = await browser.client.get(CALLBACK, params=_consented(issuer, page))
    assert sent.headers["location"] == "/step-up/done"
    assert "We are sure that it is you" in (await browser.open("/step-up/done")).text
    assert "<code>" in (await browser.send("/account/recovery")).text


async def test_hanako_removes_her_card_unless_it_is_her_last_way_in(
    issuer: Issuer, only: Paper, browser: Browser
):
    await _registered(browser, issuer)
    await browser.open("/account/my-number")
    refused = await browser.send("/account/my-number/remove")
    assert refused.status_code == 409
    assert "the last key you can sign in with" in refused.text
    actor = await identity.actor_of(browser.client.cookies["tsunagu_session"])
    phone = Authenticator()
    await own_keys.add_passkey(actor, phone.create(await own_keys.creation_options(actor)), "")
    sent = await browser.send("/account/my-number/remove")
    assert (sent.status_code, sent.headers["location"]) == (303, "/account/my-number")
    assert await national.own(actor) is None


async def test_the_card_stands_beside_the_other_keys(issuer: Issuer, only: Paper, browser: Browser):
    await _registered(browser, issuer)
    assert 'href="/account/my-number"' in (await browser.open("/account/keys")).text
    assert "With the My Number card" in (await browser.open("/account/sessions")).text


async def test_a_card_nobody_matches_leads_to_the_page_that_says_what_to_do(
    issuer: Issuer, browser: Browser
):
    issuer.items["name"] = f"だれか{secrets.token_hex(4)}"
    sent = await _shown(browser, issuer, "/register", "/register/my-number")
    assert (sent.status_code, sent.headers["location"]) == (303, "/register/my-number/card")
    page = await browser.open("/register/my-number/card")
    assert "Please tell us your card number" in page.text
    page = await browser.send("/register/my-number/card", card="123456789018")
    assert page.status_code == 422
    assert "123456789018" not in page.text


# An app


async def _over_json(
    client: httpx.AsyncClient, issuer: Issuer, door: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    begun = (await client.post(door, headers=headers)).json()
    return await client.post(f"{door}/finish", json=_answer(issuer, begun), headers=headers)


def _answer(issuer: Issuer, begun: dict[str, Any]) -> dict[str, Any]:
    asked = parse_qs(urlsplit(begun["authorization_url"]).query)
    assert asked["redirect_uri"] == ["http://localhost:8000/app/my-number"]
    answer = issuer.consent(Begun(begun["authorization_url"], "", page_date()))
    return {"login": begun["login"]} | answer._asdict()


async def test_an_app_registers_signs_out_and_in(
    issuer: Issuer, only: Paper, client: httpx.AsyncClient
):
    assert (await _over_json(client, issuer, "/sessions/my-number")).status_code == 403
    begun = await _over_json(client, issuer, "/enrolments/my-number")
    assert begun.status_code == 201
    ticket = _bearer(begun.json()["ticket"])
    shown = (await client.get("/enrolments/current", headers=ticket)).json()
    early = await client.post("/enrolments/current/my-number", headers=ticket)
    assert early.status_code == 409
    accepted = {"terms_version": shown["terms_version"]}
    await client.post("/enrolments/current/acceptance", json=accepted, headers=ticket)
    finished = await client.post("/enrolments/current/my-number", headers=ticket)
    assert finished.status_code == 201
    session = _bearer(finished.json()["token"])
    mine = (await client.get("/me/my-number", headers=session)).json()
    assert mine["is_added"] is True
    assert (await _over_json(client, issuer, "/enrolments/my-number")).status_code == 409

    opened = await _over_json(client, issuer, "/sessions/my-number", session)
    assert opened.status_code == 201
    assert (await client.get("/me", headers=session)).status_code == 401
    assert (await client.get("/me", headers=_bearer(opened.json()["token"]))).status_code == 200


async def test_an_app_is_told_of_several_and_goes_on_with_the_card(
    issuer: Issuer, client: httpx.AsyncClient
):
    issuer.items["name"] = f"だれか{secrets.token_hex(4)}"
    refused = await _over_json(client, issuer, "/enrolments/my-number")
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("error.my_number.no_match")
    body = {"proof": refused.json()["proof"], "card": "1234"}
    assert (await client.post("/enrolments/my-number/card", json=body)).status_code == 422


async def test_an_app_adds_a_card(
    issuer: Issuer, only: Paper, device: Authenticator, client: httpx.AsyncClient
):
    session = _bearer((await only.register(device)).token)
    assert (await client.get("/me/my-number", headers=session)).json()["is_added"] is False
    assert (await _over_json(client, issuer, "/me/my-number", session)).status_code == 204
    assert (await client.get("/me/my-number", headers=session)).json()["is_added"] is True


async def test_an_app_shows_the_card_again_and_removes_it(
    issuer: Issuer,
    only: Paper,
    device: Authenticator,
    client: httpx.AsyncClient,
    admin: asyncpg.Connection,
):
    token = (await only.register(device)).token
    session, actor = _bearer(token), await identity.actor_of(token)
    assert (await _over_json(client, issuer, "/me/my-number", session)).status_code == 204
    await grows_stale(admin, actor)
    refused = await client.delete("/me/my-number", headers=session)
    assert refused.json()["type"] == "urn:tsunagu:problem:error.step_up.needed"
    assert (await client.post("/me/my-number", headers=session)).status_code == 403
    shown = await _over_json(client, issuer, "/me/step-up/my-number", session)
    assert shown.status_code == 200
    assert (await client.get("/me", headers=session)).status_code == 401
    fresh = _bearer(shown.json()["token"])
    assert (await client.delete("/me/my-number", headers=fresh)).status_code == 204
    assert (await client.delete("/me/my-number", headers=fresh)).status_code == 404


async def test_a_card_of_somebody_else_is_refused_and_hanakos_log_says_so(
    issuer: Issuer, only: Paper, device: Authenticator, client: httpx.AsyncClient
):
    session = _bearer((await only.register(device)).token)
    await _over_json(client, issuer, "/me/my-number", session)
    issuer.sub = "Yumi"
    refused = await _over_json(client, issuer, "/me/step-up/my-number", session)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tsunagu:problem:error.my_number.not_own"
    log = (await client.get("/me/access-log?count=1", headers=session | HTML)).json()
    said = log["events"][0]["sentence"]
    assert said == "Someone tried to confirm that they were you, and was refused."


async def test_an_app_with_a_key_signs_in_by_card_adds_one_and_shows_it_again(
    issuer: Issuer,
    only: Paper,
    device: Authenticator,
    client: httpx.AsyncClient,
    admin: asyncpg.Connection,
):
    await only.register(device)
    app = App(client)
    await app.sign_in(device)
    assert (await _bound(app, issuer, "/me/my-number")).status_code == 204
    begun = (await client.post("/sessions/my-number")).json()
    door = "/sessions/my-number/finish"
    headers = {"dpop": app.proof("POST", door)}
    app.tokens = (await client.post(door, json=_answer(issuer, begun), headers=headers)).json()
    assert app.tokens["token_type"] == "DPoP"
    (session,) = [e for e in (await app.send(path="/me/sessions")).json() if e["is_current"]]
    assert session["way"] == "my_number"
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes' WHERE session_id = $1",
        UUID(session["id"]),
    )
    assert (await app.send("DELETE", "/me/my-number")).status_code == 403
    earlier = app.tokens["access_token"]
    shown = await _bound(app, issuer, "/me/step-up/my-number")
    assert shown.status_code == 200
    app.tokens = shown.json()
    assert (await app.send(token=earlier)).status_code == 401
    assert (await app.send("DELETE", "/me/my-number")).status_code == 204


async def _bound(app: App, issuer: Issuer, door: str) -> httpx.Response:
    begun = (await app.send("POST", door)).json()
    return await app.send("POST", f"{door}/finish", json=_answer(issuer, begun))


async def test_our_key_set_holds_public_halves_alone(issuer: Issuer, client: httpx.AsyncClient):
    keys = (await client.get("/.well-known/my-number-client/jwks.json")).json()
    assert len(jwt.PyJWKSet.from_dict(keys).keys) == 2
    assert all("d" not in key for key in keys["keys"])
