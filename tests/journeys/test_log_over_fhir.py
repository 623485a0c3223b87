"""The log, read by a FHIR client that knows nothing of ours."""

from fhirpy import AsyncFHIRClient

from api import demo
from tests.conftest import Deployment
from tests.journeys import emr
from tests.journeys.people import as_actor, session_of
from tests.serving import Served
from tests.support import balp


async def test_an_independent_client_reads_every_event_page_by_page(
    served: Served, database: Deployment, people: dict[str, demo.Cast]
) -> None:
    hanako = people["hanako"]
    for person in ("sato", "ito"):
        client = await emr.reader(served, database.settings, person)
        await client.resources("MedicationRequest").search(patient=str(hanako.person_id)).fetch()
    token = await session_of(as_actor(hanako))
    hers = AsyncFHIRClient(f"{served.url}/fhir/R4", authorization=f"Bearer {token}")
    events = await hers.resources("AuditEvent").limit(2).fetch_all()
    assert len(events) == len({event["id"] for event in events}) >= 3
    assert [balp.faults(dict(event)) for event in events] == [[]] * len(events)
    refused, permitted = events[0], events[1]
    assert (refused["outcome"], permitted["outcome"]) == ("8", "0")
    one = await hers.get("AuditEvent", permitted["id"])
    assert one["id"] == permitted["id"]
    assert balp.faults(dict(one)) == []
    [patient] = [e["what"]["reference"] for e in one["entity"] if e["role"]["code"] == "1"]
    assert patient == f"Patient/{hanako.person_id}"
