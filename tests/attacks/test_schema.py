"""The published schema, tried out: whatever follows or breaks it, no door fails and none lies."""

import asyncio
import os
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import hypothesis
import msgspec
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import demo
from api.directory import staff
from api.identity.enrolling import enrolment
from api.identity.staff import invitations
from tests.attacks.conftest import World, session_of
from tests.conftest import Deployment
from tests.identity.conftest import Paper, hanako, some_address
from tests.serving import Served

__all__ = ["hanako"]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "6"))  # of each operation; `make fuzz` asks 50
TYPES = ("Patient", "Condition", "MedicationRequest", "Observation", "Bundle", "Nonsense")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
async def bearers(
    served: Served, database: Deployment, own_world: World, hanako: Paper
) -> dict[str, str]:
    """What opens each door, by the beginning of its path; the last that fits counts."""
    settings = msgspec.structs.replace(database.settings, public_url=served.url)
    scopes = "system/*.read system/*.write"
    ticket = await hanako.begin()
    assert (await enrolment.holder_of(ticket)).account_id is None
    session = await session_of(own_world.hanako)
    wish = staff.NewColleague("事務担当", "ジムタントウ", "clerk")
    invited = await staff.invite(own_world.desk, wish)
    invitation = await invitations.begin(invited.invitation.code.printed, some_address())
    system = await asyncio.to_thread(demo.fetch_token, settings, "sato", scopes)
    return {
        "/": session,
        "/enrolments": ticket,
        "/facility": system,
        "/fhir": system,
        "/fhir/R4/AuditEvent": session,
        "/invitations": invitation.token,
        "/me/facility": await session_of(own_world.desk),
        "/me/profession": await session_of(own_world.sato),
        "/me/professionals": session,
        "/sessions": await session_of(own_world.sato),
    }


def operations(served: Served) -> Iterator[Any]:
    schema = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")
    found = [each.ok() for each in schema.get_all_operations()]
    assert len(found) >= 28
    yield from found


@pytest.mark.parametrize("is_let_in", [False, True], ids=["anonymous", "with a bearer"])
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_no_door_fails_whatever_comes(
    served: Served,
    bearers: dict[str, str],
    own_world: World,
    mode: GenerationMode,
    is_let_in: bool,
):
    patients = (str(own_world.taro.participant_id), str(own_world.hanako.participant_id), "x")
    sent: list[str] = []

    def all_of_them() -> None:
        for operation in operations(served):
            bearer = [token for path, token in bearers.items() if operation.path.startswith(path)]
            headers = {"authorization": f"Bearer {bearer[-1]}"} if is_let_in else {}
            if (operation.method, operation.path) == ("delete", "/sessions/current"):
                headers = {}
            try:
                cases = operation.as_strategy(generation_mode=mode)
                _try(cases, headers, patients, sent)
            except hypothesis.errors.Unsatisfiable:
                continue  # nothing can break the schema of an operation that takes nothing

    await asyncio.to_thread(all_of_them)
    assert len(set(sent)) >= (28 if mode is GenerationMode.POSITIVE else 11)


def _try(cases: Any, headers: dict[str, str], patients: tuple[str, ...], sent: list[str]) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    @hypothesis.given(case=cases, kind=st.sampled_from(TYPES), patient=st.sampled_from(patients))
    def send(case: Any, kind: str, patient: str) -> None:
        if "resource_type" in (case.path_parameters or {}):
            case.path_parameters["resource_type"] = kind
            case.query = dict(case.query or {}) | {"patient": patient}
        response = case.call(headers=headers)
        sent.append(case.operation.label)
        case.validate_response(response, checks=CHECKS)

    send()


async def test_what_is_served_is_what_the_schema_says(
    served: Served, bearers: dict[str, str], own_world: World
):
    """Each operation that only reads, asked rightly: its documented status, type and shape."""

    special: dict[str, object] = {
        "resource_type": "Patient",
        "resource_id": str(own_world.taro.participant_id),
        "number": 999,
        "month": "1999-01",
        "version": 999,
        "name": "999.tlog-proof",
        "tile": "9/000",
    }

    def all_of_them() -> list[str]:
        found = []
        for operation in operations(served):
            # What an emergency session gives is asked for in tests/emergency, in a session; what an
            # export gives in tests/records/bulk
            if operation.method != "get" or operation.path.startswith(
                ("/enrolments", "/emergency", "/fhir/R4/Group", "/fhir/R4/bulk-export")
            ):
                continue
            bearer = [token for path, token in bearers.items() if operation.path.startswith(path)]
            case = operation.Case(
                path_parameters={
                    name: special.get(name, str(UUID(int=999)))
                    for name in re.findall(r"{(\w+)}", operation.path)
                },
                query={
                    name: value
                    for path, name, value in (
                        ("resource_type}", "_id", "x"),
                        ("/reconcile", "day", "2026-11-01"),
                        ("/me/vitals/summary", "kind", "weight"),
                        ("/$ihe-pix", "sourceIdentifier", "urn:tsunagu:card|1"),
                        ("/fhir/R4", "patient", str(own_world.taro.participant_id)),
                    )
                    if operation.path.endswith(path)
                },
            )
            response = case.call(headers={"authorization": f"Bearer {bearer[-1]}"})
            is_hidden = bool(set(case.path_parameters) - {"resource_type"}) or (
                # none is carried, none is being closed
                operation.path in ("/me/emergency-card", "/me/closing")
            )
            assert response.status_code == (404 if is_hidden else 200), operation.label
            case.validate_response(response, checks=CHECKS)
            found.append(operation.label)
        return found

    assert len(await asyncio.to_thread(all_of_them)) >= 12
