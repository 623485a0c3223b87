"""Apps of other houses, unmodified: Hanako launches them on her phone and presses the buttons."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from fhirclient.client import FHIRClient
from fhirclient.models.medicationrequest import MedicationRequest
from fhirclient.server import FHIRUnauthorizedException
from playwright.async_api import Page, expect

from api.core.actor import OPERATOR, Actor
from api.core.crypto import sha256
from api.identity.apps import registry
from api.identity.apps.registry import NewApp
from tests.checks.node import NODE, ROOT, install
from tests.conftest import Deployment
from tests.journeys.conftest import OpenPhone
from tests.journeys.people import newcomer, participating, session_of
from tests.journeys.quality import axe_violations, leads_on
from tests.journeys.test_first_house import carries_a_passkey, registers
from tests.portal import scene
from tests.serving import Served

# As registered; a native app listens at whatever port is free (RFC 8252).
CALLBACK = "http://127.0.0.1/callback"
SCOPE = "launch/patient patient/*.rs offline_access"
WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest_asyncio.fixture
async def client_id(people: object) -> str:
    """A public app the operator registered."""
    new = NewApp(
        f"app-{secrets.token_hex(5)}",
        "おくすり手帳ミドリ",
        "Midori Medicines",
        "株式会社みどり",
        [CALLBACK],
    )
    await registry.add(OPERATOR, new)
    return new.client_id


@pytest_asyncio.fixture
async def admin(database: Deployment) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def prescribed(actor: Actor) -> None:
    at = await scene.place("みなみ医院", "ミナミイイン", "Minami Clinic", "clinic")
    await scene.wrote(
        at,
        actor,
        "prescription",
        "アムロジピン錠5mg",
        status="active",
        intent="order",
        subject={"reference": f"Patient/{actor.participant_id}"},
        medicationCodeableConcept={"text": "アムロジピン錠5mg"},
    )
    await scene.left(at)


class Listening(NamedTuple):
    """Where the app is told the answer; the addresses it was told at."""

    callback: str
    told: list[str]


@pytest_asyncio.fixture
async def listening() -> AsyncIterator[Listening]:
    told: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).split()
        if len(words) > 1 and words[1].startswith(b"/callback"):
            told.append(f"{origin}{words[1].decode()}")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nMidori")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield Listening(f"{origin}/callback", told)
    server.close()


async def presses(page: Page, listening: Listening, address: str, button: str) -> str:
    """Opens what the app asks, and answers; where the app is told so."""
    await page.goto(address)
    await page.get_by_role("button", name=button, exact=True).click()
    await page.wait_for_url(f"{listening.callback}**")
    return listening.told[-1]


async def test_fhirclient_launches_reads_and_is_ended(
    served: Served, phone: Page, client_id: str, listening: Listening
) -> None:
    who = await newcomer()
    await carries_a_passkey(phone)
    await registers(phone, who)
    await prescribed(
        Actor(kind=OPERATOR.kind, participant_id=who.participant_id)  # whom the record is about
    )
    await phone.context.clear_cookies()

    smart = FHIRClient(
        settings={
            "app_id": client_id,
            "api_base": f"{served.url}/fhir/R4",
            "redirect_uri": listening.callback,
            "scope": SCOPE,
        }
    )
    assert not await asyncio.to_thread(smart.prepare)
    await phone.goto(smart.authorize_url)
    # signed out: she signs in with her passkey and comes back by herself
    await phone.wait_for_url("**/sign-in?next=**")
    await phone.locator("form[data-passkey] button").click()
    await phone.wait_for_url("**/oauth/authorize?**")
    await expect(phone.get_by_role("heading", level=1)).to_contain_text("おくすり手帳ミドリ")
    assert await axe_violations(phone) == []
    assert not await phone.evaluate(WIDER)
    await phone.get_by_role("button", name="許可する", exact=True).click()
    await phone.wait_for_url(f"{listening.callback}**")

    await asyncio.to_thread(smart.handle_callback, listening.told[-1])
    assert smart.ready
    assert smart.patient_id == str(who.participant_id)
    assert await asyncio.to_thread(lambda: smart.patient.name[0].text) == "山本 花子"
    search = MedicationRequest.where({"patient": smart.patient_id})

    def searched() -> list[MedicationRequest]:
        return list(search.perform_resources_iter(smart.server))

    found = await asyncio.to_thread(searched)
    assert [each.medicationCodeableConcept.text for each in found] == ["アムロジピン錠5mg"]
    assert await asyncio.to_thread(smart.reauthorize)
    assert len(await asyncio.to_thread(searched)) == 1

    await phone.goto("/account/apps")
    assert await axe_violations(phone) == []
    assert not await phone.evaluate(WIDER)
    await leads_on(phone.get_by_role("link", name="「おくすり手帳ミドリ」をやめる"))
    assert await axe_violations(phone) == []
    await phone.get_by_role("button", name="今すぐやめる").click()
    await expect(phone.get_by_text("つないだアプリはありません")).to_be_visible()
    with pytest.raises(FHIRUnauthorizedException):
        await asyncio.to_thread(searched)
    await phone.goto("/access-log")
    await expect(phone.get_by_text("「おくすり手帳ミドリ」が、").first).to_be_visible()


class NodeApp:
    """oauth4webapi in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def do(self, deed: str, **given: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"deed": deed, **given}).encode() + b"\n")
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def asks(self, **more: Any) -> str:
        return str((await self.do("ask", scope=SCOPE, **more))["url"])


@asynccontextmanager
async def running(served: Served, client_id: str, callback: str) -> AsyncIterator[NodeApp]:
    await asyncio.to_thread(install)
    process = await asyncio.create_subprocess_exec(
        NODE,
        ROOT / "tests" / "journeys" / "smart_app.mjs",
        f"{served.url}/fhir/R4",
        client_id,
        callback,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield NodeApp(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 60)


@pytest_asyncio.fixture
async def app(served: Served, client_id: str, listening: Listening) -> AsyncIterator[NodeApp]:
    async with running(served, client_id, listening.callback) as started:
        found = await started.do("discover")
        assert found["authorization_endpoint"] == f"{served.url}/oauth/authorize"
        assert found["code_challenge_methods_supported"] == ["S256"]
        assert {"launch-standalone", "client-public", "permission-patient"} <= set(
            found["capabilities"]
        )
        yield started


@pytest_asyncio.fixture
async def hanako(open_phone: OpenPhone) -> Page:
    _, actor = await participating()
    await prescribed(actor)
    return await open_phone(session=await session_of(actor))


async def test_oauth4webapi_exchanges_reads_refreshes_and_gives_back(
    app: NodeApp, hanako: Page, listening: Listening
) -> None:
    callback = await presses(hanako, listening, await app.asks(), "許可する")
    first = await app.do("exchange", callback=callback)
    assert first["token_type"] == "bearer"
    assert set(first["scope"].split()) == set(SCOPE.split())
    bundle = await app.do("read", path=f"MedicationRequest?patient={first['patient']}")
    assert bundle["total"] == 1
    second = await app.do("refresh")
    assert second["access_token"] != first["access_token"]
    assert (await app.do("read", path=f"Patient/{first['patient']}"))["gender"] == "female"
    assert await app.do("revoke") == {}
    assert (await app.do("read", path="MedicationRequest"))[
        "fault"
    ] == "WWWAuthenticateChallengeError"
    assert (await app.do("refresh"))["error"] == "invalid_grant"


async def test_oauth4webapi_binds_its_tokens_to_a_key(
    app: NodeApp, hanako: Page, listening: Listening
) -> None:
    await app.do("bind")
    callback = await presses(hanako, listening, await app.asks(), "許可する")
    assert (await app.do("exchange", callback=callback))["token_type"] == "dpop"
    assert (await app.do("read", path="MedicationRequest"))["total"] == 1
    assert (await app.do("refresh"))["token_type"] == "dpop"
    assert (await app.do("read", path="MedicationRequest"))["total"] == 1


async def test_oauth4webapi_gets_its_refusals(
    app: NodeApp, hanako: Page, listening: Listening, admin: asyncpg.Connection
) -> None:
    callback = await presses(hanako, listening, await app.asks(), "許可する")
    for wrong in ({"wrongVerifier": True}, {"wrongRedirect": f"{listening.callback}/other"}):
        refused = await app.do("exchange", callback=callback, **wrong)
        assert (refused["fault"], refused["error"]) == ("ResponseBodyError", "invalid_grant")
    assert "access_token" in await app.do("exchange", callback=callback)
    replayed = await app.do("exchange", callback=callback)
    assert (replayed["status"], replayed["error"]) == (400, "invalid_grant")
    assert (await app.do("read", path="Patient"))["fault"] == "WWWAuthenticateChallengeError"

    callback = await presses(hanako, listening, await app.asks(), "許可する")
    code = callback.partition("code=")[2].partition("&")[0]
    late = await admin.execute(
        "UPDATE app_grant SET code_ends_at = now() WHERE code_hash = $1", sha256(code.encode())
    )
    assert late == "UPDATE 1"
    assert (await app.do("exchange", callback=callback))["error"] == "invalid_grant"

    callback = await presses(hanako, listening, await app.asks(), "許可しない")
    refused = await app.do("exchange", callback=callback)
    assert (refused["fault"], refused["error"]) == ("AuthorizationResponseError", "access_denied")

    await hanako.goto(await app.asks(without=["code_challenge", "code_challenge_method"]))
    await hanako.wait_for_url(f"{listening.callback}**")
    refused = await app.do("exchange", callback=listening.told[-1])
    assert (refused["fault"], refused["error"]) == ("AuthorizationResponseError", "invalid_request")

    await hanako.goto(await app.asks(change={"redirect_uri": "http://127.0.0.1/evil"}))
    await expect(hanako.get_by_text("このアプリは、この連携につながっていません")).to_be_visible()
    assert "/oauth/authorize" in hanako.url
