"""The My Number login as a browser and an app meet it, in front of an issuer of the test's own."""

import re
import secrets
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import jwt
import pytest

from api.identity import service as identity
from api.identity.national.login import Begun
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper
from tests.identity.national.issuer import Issuer
from tests.identity.test_doors import Browser, _bearer

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
    asked = parse_qs(urlsplit(begun["authorization_url"]).query)
    assert asked["redirect_uri"] == ["http://localhost:8000/app/my-number"]
    answer = issuer.consent(Begun(begun["authorization_url"], "", page_date()))
    body = {"login": begun["login"]} | answer._asdict()
    return await client.post(f"{door}/finish", json=body, headers=headers)


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


async def test_our_key_set_holds_public_halves_alone(issuer: Issuer, client: httpx.AsyncClient):
    keys = (await client.get("/.well-known/my-number-client/jwks.json")).json()
    assert len(jwt.PyJWKSet.from_dict(keys).keys) == 2
    assert all("d" not in key for key in keys["keys"])
