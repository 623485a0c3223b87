"""A copy of the whole: database, folder and witnesses, with everybody who looks at them."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast
from unittest import mock
from uuid import UUID

import asyncpg
import httpx
from litestar import Litestar

from api import demo
from api.access_log.sealing import fsck, publishing
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys, Sealer
from api.access_log.verifier import COSIGNATURE, Vkey, parse_vkey
from api.access_log.witnessing import client as witness_client
from api.access_log.witnessing.app import create_app as witness_app
from api.access_log.witnessing.client import Pushed
from api.access_log.witnessing.store import Store
from api.access_log.witnessing.witness import Witness
from api.core import clock, database, runtime
from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, database_dsn
from api.core.settings import Settings
from api.identity.tokens import systems

ADDRESS = "http://localhost:8000"
WITNESSES = ("one.witness.example", "two.witness.example")
NOBODY = UUID(int=0)
ALWAYS, NEVER = timedelta(0), timedelta(days=3650)


@dataclass
class World:
    """What is built once. `yesterday` is the same database and folder earlier on.

    Numbers are Hanako's: `target` is a read by Dr Satō amid her log, `withheld` an event under an
    embargo, `seen` the last her phone knows, `last` the last there is.
    """

    server_dsn: str
    database: str
    home: Path
    yesterday: str = ""
    yesterday_home: Path = Path()
    origin: str = ""
    log_key: str = ""
    month: str = ""
    old_size: int = 0
    hanako: UUID = NOBODY
    taro: UUID = NOBODY
    sessions: dict[str, str] = field(default_factory=dict)
    clinic_token: str = ""
    token_until: float = 0
    receipts: list[str] = field(default_factory=list)
    remembered: str = ""
    old_bundle: str = ""
    target: int = 0
    withheld: int = 0
    seen: int = 0
    last: int = 0


@dataclass
class Scene:
    """`admin` is PostgreSQL's superuser, `http` speaks to the application on this database."""

    world: World
    database: str
    home: Path
    http: httpx.AsyncClient
    receipts: list[str]
    keys: KeyRing = field(init=False)
    admin: asyncpg.Connection = field(init=False)
    sealer: asyncpg.Connection = field(init=False)

    async def open(self) -> None:
        self.keys = KeyRing(self.home / "keys")
        settings = Settings(
            home=self.home, database_url=self.admin_dsn, is_demo=True, public_url=ADDRESS
        )
        runtime.start(settings, self.keys)
        dsn = app_dsn(self.admin_dsn, self.keys)
        await database.open_database(dsn, self.keys, connections=1)
        self.admin = await asyncpg.connect(self.admin_dsn)
        self.sealer = await sealing.connect(dsn, self.keys)

    def start_again(self) -> None:
        """As far as keys are concerned."""
        self.keys = KeyRing(self.home / "keys")
        runtime.start(runtime.settings(), self.keys)

    async def close(self) -> None:
        await self.admin.close()
        await self.sealer.close()
        await database.close_database()

    async def become(self, source: str) -> None:
        """The same as another database of the server is now."""
        await self.close()
        await copy_database(self.world.server_dsn, source, self.database)
        await self.open()

    @property
    def admin_dsn(self) -> str:
        return database_dsn(self.world.server_dsn, self.database)

    @property
    def witness_keys(self) -> list[Vkey]:
        lines = (self.home / publishing.WITNESSES).read_text().splitlines()
        return [parse_vkey(line.split()[0], COSIGNATURE) for line in lines]

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """As the system of Dr Satō's clinic."""
        if time.monotonic() > self.world.token_until:
            self.world.clinic_token = await clinic_token(self.world.home)
            self.world.token_until = time.monotonic() + 120
        headers = {"authorization": f"Bearer {self.world.clinic_token}"}
        return await self.http.request(method, path, headers=headers, **more)

    async def read(self, person: str = "hanako", kind: str = "MedicationRequest") -> httpx.Response:
        """The clinic keeps the receipt."""
        subject = {"hanako": self.world.hanako, "taro": self.world.taro}[person]
        answer = await self.ask("GET", f"/fhir/R4/{kind}", params={"patient": str(subject)})
        if "tsunagu-receipt" in answer.headers:
            self.receipts.append(answer.headers["tsunagu-receipt"])
        return answer

    async def bundle(self, person: str, since: int | None = None) -> httpx.Response:
        return await self.http.get(
            "/me/access-log/bundle",
            params={} if since is None else {"since": since},
            headers={"authorization": f"Bearer {self.world.sessions[person]}"},
        )

    async def seal(self, *, head_maps: bool = True) -> None:
        """A sealer that has just taken over: one round, and one more where it makes a head map."""
        for every in [ALWAYS, NEVER] if head_maps else [NEVER]:
            await Sealer(self.sealer, self.log_keys, self.home, every).round()

    async def halted(self) -> str | None:
        reason: str | None = await self.admin.fetchval("SELECT halted_reason FROM log_state")
        return reason

    @property
    def log_keys(self) -> LogKeys:
        return LogKeys(self.keys.log, self.keys.log_blind, self.keys.log_master)

    async def rescan(self) -> list[str]:
        """The findings of a nightly look at everything."""
        report = await fsck.check(self.sealer, self.log_keys, lambda *_: None)
        return [f"{each.code}" for each in report.findings]

    @property
    def now(self) -> int:
        return time.time_ns() // 1000

    async def an_hour_passes(self) -> None:
        """For the sealer and whoever looks: their clock is an hour ahead."""
        await self.admin.execute(
            "CREATE SCHEMA later; GRANT USAGE ON SCHEMA later TO tsunagu_sealer;"
            "CREATE FUNCTION later.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " RETURN pg_catalog.clock_timestamp() + interval '1 hour'"
        )
        await self.sealer.execute("SET search_path = later, pg_catalog, public")

    async def publish(self, *, hours_later: int = 0) -> list[Pushed]:
        """To both witnesses, each on its own folder."""
        then = clock.now() + timedelta(hours=hours_later)
        _seat(self.home, self.world.log_key)
        with (
            mock.patch.object(witness_client, "opened", _opened),
            mock.patch.object(clock, "now", return_value=then),
        ):
            return await publishing.publish(self.sealer, self.keys.log, self.home)


class _Seat:
    """Where a witness sits; it is another one in every copy, behind one and the same door."""

    witness: Witness

    def __getattr__(self, name: str) -> object:
        return getattr(self.witness, name)


_SEATS = {name: _Seat() for name in WITNESSES}


def _seat(home: Path, log_key: str) -> None:
    for name, seat in _SEATS.items():
        is_mirror = name == WITNESSES[0]
        seat.witness = Witness(Store(home / name), [parse_vkey(log_key)], is_mirror=is_mirror)


@cache
def _doors() -> dict[str, httpx.AsyncBaseTransport | None]:
    return {
        f"http://{name}": httpx.ASGITransport(app=witness_app(cast("Witness", seat)))
        for name, seat in _SEATS.items()
    }


def _opened() -> httpx.AsyncClient:
    nobody = httpx.MockTransport(lambda _: httpx.Response(502))
    return httpx.AsyncClient(mounts=_doors(), transport=nobody, trust_env=False)


async def clinic_token(home: Path) -> str:
    """Of its system, with Dr Satō at it."""
    (sato,) = [each for each in demo.cast(home) if each.key == "sato"]
    who = {
        "person_id": str(sato.person_id),
        "subject_name": sato.name,
        "subject_role": "physician",
        "purpose_of_use": "TREAT",
    }
    audience = systems.token_endpoint()
    assertion = demo.client_assertion(home, demo.CLINIC, person=who, audience=audience)
    issued = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, "system/*.read"
    )
    return issued.access_token


@asynccontextmanager
async def scene(
    world: World, app: Litestar, database_name: str, home: Path
) -> AsyncIterator[Scene]:
    """On a database that is there already; the process's one pool is opened on it."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        made = Scene(world, database_name, home, http, receipts=list(world.receipts))
        await made.open()
        try:
            yield made
        finally:
            await made.close()


@asynccontextmanager
async def copied(world: World, app: Litestar, number: int) -> AsyncIterator[Scene]:
    """The world once more, to be spoilt."""
    name = f"{world.database}_{number}"
    home = world.home.with_name(f"copy-{number}")
    await copy_database(world.server_dsn, world.database, name)
    await asyncio.to_thread(shutil.copytree, world.home, home, symlinks=True)
    async with scene(world, app, name, home) as copy:
        yield copy
    await asyncio.to_thread(shutil.rmtree, home)
    await drop_databases(world.server_dsn, name)


async def copy_database(server_dsn: str, source: str, name: str) -> None:
    """Nothing of it need survive a crash, and most of it is never read."""
    admin = await asyncpg.connect(server_dsn)
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
        await admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    finally:
        await admin.close()


async def drop_databases(server_dsn: str, *names: str) -> None:
    """At once, before what they held is written: the server's stop would wait for all of it."""
    admin = await asyncpg.connect(server_dsn)
    try:
        for name in names:
            await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()
