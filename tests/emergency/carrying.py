"""Hanako's records as facilities write them, and her card made of them."""

import json
from typing import Any
from uuid import UUID

from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.emergency.cards import service as cards
from api.emergency.cards.service import Issued
from api.fhir.codes import LOINC
from api.records.emergency import carrying
from api.records.emergency.carrying import Wish
from tests.portal.scene import Place


async def recorded(
    at: Place, about: Actor, category: str, body: dict[str, Any], *, sensitivity: int = 0
) -> UUID:
    title = body.get("code", body.get("medicationCodeableConcept", {})).get("text", "")
    async with unit_of_work(OPERATOR, subject=about.participant_id) as tx:
        await tx.execute(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, title, body)"
            " VALUES (app.subject(), $1, 1, $2, $3, $4, $5,"
            " (now() AT TIME ZONE 'Asia/Tokyo')::date, $6, $7)",
            record_id := uuid7(),
            body["resourceType"],
            category,
            sensitivity,
            at.facility_id,
            title,
            json.dumps(body, ensure_ascii=False),
        )
    return record_id


def allergy(name: str, **more: object) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "code": {"text": name}, **more}


def medicine(name: str) -> dict[str, Any]:
    drug = {"medicationCodeableConcept": {"text": name}}
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **drug}


def condition(name: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": {"text": name}}


def blood(value: str) -> dict[str, Any]:
    code = {"text": "血液型", "coding": [{"system": LOINC, "code": "882-1"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, "valueString": value}


async def whole(at: Place, about: Actor) -> dict[str, UUID]:
    """What a summary is made of, one of each."""
    device = {"resourceType": "DeviceUseStatement", "status": "active"}
    surgery = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"text": "人工股関節置換術"},
    }
    return {
        "allergy": await recorded(at, about, "allergy", allergy("ペニシリン", criticality="high")),
        "contra": await recorded(at, about, "contraindication", allergy("ヨード造影剤")),
        "medicine": await recorded(at, about, "prescription", medicine("ワーファリン錠１ｍｇ")),
        "condition": await recorded(at, about, "condition", condition("心房細動")),
        "delicate": await recorded(at, about, "condition", condition("うつ病"), sensitivity=1),
        "device": await recorded(
            at, about, "condition", device | {"code": {"text": "心臓ペースメーカー"}}
        ),
        "surgery": await recorded(at, about, "procedure", surgery),
        "blood": await recorded(at, about, "lab", blood("A Rh(+)")),
    }


async def made(hanako: Actor, **wished: Any) -> None:
    await carrying.make(hanako, Wish(**wished))


async def carried(hanako: Actor, **wished: Any) -> Issued:
    """Made and printed."""
    await made(hanako, **wished)
    return await cards.issue(hanako, "paper")
