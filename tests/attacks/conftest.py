"""Everybody who may stand before a door, and Tarō, whose things are none of their business."""

import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from litestar import Litestar
from msgspec import structs

from api.consent import service as consent
from api.consent.agreeing import facility_notices, requests
from api.consent.lifecycle import leaving
from api.consent.settings.switches import SetFacility
from api.core import clock, runtime
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.identity import service as identity
from api.identity.apps import registry
from api.identity.card import CardNumber
from api.identity.enrolling import intake
from api.identity.guards import SESSION_COOKIE
from api.identity.tokens import systems
from api.support import service as support
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place
from tests.serving import free_port

PHONE = "09087654321"
TITLE = "アムロジピン錠5mg"
ADDRESS = "http://localhost:8000"


@dataclass
class System:
    """A facility's EMR with its own key; `assertion` takes what an attacker would change."""

    client_id: str
    place: Place
    person: dict[str, Any]

    def __post_init__(self) -> None:
        self.key = generate_private_key(SECP256R1())

    @property
    def jwk(self) -> dict[str, Any]:
        public: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(
            self.key.public_key(), as_dict=True
        )
        return public | {"kid": f"{self.client_id}-1", "alg": "ES256", "use": "sig"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(clock.now().timestamp())
        given = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": systems.token_endpoint(),
            "iat": now,
            "exp": now + 240,
            "jti": secrets.token_hex(8),
            "extensions": {"ihe_iua": self.person},
        } | changed
        return {name: value for name, value in given.items() if value is not None}

    def assertion(self, **changed: Any) -> str:
        return jwt.encode(
            self.claims(**changed),
            self.key,
            algorithm="ES256",
            headers={"kid": f"{self.client_id}-1"},
        )

    async def token(self, scope: str = "system/*.read") -> str:
        issued = await systems.issue_token(
            "client_credentials", systems.ASSERTION_TYPE, self.assertion(), scope
        )
        return issued.access_token


@dataclass(frozen=True)
class World:
    """`taro` has records at the hospital, a case, a notice, a request from there; he lets only the
    hospital in, which was told once that it was not."""

    taro: Actor
    card: CardNumber
    record_id: UUID
    case_id: UUID
    request_id: UUID
    notice_id: UUID
    number: str
    hospital: Place
    clinic: Place
    emr: System
    hospital_emr: System
    hanako: Actor
    sato: Actor
    mori: Actor
    ueda: Actor
    auditor: Actor
    desk: Actor
    event_id: UUID
    passkey_id: UUID
    session_id: UUID
    grant_id: UUID
    phone_id: UUID


async def install(place: Place, doctor: Actor | None) -> System:
    person = {}
    if doctor is not None:
        person = {
            "person_id": str(doctor.professional_id),
            "subject_name": doctor.name,
            "subject_role": doctor.profession,
            "purpose_of_use": "TREAT",
        }
    system = System(f"emr-{secrets.token_hex(5)}", place, person)
    await intake.add_system(
        OPERATOR,
        place.facility_id,
        client_id=system.client_id,
        name="EMR",
        jwks=json.dumps({"keys": [system.jwk]}),
    )
    return system


async def make_world() -> World:
    hospital = await scene.place("白川病院", "シラカワビョウイン", "Shirakawa Hospital", "hospital")
    clinic = await scene.place("こぶし内科", "コブシナイカ", "Kobushi Clinic", "clinic")
    taro, card = await scene.participant("山本 太郎", "ヤマモト タロウ")
    hanako, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    for each in (taro, hanako):
        await leaving.take_part(each, "participating")
    await consent.change(taro, [SetFacility(hospital.facility_id, on=True)], expected_version=0)
    await scene.wrote(hospital, taro, "prescription", TITLE)
    number = f"T{secrets.token_hex(5)}"
    await scene.knows_as(hospital, taro, number)
    await support.ask_for_call(taro, PHONE)
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    mori = await scene.professional(hospital, "森 大輔", "physician")
    await requests.ask(mori, card.digits, requests.Wish("professional", 30, 0, "treatment", ""))
    async with unit_of_work(taro) as tx:
        record_id = await tx.fetchval("SELECT record_id FROM record")
        case_id = await tx.fetchval("SELECT case_id FROM support_case")
        request_id = await tx.fetchval("SELECT request_id FROM access_request")
        event_id = await tx.fetchval("SELECT eid FROM access_event WHERE pseq = 1")
        await tx.execute(
            "SELECT consent_tell_facility($1, NULL, 'access_ended')", hospital.facility_id
        )
        passkey_id = await tx.fetchval(
            "INSERT INTO passkey (account_id, credential_id, public_key, sign_count, is_backed_up)"
            " VALUES (app.account(), $1, 'x', 0, false) RETURNING passkey_id",
            secrets.token_bytes(16),
        )
        phone_id = await tx.fetchval(
            "INSERT INTO push_token (participant_id, account_id, token, locale)"
            " VALUES (app.subject(), app.account(), $1, 'ja') RETURNING address_id",
            secrets.token_hex(16),
        )
        await identity.open_session(tx, taro)
        session_id = await tx.fetchval("SELECT session_id FROM session")
    grant_id = await connect_app(taro)
    (notice,) = await facility_notices.unseen(mori)
    return World(
        taro,
        card,
        record_id,
        case_id,
        request_id,
        notice.notice_id,
        number,
        hospital,
        clinic,
        await install(clinic, sato),
        await install(hospital, mori),
        hanako,
        sato,
        mori,
        await scene.officer("上田 恵子"),
        await scene.auditor(),
        await scene.administrator(clinic),
        event_id,
        passkey_id,
        session_id,
        grant_id,
        phone_id,
    )


async def connect_app(who: Actor) -> UUID:
    """An app reads their records: what it was allowed, and that it took it up."""
    client_id = f"app-{secrets.token_hex(5)}"
    new = registry.NewApp(client_id, "ミドリ", "Midori", "みどり", ["https://app.example/cb"])
    await registry.add(OPERATOR, new)
    async with unit_of_work(who) as tx:
        grant_id: UUID = await tx.fetchval(
            "INSERT INTO app_grant (account_id, client_id, scopes, ends_at, code_hash,"
            " code_ends_at, redirect_uri, challenge, redeemed_at)"
            " VALUES (app.account(), $1, '{patient/*.rs}', now() + interval '1 day', $2, now(),"
            " $3, $4, now()) RETURNING grant_id",
            client_id,
            secrets.token_bytes(32),
            new.redirect_uris[0],
            "x" * 43,
        )
    return grant_id


@pytest.fixture(scope="package", autouse=True)
def issuer_away(database: Deployment) -> Iterator[None]:
    """The demo's own issuer would be at port 8000, where somebody may well be running a demo."""
    login = database.settings.national_login
    assert login is not None
    away = structs.replace(login, issuer=f"http://localhost:{free_port()}")
    runtime.start(structs.replace(database.settings, my_number=away), database.keys)
    yield
    runtime.start(database.settings, database.keys)


@pytest_asyncio.fixture(scope="session")
async def world(people: object) -> World:
    return await make_world()


@pytest_asyncio.fixture
async def own_world(people: object) -> World:
    """A world a test may spoil."""
    return await make_world()


async def session_of(actor: Actor) -> str:
    async with unit_of_work(actor) as tx:
        return (await identity.open_session(tx, actor)).token


class Attacker:
    """A client that holds what somebody holds: a session as cookie and as bearer, or a token."""

    def __init__(self, http: httpx.AsyncClient, bearer: str | None) -> None:
        self.http = http
        self.bearer = bearer

    async def send(
        self,
        method: str,
        path: str,
        *,
        form: dict[str, Any] | None = None,
        body: Any = None,
        html: bool = False,
        csrf: bool = True,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = {"accept": "text/html" if html else "application/json"}
        if self.bearer:
            sent["authorization"] = f"Bearer {self.bearer}"
        if csrf and method != "GET":
            sent["x-csrftoken"] = await self.csrf()
        return await self.http.request(
            method, path, data=form, json=body, headers=sent | (headers or {})
        )

    async def csrf(self) -> str:
        if "tsunagu_csrf" not in self.http.cookies:
            await self.http.get("/sign-in", headers={"accept": "text/html"})
        return self.http.cookies["tsunagu_csrf"]


@pytest.fixture
def attacking(app: Litestar):
    """`async with attacking(actor=…)` or `token=…`: a fresh browser of theirs."""

    @asynccontextmanager
    async def opened(
        actor: Actor | None = None, token: str | None = None
    ) -> AsyncIterator[Attacker]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
            if actor is not None:
                token = await session_of(actor)
                http.cookies.set(SESSION_COOKIE, token)
            yield Attacker(http, token)

    return opened


@pytest_asyncio.fixture(scope="session")
async def admin(database: Deployment) -> AsyncIterator[asyncpg.Connection]:
    """The administrator's eye, which no row security closes."""
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


KEPT = ("participant", "card", "account", "passkey", "participation", "directive", "record",
        "facility_patient", "support_case", "desk_code", "access_request")  # fmt: skip


async def held_of(admin: asyncpg.Connection, participant_id: UUID) -> dict[str, Any]:
    """All that is kept of a person but the log, to see that nothing changed."""
    return {
        table: await admin.fetchval(
            f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"
            f" WHERE participant_id = $1"
            if table != "passkey"
            else "SELECT count(*)::text FROM passkey JOIN account USING (account_id)"
            " WHERE participant_id = $1",
            participant_id,
        )
        for table in KEPT
    }


def without_accidents(text: str) -> str:
    """What differs between any two answers: ids, tokens, times."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r'(name="(_csrf_token|_once)" value=")[^"]+', r"\1TOKEN", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?", "TIME", text)
