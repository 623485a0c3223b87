"""Every route × every role × what belongs to Tarō: served, turned away, or not there at all."""

from collections import Counter

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from tests.access_log.sealed import seal
from tests.attacks.conftest import (
    PHONE,
    TITLE,
    Attacker,
    World,
    connect_app,
    held_of,
    without_accidents,
)
from tests.attacks.matrix import ROOMS, TABLE
from tests.attacks.named import filled, his, nobodys
from tests.attacks.roles import HIS_CASE, HIS_PAGE, HIS_RECORD, ROLES, Row
from tests.conftest import Deployment

# Where an app's token is good for something.
OF_APPS = {
    ("GET", "/fhir/R4/{resource_type}"),
    ("GET", "/fhir/R4/{resource_type}/{resource_id}"),
    ("HEAD", "/fhir/R4/{resource_type}/{resource_id}"),
    ("POST", "/fhir/R4/{resource_type}/_search"),
    ("GET", "/fhir/R4/Patient/{patient_id}/$summary"),
    ("GET", "/fhir/R4/{resource_type}/{resource_id}/$summary"),
}

JSON_ROUTES = (
    "/fhir",
    "/oauth/token",
    "/oauth/revoke",
    "/access/v1",
    "/log/v1",
    "/facility/receipts",
    "/support-centre",
    "/facility",
    "/emergency",
    "/me",
    "/enrolments",
    "/sessions",
    "/recoveries",
    "/invitations",
    "/health",
    "/schema",
    "/.well",
)
SCRIPTED = (
    "/sign-in/options",
    "/sign-in/verify",
    "/register/passkey",
    "/recover/passkey",
    "/join/passkey",
    "/account/keys/options",
    "/account/keys/add",
    "/step-up/options",
    "/step-up/verify",
)


def test_the_table_names_every_route_of_the_application_and_no_other(app: Litestar):
    real = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    }
    listed = {(row.method, row.route) for row in TABLE}
    assert listed - real == set(), "listed, but not there"
    assert real - listed == set(), "there, but nobody says who may"


def test_every_route_stands_in_one_room_and_no_row_twice():
    rooms = Counter(route for rows in ROOMS.values() for route in {each[:2] for each in rows})
    assert [route for route, times in rooms.items() if times > 1] == []
    rows = Counter(map(repr, TABLE))
    assert [row for row, times in rows.items() if times > 1] == []


def test_every_route_says_at_its_door_who_may_pass(app: Litestar):
    unguarded = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
        and not handler.guards
        and not route.path.startswith("/schema")
        and not list(handler.resolve_guards())
    ]
    assert unguarded == []


@pytest_asyncio.fixture(scope="session", autouse=True)
async def sealed(database: Deployment) -> None:
    await seal(database)


@pytest_asyncio.fixture
async def own_role(attacking, world: World, role: str):
    """A browser of this role, freshly signed in: a system's token lasts five minutes."""
    scopes = {"reads": "system/*.read", "writes": "system/*.write"}
    token = await world.emr.token(scopes[role]) if role in scopes else None
    actors = {
        "participant": world.hanako,
        "professional": world.sato,
        "support": world.ueda,
        "auditor": world.auditor,
        "facility_admin": world.desk,
    }
    return lambda: attacking(actor=actors.get(role), token=token)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.url or row.route}")
async def test_who_meets_what(
    row: Row, role: str, own_role, world: World, admin: asyncpg.Connection
):
    expected = row.expected.split()[ROLES.index(role)]
    before = await held_of(admin, world.taro.participant_id)
    async with own_role() as attacker:
        answer = await _send(attacker, row, his(world))
    met = _word(answer)
    is_fhir_search = answer.status_code == 200 and row.expected == HIS_RECORD
    if expected == "." and (is_fhir_search or row.method == "POST" or row.expected == HIS_PAGE):
        absent_things = nobodys(world)
        async with own_role() as attacker:
            absent = await _send(attacker, row, absent_things)
        assert _shape(answer, his(world)) == _shape(absent, absent_things)
        if is_fhir_search:
            assert answer.json()["total"] == 0
            assert "entry" not in answer.json()
        else:
            assert answer.status_code in (404, 422)
    else:
        assert met == expected, f"{answer.status_code}: {answer.text[:300]}"
    # What officers read by name; among those somebody acts for may be a namesake of his.
    if (role, row.route) not in (
        ("support", "/support/cases/{case_id}"),
        ("support", "/support/look-alikes"),
    ):
        for secret in (TITLE, PHONE, world.number):
            assert secret not in answer.text
        if role != "support" or not row.route.startswith("/support/proxies"):
            assert "太郎" not in answer.text
    if expected != "ok" or row.expected != HIS_CASE:
        assert await held_of(admin, world.taro.participant_id) == before


@pytest_asyncio.fixture(scope="session")
async def app_token(world: World) -> str:
    """Of an app that Hanako connected."""
    grant_id, token = await connect_app(world.hanako), new_token()
    async with unit_of_work(world.hanako) as tx:
        await tx.execute(
            "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
            " VALUES (app.account(), $1, $2, 'access', now() + interval '1 hour')",
            sha256(token.encode()),
            grant_id,
        )
    return token


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.url or row.route}")
async def test_hanakos_app_meets_what_a_stranger_meets_but_for_her_own_records(
    row: Row, app_token: str, attacking, world: World, admin: asyncpg.Connection
):
    before = await held_of(admin, world.taro.participant_id)
    async with attacking(token=app_token) as attacker:
        answer = await _send(attacker, row, his(world))
    if (row.method, row.route) in OF_APPS:
        assert answer.status_code in (200, 400, 404), answer.text
        told = answer.json() if row.method != "HEAD" else {}
        assert "entry" not in told
        assert told.get("total", 0) == 0
    else:
        assert _word(answer) == row.expected.split()[0], answer.text[:300]
    for secret in ("太郎", TITLE, PHONE, world.number):
        assert secret not in answer.text
    assert await held_of(admin, world.taro.participant_id) == before


async def test_hanakos_app_reads_hers(app_token: str, attacking, world: World):
    async with attacking(token=app_token) as attacker:
        answer = await attacker.send("GET", f"/fhir/R4/Patient/{world.hanako.participant_id}")
    assert answer.json()["name"][0]["text"] == "山本 花子"


def _word(answer: httpx.Response) -> str:
    status = answer.status_code
    if status == 401 or (status == 303 and answer.headers["location"].startswith("/sign-in")):
        return "in"
    words = {
        404: ".",
        410: "gone",
        400: "bad",
        403: "bad",
        415: "bad",
        422: "bad",
        428: "bad",
        409: "ok",
    }
    return words.get(status, "ok" if status < 400 else str(status))


def _shape(answer: httpx.Response, named: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers, but for what the request itself named and for ids and times."""
    text = answer.text
    for value in named.values():
        text = text.replace(value, "NAMED")
    headers = {
        name: "RECEIPT" if name == "tsunagu-receipt" else value
        for name, value in answer.headers.items()
        if name not in ("content-length", "set-cookie")
    }
    return answer.status_code, without_accidents(text), headers


async def _send(attacker: Attacker, row: Row, named: dict[str, str]) -> httpx.Response:
    is_json = row.route.startswith(JSON_ROUTES) or row.route.startswith(SCRIPTED)
    is_json = is_json and not row.route.startswith("/emergency-card")
    is_json = is_json and not row.route.endswith("/_search")
    body = filled(row.body, named)
    return await attacker.send(
        row.method,
        filled(row.url or row.route, named),
        form=None if is_json else body,
        body=body if is_json else None,
        html=not is_json,
    )
