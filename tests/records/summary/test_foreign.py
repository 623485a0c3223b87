"""Clients of other houses, unmodified, over real sockets."""

from fhirclient.models.bundle import Bundle

from api import demo
from tests.conftest import Deployment
from tests.journeys import emr
from tests.records.summary import ips
from tests.serving import Served


async def test_a_foreign_client_reads_hanakos_summary(
    served: Served, database: Deployment, people: dict[str, demo.Cast]
) -> None:
    client = await emr.reader(served, database.settings, "sato")
    hanako = people["hanako"].person_id
    found = await client.execute(f"Patient/{hanako}/$summary", method="get")
    assert ips.faults(found) == []
    assert ips.held(found, "10160-0")
    assert Bundle(found).type == "document"
    listed = await client.resources("Patient").search(_id=str(hanako)).fetch_all()
    assert listed[0]["name"][0]["text"] == ips.resources(found)[1]["name"][0]["text"]
