"""Killed after the rows were read and before their event: nothing was read, nothing is left."""

import asyncio
import time

import httpx
import pytest

from tests.by_hand import by_hand
from tests.faults.conftest import PATIENCE_SECONDS, House

# Stands where the event would be written: the backend dies in the midst of it.
DIES = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER dies BEFORE INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION die();
"""
LIVES = "DROP TRIGGER IF EXISTS dies ON access_event; DROP FUNCTION IF EXISTS die();"
STATE = (
    "SELECT last_pseq, last_commit, owes, (SELECT count(*) FROM access_event e"
    " WHERE e.participant_id = h.participant_id) AS events"
    " FROM access_log_head h WHERE participant_id = $1"
)


@pytest.mark.parametrize("path", ["Condition?patient=", "Patient?_id="])
async def test_a_crash_between_reading_and_logging_leaves_neither(house: House, path: str):
    token = await asyncio.to_thread(house.token, "sato")
    hanako = house.people()["hanako"].person_id

    async with httpx.AsyncClient(
        base_url=house.app.url, timeout=PATIENCE_SECONDS, trust_env=False
    ) as http:

        async def read() -> httpx.Response:
            headers = {"authorization": f"Bearer {token}"}
            return await http.get(f"/fhir/R4/{path}{hanako}", headers=headers)

        admin = await house.admin()
        try:
            before = await admin.fetchrow(STATE, hanako)
            await by_hand(admin, DIES)
            answers = await asyncio.gather(*(read() for _ in range(12)))
            assert {answer.status_code for answer in answers} == {503}
            assert not any("entry" in answer.json() for answer in answers)
            assert not any("tsunagu-receipt" in answer.headers for answer in answers)
            assert await admin.fetchrow(STATE, hanako) == before
        finally:
            await by_hand(admin, LIVES)
            await admin.close()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := await read()).status_code != 200:
            assert time.monotonic() < deadline, answer.text
            await asyncio.sleep(0.05)
        admin = await house.admin()
        try:
            after = await admin.fetchrow(STATE, hanako)
        finally:
            await admin.close()
        assert after["last_pseq"] == before["last_pseq"] + 1
        assert (after["owes"], after["events"]) == ([], before["events"] + 1)
