"""Killed without warning, ten times under load: whoever was answered is in the log."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import httpx

from tests.faults.conftest import House

ROUNDS = 10
READERS = 8
SEED = 20261121
TYPES = ("MedicationRequest", "Observation", "Condition", "AllergyIntolerance")


class Answered(NamedTuple):
    """A read whose answer reached the client whole, with the number it was logged under."""

    participant_id: UUID
    number: int


class Load:
    """Reads of two participants' records; one lets the clinic in, the other does not."""

    def __init__(self, url: str, token: str, participants: list[UUID]) -> None:
        self._url, self._participants = url, participants
        self._headers = {"authorization": f"Bearer {token}"}
        self.answered: list[Answered] = []
        self.statuses: Counter[int] = Counter()
        self.lost = 0

    async def _read(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        participant = rng.choice(self._participants)
        try:
            answer = await http.get(
                f"/fhir/R4/{rng.choice(TYPES)}", params={"patient": str(participant), "_count": 5}
            )
        except httpx.TransportError:
            self.lost += 1
            await asyncio.sleep(0.02)
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            number = int(answer.headers["x-tsunagu-log-number"])
            self.answered.append(Answered(participant, number))
        else:
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def running(self, seed: int) -> AsyncIterator[None]:
        over = asyncio.Event()

        async def read_on(number: int) -> None:
            rng = random.Random(seed * READERS + number)
            async with httpx.AsyncClient(
                base_url=self._url, headers=self._headers, timeout=20, trust_env=False
            ) as http:
                while not over.is_set():
                    await self._read(http, rng)

        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(read_on(number))
            try:
                yield
            finally:
                over.set()

    async def another(self, count: int) -> None:
        """Returns once this many more were answered."""
        goal = len(self.answered) + count
        async with asyncio.timeout(20):
            while len(self.answered) < goal:  # noqa: ASYNC110 - counts what other tasks do
                await asyncio.sleep(0.01)


async def test_every_answered_read_has_its_log_row(house: House):
    load = await _load(house)
    rng = random.Random(SEED)
    for number in range(ROUNDS):
        async with load.running(number):
            await load.another(20)
            await asyncio.sleep(rng.uniform(0.0, 0.8))
            if number % 2:
                await asyncio.to_thread(house.kill_postgres)
                await asyncio.to_thread(house.postgres.start)
            else:
                await asyncio.to_thread(house.kill_app)
                await asyncio.to_thread(house.start_app)
            await load.another(20)  # it works again, by itself
        await _check_log(house, load)
    assert set(load.statuses) <= {200, 503}
    assert load.lost > 0 or load.statuses[503] > 0  # it was killed under load indeed
    assert len(load.answered) >= ROUNDS * 40


async def test_a_database_stopped_under_load_leaves_nobody_waiting(house: House):
    load = await _load(house)
    for number in range(4):
        async with load.running(ROUNDS + number):
            await load.another(50)
            await asyncio.to_thread(house.stop_postgres)
            await asyncio.to_thread(house.postgres.start)
            await load.another(20)
        await _check_log(house, load)
    assert set(load.statuses) == {200, 503}
    assert load.lost == 0  # the application was there all the time, and said so


async def _load(house: House) -> Load:
    people = house.people()
    participants = [people["hanako"].person_id, people["taro"].person_id]
    return Load(house.app.url, await asyncio.to_thread(house.token, "sato"), participants)


async def _check_log(house: House, load: Load) -> None:
    admin = await house.admin()
    try:
        heads = {
            row["participant_id"]: row["last_pseq"]
            for row in await admin.fetch("SELECT participant_id, last_pseq FROM access_log_head")
        }
        rows = await admin.fetch("SELECT participant_id, pseq, event FROM access_event")
    finally:
        await admin.close()
    logged = {Answered(row["participant_id"], row["pseq"]): row["event"] for row in rows}
    assert len(load.answered) == len(set(load.answered)), "two answers share a number"
    lost = [each for each in load.answered if logged.get(each) != "records:record:read"]
    assert lost == []
    for participant_id, last in heads.items():
        numbers = sorted(each.number for each in logged if each.participant_id == participant_id)
        assert numbers == list(range(1, last + 1)), "the numbers have a gap"
