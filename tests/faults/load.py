"""Reads of two participants' records by many at once, each answer kept with its receipt."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import httpx

from tests.faults.conftest import House

READERS = 8
TYPES = ("MedicationRequest", "Observation", "Condition", "AllergyIntolerance")


class Answered(NamedTuple):
    """A read whose answer reached the client whole."""

    participant_id: UUID
    receipt: str


class Load:
    """One of the two lets the clinic in, the other does not."""

    def __init__(self, url: str, token: str, participants: list[UUID]) -> None:
        self._url, self._participants = url, participants
        self._headers = {"authorization": f"Bearer {token}"}
        self.answered: list[Answered] = []
        self.checkpoints: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.lost = 0

    def show(self, token: str) -> None:
        """From the next readers on."""
        self._headers = {"authorization": f"Bearer {token}"}

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
            self.answered.append(Answered(participant, answer.headers["tsunagu-receipt"]))
        else:
            await asyncio.sleep(0.02)

    async def _look(self, http: httpx.AsyncClient) -> None:
        """What anybody may see of the log, kept to be held against it later."""
        try:
            answer = await http.get("/log/v1/checkpoint")
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            self.checkpoints.add(answer.text)

    @asynccontextmanager
    async def running(self, seed: int) -> AsyncIterator[None]:
        over = asyncio.Event()

        async def read_on(number: int) -> None:
            rng = random.Random(seed * READERS + number)
            async with self._client() as http:
                while not over.is_set():
                    await self._read(http, rng)

        async def look_on() -> None:
            async with self._client() as http:
                while not over.is_set():
                    await self._look(http)
                    await asyncio.sleep(0.1)

        async with asyncio.TaskGroup() as group:
            group.create_task(look_on())
            for number in range(READERS):
                group.create_task(read_on(number))
            try:
                yield
            finally:
                over.set()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._url, headers=self._headers, timeout=20, trust_env=False
        )

    async def another(self, count: int) -> None:
        """Returns once this many more were answered."""
        goal = len(self.answered) + count
        async with asyncio.timeout(180):
            while len(self.answered) < goal:  # noqa: ASYNC110 - counts what other tasks do
                await asyncio.sleep(0.01)


async def load_of(house: House) -> Load:
    people = house.people()
    participants = [people["hanako"].person_id, people["taro"].person_id]
    return Load(house.app.url, await asyncio.to_thread(house.token, "sato"), participants)
