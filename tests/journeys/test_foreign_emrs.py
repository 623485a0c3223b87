"""EMRs of other houses read over FHIR with the clients they have, unmodified."""

import asyncio
import json
from typing import NamedTuple

import pytest_asyncio
from fhirclient.client import FHIRClient
from fhirclient.models.observation import Observation
from fhirpy import AsyncFHIRClient

from api import demo
from api.fhir.codes import CARD
from tests.checks.node import run_node
from tests.conftest import Deployment
from tests.journeys import emr
from tests.portal.scene import Place
from tests.records.conftest import facility_id
from tests.records.reading.scene import Json, Someone, World, lab, make_world, prescription, someone
from tests.serving import Served


class Known(NamedTuple):
    """Somebody with seven results, the earliest in two versions, and the clinic's token."""

    who: Someone
    results: list[str]
    base: str
    token: str

    def another(self) -> Json:
        whom = {"identifier": {"system": CARD, "value": self.who.card.digits}}
        return lab("new", "2026-03-01") | {"subject": whom}


@pytest_asyncio.fixture
async def known(served: Served, database: Deployment, people: dict[str, demo.Cast]) -> Known:
    made = await make_world()
    clinic = Place(await facility_id(demo.CLINIC), demo.CLINIC, "", "")
    who = await someone(World(made.hospital, clinic, made.emr, made.hospital_emr, made.sato))
    ids = await who.has(
        lab("0", "2026-01-01", status="preliminary"),
        *(lab(f"{n}", f"2026-01-0{n + 1}") for n in range(7)),
    )
    await who.has(prescription("rx", "2026-02-01"))
    token = await emr.token_of(
        served, database.settings, demo.CLINIC, "system/*.read system/*.write", "physician"
    )
    return Known(who, [str(each) for each in ids[1:]], f"{served.url}/fhir/R4", token)


async def test_fhirpy_searches_reads_and_writes(known: Known) -> None:
    client = AsyncFHIRClient(known.base, authorization=f"Bearer {known.token}")
    patient = str(known.who.id)
    search = client.resources("Observation").search(patient=patient).limit(2).sort("date")
    assert [each["id"] for each in await search.fetch_all()] == known.results
    assert await client.resources("Observation").search(patient=patient).count() == 7
    one = await client.reference("Observation", known.results[0]).to_resource()
    assert (one["status"], one["meta"]["versionId"]) == ("final", "2")
    first = await client.execute(f"Observation/{one['id']}/_history/1", method="GET")
    assert first["status"] == "preliminary"
    everything = await client.execute(f"Patient/{patient}/$everything", method="GET")
    types = [each["resource"]["resourceType"] for each in everything["entry"]]
    assert sorted(types) == ["MedicationRequest", *["Observation"] * 7, "Patient"]
    statement = await client.execute("metadata", method="GET")
    assert statement["fhirVersion"] == "4.0.1"
    content = {name: value for name, value in known.another().items() if name != "resourceType"}
    new = client.resource("Observation", **content)
    await new.save()
    assert new["meta"]["versionId"] == "1"


async def test_fhirclient_searches_and_reads(known: Known) -> None:
    def at_the_emr() -> None:
        smart = FHIRClient(settings={"app_id": "emr", "api_base": known.base})
        smart.server.session.headers["Authorization"] = f"Bearer {known.token}"
        assert smart.server.capabilityStatement.fhirVersion == "4.0.1"
        asked = {"patient": str(known.who.id), "_count": "3", "_sort": "date"}
        search = Observation.where(asked)
        assert [each.id for each in search.perform_resources_iter(smart.server)] == known.results
        one = Observation.read(known.results[0], smart.server)
        assert (one.status, one.meta.versionId) == ("final", "2")
        new = Observation(known.another()).create(smart.server)
        assert new is not None

    await asyncio.to_thread(at_the_emr)


async def test_fhir_kit_client_searches_reads_and_writes(known: Known) -> None:
    said = await asyncio.to_thread(
        run_node,
        "tests/journeys/kit_client.mjs",
        known.base,
        known.token,
        str(known.who.id),
        json.dumps(known.another()),
        capture_output=True,
    )
    told = json.loads(said.stdout)
    assert told["found"] == known.results
    assert told["one"] == known.results[0]
    assert (told["fhirVersion"], told["first"], told["versions"]) == (
        "4.0.1",
        "preliminary",
        ["2", "1"],
    )
    assert sorted(told["everything"]) == ["MedicationRequest", *["Observation"] * 7, "Patient"]
    assert (told["created"], told["refused"]) == ("1", "OperationOutcome")
