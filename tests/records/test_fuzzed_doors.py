"""The doors records come in by, tried by what follows and what breaks their published schema."""

import asyncio
from typing import Any

import hypothesis
import msgspec
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from api import demo
from tests.conftest import Deployment
from tests.records import shapes
from tests.serving import Served

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
]
ENTRIES = st.lists(
    st.sampled_from([*shapes.posted(shapes.lab(), shapes.condition())["entry"], {}, 1]), max_size=3
)


COMES_IN = r"^/fhir/R4(/\{resource_type\}(/\{resource_id\})?)?$"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_no_door_records_come_in_by_fails(
    served: Served, database: Deployment, people: dict[str, demo.Cast], mode: GenerationMode
):
    own = msgspec.structs.replace(database.settings, public_url=served.url)
    token = await asyncio.to_thread(demo.fetch_token, own, "sato", "system/*.write")
    sent: list[str] = []

    def all_of_them() -> None:
        schema = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")
        doors = schema.include(path_regex=COMES_IN, method=["POST", "PUT"])
        for operation in doors.get_all_operations():
            _try(operation.ok().as_strategy(generation_mode=mode), token, sent)

    await asyncio.to_thread(all_of_them)
    assert len(set(sent)) == 4


def _try(cases: Any, token: str, sent: list[str]) -> None:
    @hypothesis.settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    @hypothesis.given(case=cases, entries=st.none() | ENTRIES)
    def send(case: Any, entries: list[Any] | None) -> None:
        if entries is not None and isinstance(case.body, dict):
            case.body = case.body | {"entry": entries}
        response = case.call(headers={"authorization": f"Bearer {token}"})
        sent.append(case.operation.label)
        case.validate_response(response, checks=CHECKS)

    send()
