"""Sessions, forms of other sites, and what a browser is told to keep."""

import json
import re
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from api import demo
from api.app import create_app
from api.core import clock, runtime
from api.identity import demo_door
from api.identity import service as identity
from api.identity.guards import SESSION_COOKIE
from tests.attacks.conftest import Attacker, World, held_of, session_of
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, hanako

__all__ = ["hanako"]

HTML = {"accept": "text/html"}


async def _register(paper: Paper) -> Authenticator:
    device = Authenticator()
    await paper.register(device)
    return device


async def _sign_in(browser: Attacker, device: Authenticator) -> httpx.Response:
    options = (await browser.send("POST", "/sign-in/options", body={})).json()
    return await browser.send("POST", "/sign-in/verify", body=device.get(options))


async def test_a_session_planted_before_sign_in_is_never_taken_up(attacking, hanako: Paper):
    device, planted = await _register(hanako), "A" * 43
    async with attacking() as browser:
        browser.http.cookies.set(SESSION_COOKIE, planted, domain="localhost.local", path="/")
        answer = await _sign_in(browser, device)
        assert answer.json() == {"next": "/home"}
        given = re.search(rf"{SESSION_COOKIE}=([^;]+)", answer.headers["set-cookie"])
        assert given
        assert given[1] != planted
    async with attacking() as attacker:
        attacker.http.cookies.set(SESSION_COOKIE, planted)
        home = await attacker.http.get("/home", headers=HTML)
        assert (home.status_code, home.headers["location"]) == (303, "/sign-in")


async def test_signing_in_ends_the_session_the_browser_came_with(
    attacking, hanako: Paper, world: World
):
    device, earlier = await _register(hanako), await session_of(world.sato)
    async with attacking() as browser:
        browser.http.cookies.set(SESSION_COOKIE, earlier)
        assert (await _sign_in(browser, device)).status_code == 200
    assert (await identity.actor_of(earlier)).kind == "anonymous"


async def test_registering_ends_the_session_the_browser_came_with(
    attacking, hanako: Paper, world: World
):
    device, earlier, ticket = Authenticator(), await session_of(world.sato), await hanako.accepted()
    async with attacking() as browser:
        browser.http.cookies.set(SESSION_COOKIE, earlier)
        browser.http.cookies.set("tsunagu_enrolment", ticket, path="/register")
        options = (await browser.send("POST", "/register/passkey/options", body={})).json()
        answer = await browser.send("POST", "/register/passkey", body=device.create(options))
        assert answer.json() == {"next": "/home"}
    assert (await identity.actor_of(earlier)).kind == "anonymous"


async def test_a_session_signed_out_of_opens_nothing_more(attacking, world: World):
    async with attacking(actor=world.hanako) as browser:
        token = browser.bearer
        await browser.send("POST", "/sign-out", form={})
    async with attacking(token=token) as thief:
        thief.http.cookies.set(SESSION_COOKIE, token)
        assert (await thief.send("GET", "/home", html=True)).headers["location"] == "/sign-in"
        assert (await thief.send("GET", "/me")).status_code == 401


async def test_the_database_holds_no_session_that_could_be_used(
    world: World, admin: asyncpg.Connection
):
    token = await session_of(world.hanako)
    rows = await admin.fetch("SELECT s::text AS text FROM session s")
    assert rows
    assert not any(token in row["text"] or token.encode().hex() in row["text"] for row in rows)


async def test_a_sign_in_seen_on_the_way_serves_nobody_twice(attacking, hanako: Paper):
    device = await _register(hanako)
    async with attacking() as browser, attacking() as thief:
        options = (await browser.send("POST", "/sign-in/options", body={})).json()
        assertion = device.get(options)
        assert (await browser.send("POST", "/sign-in/verify", body=assertion)).status_code == 200
        for path in ("/sign-in/verify", "/sessions"):
            answer = await thief.send("POST", path, body=assertion)
            assert answer.status_code == 403
            assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


async def test_a_sign_in_with_anything_exchanged_is_refused(attacking, hanako: Paper):
    device, other = await _register(hanako), Authenticator()
    async with attacking() as browser:

        async def options() -> dict:
            return (await browser.send("POST", "/sign-in/options", body={})).json()

        forged = Authenticator()
        forged.credential_id = device.credential_id
        phished = Authenticator(origin="https://tsunagu.example")
        phished.credential_id, phished.key, phished.count = device.credential_id, device.key, 50
        elsewhere = Authenticator(rp_id="evil.example")
        elsewhere.credential_id, elsewhere.key, elsewhere.count = (
            device.credential_id,
            device.key,
            60,
        )
        for assertion in (
            other.get(await options()),
            forged.get(await options()),
            phished.get(await options()),
            elsewhere.get(await options()),
            device.get(await options(), verified=False),
            device.get({"challenge": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE"}),
            device.get(await options()) | {"response": {}},
        ):
            answer = await browser.send("POST", "/sign-in/verify", body=assertion)
            assert answer.status_code == 403
            assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")
        assert (await _sign_in(browser, device)).status_code == 200


# Forms of other sites


def _portal_posts(app: Litestar) -> list[str]:
    return sorted(
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method == "POST" and handler.opt.get("door") == "portal"
    )


class Anything(dict[str, object]):
    """For what the world has none of: an id of nothing."""

    def __missing__(self, name: str) -> object:
        return uuid4()


async def test_no_form_of_another_site_changes_anything(
    app: Litestar, attacking, own_world: World, admin: asyncpg.Connection
):
    """Every POST of the portal, with the victim's cookie and without, or with a wrong, token."""
    posts = _portal_posts(app)
    assert len(posts) >= 18
    wish = json.dumps(
        [{"kind": "facility", "facility_id": str(own_world.clinic.facility_id), "on": True}]
    )
    before = await held_of(admin, own_world.hanako.participant_id)
    his = await held_of(admin, own_world.taro.participant_id)
    own = {
        "case_id": own_world.case_id,
        "facility_id": own_world.clinic.facility_id,
        "grant_id": own_world.grant_id,
        "notice_id": own_world.notice_id,
        "number": 1,
        "participant_id": own_world.taro.participant_id,
        "passkey_id": own_world.passkey_id,
        "place": 1,
        "session_id": own_world.session_id,
        "professional_id": own_world.sato.professional_id,
        "provision_id": 1,
        "record_id": own_world.record_id,
        "request_id": own_world.request_id,
    }
    for actor in (own_world.hanako, own_world.sato, own_world.ueda, None):
        for path in posts:
            url = path.format_map(Anything(own))
            async with attacking(actor=actor) as browser:
                mine = await browser.csrf()
                async with attacking() as other:
                    theirs = await other.csrf()
                for headers, form in (
                    ({}, {}),
                    ({"x-csrftoken": "x" * len(mine)}, {}),
                    ({"x-csrftoken": theirs}, {}),
                    ({}, {"_csrf_token": theirs}),
                    ({}, {"_csrf_token": ""}),
                    ({"origin": "https://evil.example"}, {"_csrf_token": mine[:-1] + "!"}),
                ):
                    answer = await browser.send(
                        "POST", url, form={"state": "withdrawn", "phone": "0961234567",
                                           "change": wish, "version": "0"} | form,
                        csrf=False, headers=headers, html=True,
                    )  # fmt: skip
                    assert answer.status_code == 403, (url, headers, form)
                assert (await identity.actor_of(browser.bearer or "")).kind != "anonymous" or (
                    actor is None
                )
    assert await held_of(admin, own_world.hanako.participant_id) == before
    assert await held_of(admin, own_world.taro.participant_id) == his


async def test_another_sites_own_cookie_and_token_pair_is_not_ours(attacking, world: World):
    """A subdomain that can set cookies still cannot sign a token."""
    forged = "0" * 64 + "1" * 64
    async with attacking(actor=world.hanako) as browser:
        browser.http.cookies.set("tsunagu_csrf", forged)
        answer = await browser.send(
            "POST", "/disclosure/undo", form={"version": "0", "_csrf_token": forged}, csrf=False
        )
        assert answer.status_code == 403


async def test_the_json_api_takes_no_cookie(app: Litestar, attacking, world: World):
    """So a page of another site, which can send cookies, can use none of it."""
    doors = [
        (method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if route.path.startswith("/me") and method != "OPTIONS"
    ]
    assert len(doors) >= 9
    async with attacking(actor=world.hanako) as browser:
        browser.bearer = None
        for method, path in doors:
            path = re.sub(r"\{\w+:uuid\}", str(uuid4()), path)
            path = re.sub(r"\{\w+:\w+\}", "1", path)
            answer = await browser.send(method, path, body={} if method == "POST" else None)
            assert answer.status_code == 401, path
            assert "access-control-allow-origin" not in answer.headers


async def test_no_other_site_is_let_in_by_cors(attacking, world: World):
    async with attacking(actor=world.hanako) as browser:
        for path in ("/me", "/home", "/fhir/R4/Condition", "/sessions"):
            answer = await browser.http.options(
                path,
                headers={
                    "origin": "https://evil.example",
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "authorization",
                },
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]


# What browsers keep


def _cookies(answer: httpx.Response) -> dict[str, set[str]]:
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        pair, *flags = line.split(";")
        found[pair.partition("=")[0]] = {flag.strip().lower() for flag in flags}
    return found


@pytest.mark.parametrize("is_https", [False, True])
async def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(
    database: Deployment, people: dict[str, demo.Cast], is_https: bool
):
    before = runtime.settings(), runtime.keys()
    address = "https://localhost" if is_https else "http://localhost:8000"
    settings = msgspec.structs.replace(database.settings, public_url=address)
    try:
        app = create_app(settings, database.keys, database.app_dsn)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url=address
        ) as http:
            link = await demo_door.make_demo_link(people["hanako"].account_id)
            seen: dict[str, set[str]] = {}
            page = await http.get("/sign-in", headers=HTML)
            seen |= _cookies(page)
            token = {"_csrf_token": http.cookies["tsunagu_csrf"]}
            entered = await http.post("/demo/sign-in", data=token | {"token": link}, headers=HTML)
            assert entered.status_code == 303
            seen |= _cookies(entered)
            chosen = {"locale": "en", "text_size": "large", "contrast": "high"}
            seen |= _cookies(await http.post("/preferences", data=token | chosen, headers=HTML))
            home = await http.get("/home", headers=HTML)
            assert home.status_code == 200
            assert set(seen) == {"tsunagu_csrf", SESSION_COOKIE, "locale", "text_size", "contrast"}
            for name, flags in seen.items():
                assert {"httponly", "samesite=lax"} <= flags, name
                assert ("secure" in flags) is is_https, name
                assert not any(flag.startswith("domain") for flag in flags), name
            assert ("strict-transport-security" in home.headers) is is_https
    finally:
        runtime.start(*before)


@pytest.mark.parametrize("path", ["/", "/home", "/sign-in", "/no-such-page", "/me", "/static/x"])
async def test_every_answer_forbids_frames_guesses_and_foreign_scripts(
    attacking, world: World, path: str
):
    async with attacking(actor=world.hanako) as browser:
        answer = await browser.send("GET", path, html=True)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    if not path.startswith("/static"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "following",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%09/evil.example\t",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\r\nlocation: https://evil.example",
        "/\r\n\r\n<script>",
        "／／evil.example",
        " //evil.example",
        "@evil.example",
        ".evil.example",
        "",
        "/.//evil.example",
        "/..//evil.example",
        "/./\\evil.example",
        "/x/..//evil.example",
    ],
)
async def test_no_link_back_leads_to_another_site(attacking, following: str):
    async with attacking() as browser:
        answer = await browser.send(
            "POST", "/preferences", form={"text_size": "large", "next": following}, html=True
        )
        assert answer.status_code == 303
        place = answer.headers["location"]
        assert len(answer.headers.get_list("location")) == 1
        assert place.startswith("/")
        assert place.isprintable()
        resolved = answer.url.join(place)
        assert (resolved.host, resolved.scheme) == ("localhost", "http")
        assert not urlsplit(place).netloc
        assert "\\" not in place


async def test_a_link_that_was_used_or_never_was_opens_no_session(attacking, world: World):
    account = world.hanako.account_id
    assert account
    link = await demo_door.make_demo_link(account)
    async with attacking() as browser, attacking() as thief:
        assert (
            await browser.send("POST", "/demo/sign-in", form={"token": link}, html=True)
        ).status_code == 303
        answers = [
            await thief.send("POST", "/demo/sign-in", form={"token": token}, html=True)
            for token in (link, "x" * len(link), "")
        ]
        assert [answer.status_code for answer in answers] == [410] * 3
        assert SESSION_COOKIE not in thief.http.cookies


async def test_someone_who_has_left_is_signed_out_at_once(
    attacking, own_world: World, admin: asyncpg.Connection
):
    async with attacking(actor=own_world.sato) as browser:
        assert (await browser.send("GET", "/clinic", html=True)).status_code == 200
        await admin.execute(
            "UPDATE professional SET is_active = false WHERE professional_id = $1",
            own_world.sato.professional_id,
        )
        answer = await browser.send("GET", "/clinic", html=True)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_a_session_past_its_hours_is_over(
    attacking, own_world: World, admin: asyncpg.Connection
):
    async with attacking(actor=own_world.hanako) as browser:
        await admin.execute(
            "UPDATE session SET expires_at = $2 WHERE account_id = $1",
            own_world.hanako.account_id,
            clock.now(),
        )
        assert (await browser.send("GET", "/me")).status_code == 401
