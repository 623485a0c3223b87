"""The database goes away: nobody is misled, nothing is kept half, and it is well by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.by_hand import by_hand
from tests.faults.conftest import PATIENCE_SECONDS, House

PAGE = {"accept": "text/html", "accept-language": "en"}
POOL = 16  # connections of one worker


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=house.app.url, timeout=PATIENCE_SECONDS, trust_env=False
    ) as client:
        yield client


async def _until(status: int, ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := await ask()).status_code != status:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.05)


async def test_a_stopped_database_is_said_plainly_and_needs_no_restart(
    house: House, http: httpx.AsyncClient
):
    token = await asyncio.to_thread(house.token, "sato")
    hanako = house.people()["hanako"].person_id
    reading = http.build_request(
        "GET",
        f"/fhir/R4/Condition?patient={hanako}",
        headers={"authorization": f"Bearer {token}"},
    )
    await asyncio.to_thread(house.stop_postgres)
    try:
        await _check_answers_without_a_database(http, reading)
    finally:
        await asyncio.to_thread(house.postgres.start)
    await _until(200, lambda: http.get("/health/ready"))
    assert house.app.process.poll() is None
    assert (await http.send(reading)).status_code == 200


async def _check_answers_without_a_database(
    http: httpx.AsyncClient, reading: httpx.Request
) -> None:
    assert (await http.get("/health/live")).status_code == 200
    assert (await http.get("/health/ready")).status_code == 503
    page = await http.get("/home", headers=PAGE | {"cookie": "tsunagu_session=of-someone"})
    assert page.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    assert "Traceback" not in page.text
    read = await http.send(reading)
    assert read.status_code == 503
    assert read.json()["issue"][0]["code"] == "transient"
    for path in ("/me/disclosure", "/me/access-log"):
        own = await http.get(path, headers={"authorization": "Bearer someone"})
        assert own.status_code == 503
        assert own.json()["type"] == "urn:tsunagu:problem:error.unavailable"


@pytest.mark.parametrize(
    "failure",
    [
        "RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'",
        "PERFORM pg_terminate_backend(pg_backend_pid())",
    ],
    ids=["disk full", "connection cut"],
)
async def test_a_commit_that_fails_answers_503_and_gives_its_connection_back(
    house: House, http: httpx.AsyncClient, failure: str
):
    token = await asyncio.to_thread(house.token, "sato")
    hanako = house.people()["hanako"].person_id

    async def read() -> httpx.Response:
        return await http.get(
            f"/fhir/R4/Condition?patient={hanako}", headers={"authorization": f"Bearer {token}"}
        )

    async def find() -> httpx.Response:
        return await http.get(
            f"/fhir/R4/Patient?_id={hanako}", headers={"authorization": f"Bearer {token}"}
        )

    admin = await house.admin()
    count = "SELECT last_pseq FROM access_log_head WHERE participant_id = $1"
    try:
        before = await admin.fetchval(count, hanako)
        await by_hand(
            admin,
            "CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
            f" AS $$ BEGIN {failure}; RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER fails_at_commit AFTER INSERT ON access_event"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_at_commit()",
        )
        for _ in range(POOL + 4):
            for answer in (await read(), await find()):
                assert answer.status_code == 503, answer.text
                assert "entry" not in answer.json()
        assert await admin.fetchval(count, hanako) == before
    finally:
        await by_hand(
            admin,
            "DROP TRIGGER IF EXISTS fails_at_commit ON access_event;"
            "DROP FUNCTION IF EXISTS fail_at_commit()",
        )
        await admin.close()
    await _until(200, read)
    assert (await find()).status_code == 200
    admin = await house.admin()
    try:
        assert await admin.fetchval(count, hanako) == before + 2
    finally:
        await admin.close()
