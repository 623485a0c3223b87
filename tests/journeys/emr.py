"""Systems of the demo's facilities: they sign for their token, send and read over FHIR."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import httpx
from fhirpy import AsyncFHIRClient
from msgspec.structs import replace

from api import demo
from api.core.settings import Settings
from api.fhir.codes import CARD, patient_in_facility
from api.identity.card import CardNumber
from api.identity.tokens import systems
from api.records.demo_records import demo_bundles, demo_patient_number
from api.records.parse import encode
from tests.serving import ANSWER_SECONDS, Served

NEWEST_VISIT_AGO = timedelta(days=9)


async def reader(served: Served, settings: Settings, person: str) -> AsyncFHIRClient:
    """The FHIR client of this professional's facility."""
    here = replace(settings, public_url=served.url)
    token = await asyncio.to_thread(demo.fetch_token, here, person, "system/*.read")
    return _client(served, token)


async def reader_as(
    served: Served, settings: Settings, facility: str, profession: str
) -> AsyncFHIRClient:
    """The facility's client, acting for somebody of this profession."""
    token = await token_of(served, settings, facility, "system/*.read", profession)
    return _client(served, token)


async def send_records(
    served: Served, settings: Settings, facility: str, card: CardNumber, today: date
) -> int:
    """Sends the demo's records of one person under this card, the newest visit being today's."""
    token = await token_of(served, settings, facility, "system/*.write", "physician")
    number = demo_patient_number("hanako", facility)
    bundles = demo_bundles(
        "hanako", date(1968, 5, 3), "female", [facility], today + NEWEST_VISIT_AGO
    )
    headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}
    stored = 0
    async with httpx.AsyncClient(
        base_url=served.url, headers=headers, timeout=ANSWER_SECONDS
    ) as http:
        for bundle in bundles:
            text = encode(bundle).replace(patient_in_facility(facility), CARD)
            text = text.replace(f'"{number}"', f'"{card.digits}"')
            text = text.replace("hanako-", f"{card.digits}-")  # records of her own, not another's
            answer = await http.post("/fhir/R4", content=text.encode())
            assert answer.status_code in (200, 201), answer.text
            stored += len(answer.json().get("entry", [None]))
    return stored


async def token_of(
    served: Served, settings: Settings, facility: str, scope: str, profession: str
) -> str:
    endpoint = f"{served.url}/oauth/token"
    person: dict[str, Any] = {
        "subject_name": "佐藤 健一",
        "subject_role": profession,
        "purpose_of_use": "TREAT",
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": systems.ASSERTION_TYPE,
        "client_assertion": demo.client_assertion(
            settings.home, facility, person=person, audience=endpoint
        ),
        "scope": scope,
    }
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as http:
        answer = await http.post(endpoint, data=form)
    assert answer.status_code == 200, answer.text
    token: str = json.loads(answer.text)["access_token"]
    return token


def _client(served: Served, token: str) -> AsyncFHIRClient:
    return AsyncFHIRClient(f"{served.url}/fhir/R4", authorization=f"Bearer {token}")
