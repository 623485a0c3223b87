"""An app's client made of the published schema alone: it compiles strictly, writes and reads."""

import asyncio
import json
import subprocess
from datetime import timedelta

from api.core import clock
from tests.checks.node import ROOT, run_node
from tests.client.schema import schema_at
from tests.journeys.people import participating, session_of
from tests.serving import Served

OUT = ROOT / ".test-output" / "client"
TYPES = OUT / "tsunagu.d.ts"
# What has a default may be left out.
OPTIONAL = "--default-non-nullable=false"


def typed(url: str) -> None:
    """The types of what this server publishes."""
    OUT.mkdir(parents=True, exist_ok=True)
    published = OUT / "openapi.json"
    published.write_text(json.dumps(schema_at(url)))
    generator = "node_modules/openapi-typescript/bin/cli.js"
    run_node(generator, str(published), "-o", str(TYPES), OPTIONAL, stdout=subprocess.DEVNULL)


def compiled() -> subprocess.CompletedProcess[str]:
    arguments = ("-p", "tests/client/tsconfig.json")
    asked = {"check": False, "capture_output": True, "text": True}
    return run_node("node_modules/typescript/bin/tsc", *arguments, **asked)


async def test_an_app_typed_by_the_schema_writes_a_measurement_and_reads_it(
    served: Served, people: object
) -> None:
    await asyncio.to_thread(typed, served.url)
    done = await asyncio.to_thread(compiled)
    assert done.returncode == 0, done.stdout
    _, hanako = await participating()
    on = (clock.today_in_japan() - timedelta(days=1)).isoformat()  # half past seven has been
    said = await asyncio.to_thread(
        run_node,
        ".test-output/client/tests/client/example.js",
        served.url,
        await session_of(hanako),
        on,
        capture_output=True,
        text=True,
    )
    assert json.loads(said.stdout) == {
        "by": "self",
        "values": {"systolic": "128", "diastolic": "76"},
        "time": "07:30",
        "refused": 422,
    }
