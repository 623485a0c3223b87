"""Many patients in one export: killed in the middle, taken up again, and never much in memory.

EXPORT_PATIENTS=5000 tries it with as many as a large clinic has.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import psutil
import pytest_asyncio

from api import demo
from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, ensure_database, provision
from api.core.settings import Settings
from tests.records.bulk.crowd import RECORDS
from tests.serving import ANSWER_SECONDS, Served, free_port, serving

MANY = int(os.environ.get("EXPORT_PATIENTS", "600"))
MOST_GROWTH = 25_000_000
EXPORT = "/fhir/R4/Group/own-patients/$export"


@dataclass
class Clinic:
    """Many patients on a database of their own, and what is known of the server's memory."""

    home: Path
    admin_dsn: str
    app_dsn: str
    memory: list[int] = field(default_factory=list)

    def token(self, served: Served) -> str:
        here = Settings(
            home=self.home, database_url=self.admin_dsn, is_demo=True, public_url=served.url
        )
        return demo.fetch_token(here, "sato", "system/*.rs")


@pytest_asyncio.fixture
async def clinic(home: Path, server_dsn: str) -> Clinic:
    own = home / "exporting"
    own.mkdir(mode=0o755)
    # The application's role is the whole server's: with other keys it would lose its password.
    KeyRing(home / "keys")
    shutil.copytree(home / "keys", own / "keys")
    keys = KeyRing(own / "keys")
    admin = await ensure_database(server_dsn, "tsunagu_exports")
    await provision(admin, keys)
    told = [str(own), app_dsn(admin, keys), admin, str(MANY)]
    command = [sys.executable, "-m", "tests.records.bulk.crowd", *told]
    await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
    return Clinic(own, admin, told[1])


def rss(process: subprocess.Popen[bytes]) -> int:
    parent = psutil.Process(process.pid)
    return sum(each.memory_info().rss for each in (parent, *parent.children(recursive=True)))


def followed(
    clinic: Clinic, served: Served, where: str, until: Callable[[httpx.Response], bool]
) -> httpx.Response:
    token, asked = clinic.token(served), time.monotonic()
    path = where.partition("/fhir/R4")[2]
    for _ in range(1200):
        if time.monotonic() - asked > 120:
            token, asked = clinic.token(served), time.monotonic()
        answer = httpx.get(
            f"{served.url}/fhir/R4{path}",
            headers={"authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS,
        )
        clinic.memory.append(rss(served.process))
        if until(answer):
            return answer
        time.sleep(0.2)
    raise AssertionError(f"it never came so far: {answer.status_code} {answer.headers}")


def percent(answer: httpx.Response) -> int:
    return int(answer.headers.get("x-progress", "0").rstrip("%") or 0)


def lines(clinic: Clinic, served: Served, manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    headers = {"authorization": f"Bearer {clinic.token(served)}"}
    for each in manifest["output"]:
        with httpx.stream("GET", each["url"], headers=headers, timeout=ANSWER_SECONDS) as answer:
            count = 0
            for line in answer.iter_lines():
                count += 1
                yield msgspec.json.decode(line)
        assert count == each["count"]


async def test_many_patients_killed_in_the_middle_and_never_much_in_memory(
    clinic: Clinic,
) -> None:
    port = free_port()
    with serving(clinic.home, clinic.app_dsn, port=port) as served:
        headers = {
            "authorization": f"Bearer {await asyncio.to_thread(clinic.token, served)}",
            "prefer": "respond-async",
        }
        asked = await asyncio.to_thread(
            httpx.get, f"{served.url}{EXPORT}", headers=headers, timeout=ANSWER_SECONDS
        )
        assert asked.status_code == 202, asked.text
        where = asked.headers["content-location"]
        await asyncio.to_thread(
            followed, clinic, served, where, lambda answer: percent(answer) >= 20
        )
        os.killpg(served.process.pid, signal.SIGKILL)
    clinic.memory.clear()
    with serving(clinic.home, clinic.app_dsn, port=port) as served:
        await asyncio.to_thread(
            followed, clinic, served, where, lambda answer: percent(answer) >= 40
        )
        begun = clinic.memory[-1]
        answer = await asyncio.to_thread(
            followed, clinic, served, where, lambda answer: answer.status_code != 202
        )
        assert answer.status_code == 200, answer.text
        assert max(clinic.memory) - begun < MOST_GROWTH
        found = Counter(
            (line["resourceType"], line["id"])
            for line in await asyncio.to_thread(lambda: list(lines(clinic, served, answer.json())))
        )
    assert set(found.values()) == {1}, "somebody is in it twice"
    admin = await asyncpg.connect(clinic.admin_dsn)
    try:
        crowd = await admin.fetch(
            "SELECT participant_id::text AS id, 'Patient' AS type FROM facility_patient"
            " WHERE local_id ~ '^C[0-9]{6}$' UNION ALL SELECT record_id::text, resource_type"
            " FROM record JOIN facility_patient USING (participant_id)"
            " WHERE local_id ~ '^C[0-9]{6}$'"
        )
        told, most = await admin.fetchrow(
            "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM access_event"
            " JOIN facility_patient USING (participant_id) WHERE local_id ~ '^C[0-9]{6}$'"
            " AND event = 'records:copy:exported' GROUP BY participant_id) e"
        )
        owed = await admin.fetchval("SELECT count(*) FROM access_log_head WHERE owes <> '{}'")
    finally:
        await admin.close()
    assert len(crowd) == MANY * (RECORDS + 1)
    assert {(row["type"], row["id"]) for row in crowd} <= found.keys()
    assert (told, owed) == (MANY, 0)
    assert most <= 2  # once more for whoever was read and not saved when it was killed
