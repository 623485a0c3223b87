"""Asking about somebody nobody knows is an act too, and is written down."""

import asyncpg
import httpx
import pytest

from api import demo
from api.identity.tokens import systems
from tests.conftest import Deployment


async def _asked(database: Deployment) -> int:

    connection = await asyncpg.connect(database.admin_dsn)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM system_event WHERE outcome = 'denied' AND event LIKE 'records:%'"
    )
    await connection.close()
    return count


@pytest.mark.parametrize(
    "query",
    [
        "MedicationRequest?patient.identifier=urn:tsunagu:card|1000000000009999",
        "MedicationRequest?patient=00000000-0000-7000-8000-000000000000",
        "Patient?identifier=urn:tsunagu:card|1000000000009999",
    ],
)
async def test_a_search_for_nobody_is_empty_and_logged(
    client: httpx.AsyncClient, database: Deployment, people, query: str
):
    assertion = demo.client_assertion(
        database.settings.home,
        demo.CLINIC,
        person={"person_id": str(people["sato"].person_id)},
        audience=systems.token_endpoint(),
    )
    token = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, "system/*.read"
    )
    before = await _asked(database)
    answer = await client.get(
        f"/fhir/R4/{query}", headers={"authorization": f"Bearer {token.access_token}"}
    )
    assert (answer.status_code, answer.json()["total"]) == (200, 0)
    assert await _asked(database) == before + 1
