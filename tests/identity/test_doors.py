"""The doors as a browser and a phone meet them: the portal's pages and the JSON API."""

import io
import re
import secrets

import asyncpg
import httpx
import pytest
import structlog

from api.directory import service as directory
from api.identity import demo_door
from api.identity import service as identity
from api.identity.enrolling.activation_code import new_activation_code
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, some_card
from tests.identity.test_enrolment import A_MY_NUMBER

HTML = {"accept": "text/html", "accept-language": "en"}


class Browser:
    """Posts forms as pages give them, with their hidden fields, and follows no redirect unasked."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def open(self, path: str) -> httpx.Response:
        page = await self.client.get(path, headers=HTML)
        if found := re.search(r'name="_csrf_token" value="([^"]+)"', page.text):
            self.csrf = found[1]
        return page

    async def send(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"_csrf_token": self.csrf, **fields}, headers=HTML)

    async def script(self, path: str, body: object) -> httpx.Response:
        """As passkey.js does."""
        return await self.client.post(
            path, json=body, headers={"x-csrftoken": self.csrf, "accept": "application/json"}
        )


@pytest.fixture
def browser(client: httpx.AsyncClient) -> Browser:
    return Browser(client)


def _filled(paper: Paper, **changed: str) -> dict[str, str]:
    return {
        "card": paper.card.grouped,
        "birth_era": paper.birth.era,
        "birth_year": paper.birth.year,
        "birth_month": paper.birth.month,
        "birth_day": paper.birth.day,
        "code": paper.code.printed,
    } | changed


def _wrong_code() -> str:
    return new_activation_code(secrets.token_bytes(7)).text


async def test_hanako_registers_in_the_browser_signs_out_and_in_again(
    hanako: Paper, device: Authenticator, browser: Browser
):
    await browser.open("/register")
    sent = await browser.send("/register", **_filled(hanako))
    assert (sent.status_code, sent.headers["location"]) == (303, "/register/agree")
    cookie = sent.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    agree = await browser.open("/register/agree")
    assert "山● 花●" in agree.text
    sent = await browser.send("/register/agree", answer="accept")
    assert sent.headers["location"] == "/register/passkey"
    assert (await browser.open("/register/passkey")).status_code == 200
    options = (await browser.script("/register/passkey/options", {})).json()
    done = await browser.script("/register/passkey", device.create(options))
    assert done.json() == {"next": "/home"}
    assert "tsunagu_session" in browser.client.cookies
    assert "tsunagu_enrolment" not in browser.client.cookies

    out = await browser.send("/sign-out")
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert "tsunagu_session" not in browser.client.cookies

    await browser.open("/sign-in")
    options = (await browser.script("/sign-in/options", {})).json()
    assert (await browser.script("/sign-in/verify", device.get(options))).json()["next"] == "/home"
    assert (await browser.open("/sign-in")).headers["location"] == "/home"


async def test_a_second_press_of_the_last_button_leads_to_sign_in(
    hanako: Paper, device: Authenticator, browser: Browser
):
    await browser.open("/register")
    await browser.send("/register", **_filled(hanako))
    ticket = browser.client.cookies["tsunagu_enrolment"]
    await browser.send("/register/agree", answer="accept")
    credential = device.create((await browser.script("/register/passkey/options", {})).json())
    await browser.script("/register/passkey", credential)
    browser.client.cookies.set("tsunagu_enrolment", ticket, path="/register")
    assert (await browser.script("/register/passkey", credential)).json() == {"next": "/sign-in"}


async def test_refusing_leads_home_and_takes_the_ticket_away(hanako: Paper, browser: Browser):
    await browser.open("/register")
    await browser.send("/register", **_filled(hanako))
    sent = await browser.send("/register/agree", answer="refuse")
    assert sent.headers["location"] == "/"
    assert (await browser.open("/register/agree")).headers["location"] == "/register"


async def test_a_mistyped_form_keeps_what_was_right_and_never_shows_the_code(
    hanako: Paper, browser: Browser
):
    await browser.open("/register")
    page = await browser.send("/register", **_filled(hanako, birth_day="31"))
    assert page.status_code == 422
    assert "There is no such day in the calendar." in page.text
    assert hanako.card.grouped in page.text
    assert hanako.code.printed not in page.text
    assert hanako.code.text not in page.text


@pytest.mark.parametrize(
    "typed", [A_MY_NUMBER, "1234-5678-9018", "１２３４５６７８９０１８", "1" * 12]
)
async def test_a_typed_my_number_is_not_shown_again(hanako: Paper, browser: Browser, typed: str):
    await browser.open("/register")
    page = await browser.send(
        "/register", **_filled(hanako, card=typed, birth_year=typed, code=typed)
    )
    assert page.status_code == 422
    assert typed not in page.text


async def test_absent_and_present_cards_get_the_same_page(hanako: Paper, browser: Browser):
    absent = hanako._replace(card=some_card(directory.profile().card_scheme))
    await browser.open("/register")
    pages = [
        await browser.send("/register", **_filled(paper, code=_wrong_code()))
        for paper in (hanako, absent)
    ]
    texts = [
        page.text.replace(paper.card.grouped, "CARD")
        for page, paper in zip(pages, (hanako, absent), strict=True)
    ]
    assert [page.status_code for page in pages] == [422, 422]
    assert texts[0] == texts[1]
    assert "do not belong together" in texts[0]


async def test_a_post_from_another_site_is_refused(hanako: Paper, browser: Browser):
    await browser.open("/register")
    browser.csrf = "forged"
    assert (await browser.send("/register", **_filled(hanako))).status_code == 403
    assert (await browser.script("/sign-in/options", {})).status_code == 403


@pytest.mark.parametrize(
    ("following", "place"),
    [("/register", "/register"), ("//evil.example", "/"), ("https://evil.example", "/")],
)
async def test_comfort_is_kept_and_leads_back_to_our_own_pages_only(
    browser: Browser, following: str, place: str
):
    await browser.open("/register")
    sent = await browser.send("/preferences", text_size="large", locale="xx", next=following)
    assert (sent.status_code, sent.headers["location"]) == (303, place)
    assert browser.client.cookies["text_size"] == "large"
    assert "locale" not in browser.client.cookies


async def test_looking_at_a_demo_link_does_not_use_it_up(
    hanako: Paper, device: Authenticator, browser: Browser
):
    session = await hanako.register(device)
    account_id = (await identity.actor_of(session.token)).account_id
    assert account_id
    await demo_door.declare_deployment(is_demo=True)
    link = await demo_door.make_demo_link(account_id)
    for _ in range(2):
        assert (await browser.open(f"/demo/sign-in/{link}")).status_code == 200
    sent = await browser.send("/demo/sign-in", token=link)
    assert (sent.status_code, sent.headers["location"]) == (303, "/home")
    assert (await browser.send("/demo/sign-in", token=link)).status_code == 410


async def test_a_phone_registers_signs_out_and_in_over_json(
    hanako: Paper, device: Authenticator, client: httpx.AsyncClient
):
    begun = await client.post(
        "/enrolments",
        json={"card": hanako.card.digits, "birth_on": "1940-04-09", "code": hanako.code.text},
    )
    assert begun.status_code == 201
    ticket = _bearer(begun.json()["ticket"])
    shown = (await client.get("/enrolments/current", headers=ticket)).json()
    assert (shown["name"], shown["is_accepted"]) == ("山● 花●", False)
    accepted = await client.post(
        "/enrolments/current/acceptance",
        json={"terms_version": shown["terms_version"]},
        headers=ticket,
    )
    assert accepted.status_code == 204
    options = await client.post("/enrolments/current/passkey/options", headers=ticket)
    finished = await client.post(
        "/enrolments/current/passkey", json=device.create(options.json()), headers=ticket
    )
    assert finished.status_code == 201
    session = _bearer(finished.json()["token"])
    again = await client.post(
        "/enrolments/current/passkey", json=device.create(options.json()), headers=ticket
    )
    assert again.status_code == 409
    assert again.json()["type"] == "urn:tsunagu:problem:error.enrolment.already_enrolled"

    options = await client.post("/sessions/options")
    opened = await client.post("/sessions", json=device.get(options.json()), headers=session)
    assert opened.status_code == 201
    assert (await client.delete("/sessions/current", headers=session)).status_code == 401
    renewed = _bearer(opened.json()["token"])
    assert (await client.delete("/sessions/current", headers=renewed)).status_code == 204
    assert (await client.delete("/sessions/current", headers=renewed)).status_code == 401


async def test_over_json_absent_and_present_cards_answer_alike(
    hanako: Paper, client: httpx.AsyncClient
):
    absent = some_card(directory.profile().card_scheme)
    answers = [
        await client.post(
            "/enrolments",
            json={"card": card.digits, "birth_on": "1940-04-09", "code": _wrong_code()},
        )
        for card in (hanako.card, absent)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].content == answers[1].content


async def test_refusing_over_json(hanako: Paper, client: httpx.AsyncClient):
    ticket = _bearer(await hanako.begin())
    assert (await client.post("/enrolments/current/refusal", headers=ticket)).status_code == 204
    assert (await client.get("/enrolments/current", headers=ticket)).status_code == 410
    assert (await client.get("/enrolments/current")).status_code == 410


async def test_the_portals_cookie_opens_no_json_door(
    hanako: Paper, device: Authenticator, client: httpx.AsyncClient
):
    session = await hanako.register(device)
    client.cookies.set("tsunagu_session", session.token)
    assert (await client.delete("/sessions/current")).status_code == 401


async def test_a_token_request_is_refused_in_the_words_of_oauth(client: httpx.AsyncClient):
    asked = {"grant_type": "password", "scope": "system/*.read"}
    answer = await client.post("/oauth/token", data=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert answer.headers["cache-control"] == "no-store"
    for fields in ({}, {"grant_type": ["client_credentials", "client_credentials"]}):
        answer = await client.post("/oauth/token", data=fields)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("root", ["", "/fhir/R4"])
async def test_a_system_learns_where_to_ask_for_a_token(client: httpx.AsyncClient, root: str):
    answer = (await client.get(f"{root}/.well-known/smart-configuration")).json()
    assert answer["token_endpoint"] == "http://localhost:8000/oauth/token"
    assert answer["token_endpoint_auth_methods_supported"] == ["none", "private_key_jwt"]
    assert answer["authorization_endpoint"] == "http://localhost:8000/oauth/authorize"
    assert answer["revocation_endpoint"] == "http://localhost:8000/oauth/revoke"
    assert answer["code_challenge_methods_supported"] == ["S256"]


async def test_a_my_number_is_in_no_table_and_in_no_log(
    hanako: Paper,
    browser: Browser,
    client: httpx.AsyncClient,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
):
    said = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(said), processors=structlog.get_config()["processors"]
    )
    monkeypatch.setattr("api.app.log", logger)
    await browser.open("/register")
    for field in ("card", "code", "birth_year", "birth_month", "birth_era"):
        await browser.send("/register", **_filled(hanako, **{field: A_MY_NUMBER}))
    for field in ("card", "code", "birth_on"):
        sent = {"card": hanako.card.digits, "birth_on": "1940-04-09", "code": hanako.code.text}
        answer = await client.post("/enrolments", json=sent | {field: A_MY_NUMBER})
        assert A_MY_NUMBER not in answer.text
    assert said.getvalue().count("http:request:answered") == 9
    assert A_MY_NUMBER not in said.getvalue()
    tables = await admin.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('public', 'app')"
    )
    assert len(tables) > 20
    for table in tables:
        found = await admin.fetchval(
            f"SELECT count(*) FROM {table['name']} t WHERE t::text LIKE '%{A_MY_NUMBER}%'"
            f" OR t::text LIKE '%{A_MY_NUMBER.encode().hex()}%'"
        )
        assert found == 0, table["name"]


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
