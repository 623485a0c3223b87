"""A clinic whose system may export, its own patients, and exports that no other worker takes."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.identity.enrolling import intake
from api.identity.tokens import systems
from api.records.bulk import queries, running, service
from api.records.bulk.files import folder_of
from api.records.bulk.queries import Taken
from api.records.bulk.rules import Job, Wish
from tests.attacks.conftest import System, install
from tests.portal import scene
from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    ito,
    open_browser,
    pharmacy,
    sato,
    ueda,
    yumi,
)
from tests.portal.scene import Place, Visitor

__all__ = [
    "browsers",
    "clinic",
    "hanako",
    "ito",
    "open_browser",
    "pharmacy",
    "sato",
    "ueda",
    "yumi",
]
EVERYTHING = Wish()
SITE = "http://localhost:8000"


@dataclass
class Emr:
    """A facility's system, and what stands in the access log of whoever it exports."""

    system: System
    place: Place
    actor: Actor
    browser: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def sign_in(self, scope: str = "system/*.rs") -> None:
        self.headers = {"authorization": f"Bearer {await self.system.token(scope)}"}

    async def ask(self, path: str, **more: Any) -> httpx.Response:
        return await self.send("GET", path, **more)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        if not self.headers:
            await self.sign_in()
        headers = self.headers | more.pop("headers", {})
        return await self.browser.request(method, path, headers=headers, **more)

    async def start(self, query: str = "", group: str = "own-patients") -> httpx.Response:
        prefer = {"prefer": "respond-async"}
        return await self.ask(f"/fhir/R4/Group/{group}/$export{query}", headers=prefer)

    async def take(self, wish: Wish = EVERYTHING) -> Taken:
        """An export of this system, begun and this test's to go on with."""
        async with unit_of_work(self.actor) as tx:
            export_id = await service.start_in(tx, self.actor, wish)
            worker = uuid7()
            await tx.execute(
                "UPDATE bulk_export SET state = 'running', worker = $2,"
                " leased_until = now() + interval '1 hour' WHERE export_id = $1",
                export_id,
                worker,
            )
        return Taken(self.place.facility_id, export_id, worker)

    async def export(self, wish: Wish = EVERYTHING) -> "Exported":
        taken = await self.take(wish)
        await running.work(taken)
        return await self.exported(taken.export_id)

    async def exported(self, export_id: UUID) -> "Exported":
        async with unit_of_work(self.actor) as tx:
            row = await queries.one(tx, export_id)
        assert row is not None
        return Exported(service.job_of(row))

    async def finished(self, where: str) -> httpx.Response:
        """The manifest of an export at this address, whoever makes it."""
        for _ in range(200):
            async with unit_of_work(OPERATOR) as tx:
                taken = await queries.take(tx, uuid7(), 15)
            if taken is not None:
                await running.work(taken)
            answer = await self.ask(where)
            if answer.status_code != 202:
                return answer
        raise AssertionError("it never finished")


@dataclass
class Exported:
    job: Job

    def lines(self, kind: str) -> list[dict[str, Any]]:
        found = []
        for file in self.job.files:
            if file.type == kind:
                whole = (folder_of(self.job.export_id) / file.name).read_bytes()[: file.bytes]
                lines = whole.decode().splitlines()
                assert len(lines) == file.count
                found += [json.loads(line) for line in lines]
        return found

    @property
    def titles(self) -> list[str]:
        drugs = self.lines("MedicationRequest")
        return sorted(each["medicationCodeableConcept"]["text"] for each in drugs)

    @property
    def people(self) -> set[str]:
        return {each["id"] for each in self.lines("Patient")}


async def emr_of(place: Place, doctor: Actor, browser: httpx.AsyncClient, *, may: bool) -> Emr:
    system = await install(place, doctor)
    if may:
        await intake.let_system_export(OPERATOR, system.client_id, may=True)
    actor = systems.access_of(await system.token("system/*.rs")).actor
    return Emr(system, place, actor, browser)


@pytest.fixture
async def emr(clinic: Place, sato: Visitor, open_browser) -> Emr:
    return await emr_of(clinic, sato.actor, await open_browser(), may=True)


@pytest.fixture
async def other(pharmacy: Place, ito: Visitor, open_browser) -> Emr:
    return await emr_of(pharmacy, ito.actor, await open_browser(), may=True)


async def known(at: Place, whom: Visitor | Actor, number: str = "") -> str:
    number = number or f"B{uuid7().hex[-10:]}"
    await scene.knows_as(at, whom.actor if isinstance(whom, Visitor) else whom, number)
    return number


async def drug(at: Place, about: Actor, title: str, **more: Any) -> UUID:
    return await scene.wrote(
        at, about, "prescription", title, medicationCodeableConcept={"text": title}, **more
    )


async def lets_in(whom: Visitor, at: Place) -> None:
    await whom.turn("facility", at.facility_id, "yes", await whom.version())
