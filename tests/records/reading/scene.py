"""A hospital that wrote, a clinic that reads, and somebody both know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec

from api.access_log import receipts
from api.consent import service as consent
from api.consent.lifecycle import dwelling, leaving
from api.consent.settings.switches import Command, SetFacility
from api.core.actor import Actor, ActorKind
from api.fhir.codes import CARD, JLAC10, YJ
from api.identity.card import CardNumber
from api.records.incoming import service as ingest
from tests.attacks.conftest import System, install
from tests.portal import scene
from tests.portal.scene import Place

Json = dict[str, Any]
HBA1C = "3D046000001906202"
CRP = "5C070000002306201"
DRUG = "3962002F2027"
LABORATORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"
RECEIPT = receipts.HEADER.lower()


@dataclass(frozen=True)
class World:
    hospital: Place
    clinic: Place
    emr: System
    hospital_emr: System
    sato: Actor


@dataclass(frozen=True)
class Someone:
    """Lets the clinic in unless said otherwise; the hospital writes about them."""

    actor: Actor
    card: CardNumber
    world: World

    @property
    def id(self) -> UUID:
        assert self.actor.participant_id
        return self.actor.participant_id

    async def has(self, *resources: Json, by: Place | None = None) -> list[UUID]:
        """Records of this content, as the facility's system sends them; their ids."""
        place = by or self.world.hospital
        sender = Actor(kind=ActorKind.SYSTEM, facility_id=place.facility_id, client_id="emr")
        ids = []
        for each in resources:
            element = "patient" if each["resourceType"] == "AllergyIntolerance" else "subject"
            whom = {"identifier": {"system": CARD, "value": self.card.digits}}
            stored = await ingest.store(sender, msgspec.json.encode({**each, element: whom}))
            (record,) = stored.entries
            assert isinstance(record, ingest.StoredRecord)
            ids.append(record.resource_id)
        return ids

    async def wants(self, *commands: Command) -> None:
        now = await consent.settings(self.actor)
        await consent.change(self.actor, commands, expected_version=now.directive.version)


async def make_world() -> World:
    hospital = await scene.place("白川病院", "シラカワビョウイン", "Shirakawa Hospital", "hospital")
    clinic = await scene.place("こぶし内科", "コブシナイカ", "Kobushi Clinic", "clinic")
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    mori = await scene.professional(hospital, "森 大輔", "physician")
    return World(hospital, clinic, await install(clinic, sato), await install(hospital, mori), sato)


async def someone(world: World, *, lets_in: bool = True) -> Someone:
    actor, card = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    await dwelling.show_from(actor, None)
    who = Someone(actor, card, world)
    if lets_in:
        await who.wants(SetFacility(world.clinic.facility_id, on=True))
    return who


def lab(number: str, day: str, code: str = HBA1C, **changes: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": LABORATORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": JLAC10, "code": code}], "text": "HbA1c"},
        "identifier": [{"system": "urn:lab", "value": number}],
        "effectiveDateTime": day,
        "valueQuantity": {"value": 6.10, "unit": "%"},
        "text": {"status": "generated", "div": "<div>HbA1c</div>"},
        **changes,
    }


def prescription(number: str, day: str, **changes: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": YJ, "code": DRUG, "display": "薬"}]},
        "identifier": [{"system": "urn:rx", "value": number}],
        "authoredOn": day,
        **changes,
    }


def condition(number: str, day: str, **changes: Any) -> Json:
    return {
        "resourceType": "Condition",
        "code": {"text": "本態性高血圧症"},
        "identifier": [{"system": "urn:dx", "value": number}],
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "onsetDateTime": day,
        **changes,
    }


def visit(number: str, day: str, **changes: Any) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "identifier": [{"system": "urn:visit", "value": number}],
        "period": {"start": day, "end": day},
        **changes,
    }


def report(number: str, day: str, results: Sequence[UUID], **changes: Any) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "血液検査"},
        "category": [{"coding": [{"system": SERVICE, "code": "LAB"}]}],
        "identifier": [{"system": "urn:report", "value": number}],
        "effectiveDateTime": day,
        "result": [{"reference": f"Observation/{each}"} for each in results],
        **changes,
    }


def to(resource_type: str, record_id: UUID) -> Json:
    return {"reference": f"{resource_type}/{record_id}"}


class Emr:
    """The clinic's system at the FHIR door."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"authorization": f"Bearer {token}"}

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, f"/fhir/R4{path}", headers=headers, **more)

    async def get(self, path: str, *pairs: tuple[str, object], **headers: str) -> httpx.Response:
        wire = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send(
            "GET", path, params=[(name, str(value)) for name, value in pairs], headers=wire
        )

    async def bundle(self, path: str, *pairs: tuple[str, object]) -> Json:
        answer = await self.get(path, *pairs)
        assert answer.status_code == 200, answer.text
        assert answer.headers[RECEIPT]
        found: Json = answer.json()
        return found

    async def pages(self, path: str, *pairs: tuple[str, object]) -> list[Json]:
        """This page and all that follow, by their links."""
        found = [await self.bundle(path, *pairs)]
        while following := linked(found[-1], "next"):
            answer = await self.http.get(following, headers=self.headers)
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
        return found


def linked(bundle: Json, relation: str) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), None)


def resources(*bundles: Json) -> list[Json]:
    return [entry["resource"] for bundle in bundles for entry in bundle.get("entry", [])]


def numbers(*bundles: Json) -> list[str]:
    """The sender's number of each record, in order."""
    return [each["identifier"][0]["value"] for each in resources(*bundles)]
