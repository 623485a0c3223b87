"""A database of its own, the other ends, and workers that may be killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, database_dsn, ensure_database, provision
from tests.notifications.sinks import Sinks, listening

PACE = {"first": 0.2, "factor": 2.0, "longest": 2.0, "attempts": 6, "fault": 0.5}
LIMITS = {"seconds": 4.0, "at_once": 16}


@dataclass
class House:
    """`admin` is PostgreSQL's superuser on it."""

    admin_dsn: str
    keys: KeyRing
    home: Path
    admin: asyncpg.Connection
    sinks: Sinks
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    pace: dict[str, float] = field(default_factory=lambda: dict(PACE))
    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))

    @property
    def log(self) -> Path:
        return self.home / "worker.log"

    def start(self, heartbeat: float = 2.0) -> subprocess.Popen[bytes]:
        says = {
            "keys": str(self.keys.folder),
            "home": str(self.home),
            "dsn": app_dsn(self.admin_dsn, self.keys),
            "account": str(self.sinks.account(self.home)),
            "fcm_url": self.sinks.fcm_url,
            "push_service": self.sinks.host,
            "smtp_port": self.sinks.smtp_port,
            "pace": self.pace,
            "limits": self.limits,
            "heartbeat": heartbeat,
        }
        with self.log.open("ab") as said:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.notifications.run_worker", json.dumps(says)],
                stdout=said,
                stderr=said,
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.workers.remove(worker)

    def stop_all(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(30)
        self.workers.clear()

    async def people(self, count: int = 1, address: str = "") -> list[UUID]:
        people = [uuid4() for _ in range(count)]
        await self.admin.execute(
            "INSERT INTO participant (participant_id, name, name_kana, sex, birth_on)"
            " SELECT id, '山田 花子', 'ヤマダ ハナコ', 'female', '1980-01-01'"
            " FROM unnest($1::uuid[]) id",
            people,
        )
        await self.admin.execute(  # at whatever hour this runs
            "INSERT INTO notice_manner (participant_id, is_quiet)"
            " SELECT id, false FROM unnest($1::uuid[]) id",
            people,
        )
        if address:
            await self.admin.execute(
                "INSERT INTO registration (participant_id, address)"
                " SELECT id, $2 FROM unnest($1::uuid[]) id",
                people,
                address,
            )
        return people

    async def phone(self, person: UUID, token: str) -> None:
        await self.admin.execute(
            "INSERT INTO push_token (participant_id, account_id, token, locale)"
            " VALUES ($1, gen_random_uuid(), $2, 'ja')",
            person,
            token,
        )

    async def browser(self, person: UUID, name: str) -> None:
        keys = self.sinks.browser(name)
        await self.admin.execute(
            "INSERT INTO push_subscription"
            " (participant_id, account_id, endpoint, p256dh, auth, locale)"
            " VALUES ($1, gen_random_uuid(), $2, $3, $4, 'en')",
            person,
            keys["endpoint"],
            keys["p256dh"],
            keys["auth"],
        )

    async def mailbox(self, person: UUID, address: str) -> None:
        await self.admin.execute(
            "INSERT INTO mail_address (participant_id, address, confirmed_at, locale)"
            " VALUES ($1, $2, now(), 'ja')",
            person,
            address,
        )

    async def tell(self, person: UUID, event: str = "welcome", **params: Any) -> UUID:
        return await self.admin.fetchval(
            "INSERT INTO outbox (participant_id, event, params, channel)"
            " VALUES ($1, $2, $3, 'inbox') RETURNING notice_id",
            person,
            event,
            json.dumps(params),
        )

    async def delivery(self, notice: UUID, channel: str) -> asyncpg.Record | None:
        return await self.admin.fetchrow(
            "SELECT * FROM notice_delivery WHERE notice_id = $1 AND channel = $2", notice, channel
        )

    async def state(self, notice: UUID, channel: str) -> tuple[str, str | None] | None:
        row = await self.delivery(notice, channel)
        return row and (row["state"], row["reason"])

    async def inbox(self, notice: UUID) -> int:
        return await self.admin.fetchval(
            "SELECT count(*) FROM inbox_notice WHERE notice_id = $1", notice
        )

    async def waits(self) -> int:
        """What is still to be placed or sent."""
        return await self.admin.fetchval(
            "SELECT (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)"
            " + (SELECT count(*) FROM notice_delivery"
            "    WHERE state = 'waiting' AND channel <> 'letter')"
        )

    async def quiet(self, seconds: float = 120) -> None:
        """Until nothing waits."""

        async def is_quiet() -> bool:
            return await self.waits() == 0

        try:
            await until(is_quiet, seconds)
        except AssertionError as error:
            raise AssertionError(
                f"{await self.standing()}\n{self.log.read_text()[-3000:]}"
            ) from error

    async def standing(self) -> str:
        """How far everything has come, for whoever has to find out why it came no further."""
        deliveries = await self.admin.fetch(
            "SELECT channel, state, attempts, reason, count(*) FROM notice_delivery"
            " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        jobs = await self.admin.fetch(
            "SELECT entrypoint, status, count(*), min(heartbeat) AS oldest,"
            " max(execute_after) AS last FROM jobs.pgqueuer GROUP BY 1, 2 ORDER BY 1, 2"
        )
        sessions = await self.admin.fetch(
            "SELECT application_name, state, wait_event_type, wait_event, left(query, 80) AS query"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        waiting = await self.admin.fetchval(
            "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"
        )
        return "\n".join(
            [f"outbox: {waiting}", *(str(tuple(row)) for row in (*deliveries, *jobs, *sessions))]
        )


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def notice_house(server_dsn: str, keys: KeyRing, home: Path) -> AsyncIterator[House]:
    """`keys` knows the passwords of this server's roles: they belong to the whole cluster."""
    name = f"tsunagu_notices_{os.getpid()}"
    dsn = await ensure_database(server_dsn, name)
    await provision(dsn, keys)
    admin = await asyncpg.connect(dsn)
    with listening() as sinks:
        house = House(dsn, keys, home, admin, sinks)
        try:
            yield house
        finally:
            house.stop_all()
            await admin.close()
            server = await asyncpg.connect(database_dsn(server_dsn, "postgres"))
            await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            await server.close()
