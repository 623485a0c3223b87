"""A FHIR Consent made to break its reader, to outlast the portal's limits, or to name others."""

import copy
import json
from typing import Any
from uuid import uuid4

import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from api.core.ids import uuid7
from tests.attacks.conftest import Attacker, World

BASE = "/me/disclosure/consent"


async def sent(app: Attacker, body: Any, version: int = 1) -> Any:
    headers = {"content-type": "application/fhir+json", "if-match": f'W/"{version}"'}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    bearer = {"authorization": f"Bearer {app.bearer}"}
    return await app.http.post(BASE, content=content, headers=headers | bearer)


@pytest.fixture
async def mine(attacking, own_world: World):
    """Hanako's app, and her settings as FHIR Consent: the clinic is let in."""
    clinic = own_world.clinic.facility_id
    await consent.change(own_world.hanako, [SetFacility(clinic, on=True)], expected_version=0)
    async with attacking(actor=own_world.hanako) as app:
        yield app, (await app.send("GET", BASE)).json()


def team(name: str, members: list[str]) -> dict[str, Any]:
    system = "urn:tsunagu:professional"
    return {
        "resourceType": "CareTeam",
        "id": str(uuid7()),
        "name": name,
        "participant": [
            {"member": {"type": "Practitioner", "identifier": {"system": system, "value": each}}}
            for each in members
        ],
    }


def with_team(wire: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    url = wire["provision"]["extension"][0]["url"].replace("network-default", "team")
    reference = {"url": url, "valueReference": {"reference": f"#{found['id']}"}}
    return wire | {"contained": [found], "extension": [reference]}


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", " ", "x" * 61, "\u202e", "a\nb"], ids=ascii)
async def test_a_care_team_is_called_nothing_the_portal_would_refuse(
    mine, own_world: World, name: str
):
    app, wire = mine
    doctor = str(own_world.sato.professional_id)
    answer = await sent(app, with_team(wire, team(name, [doctor])))
    assert answer.status_code == 422, answer.text
    assert (await consent.settings(own_world.hanako)).directive.version == 1


async def test_a_care_team_is_no_larger_than_the_portals(mine, own_world: World):
    app, wire = mine
    doctor = str(own_world.sato.professional_id)
    for members in ([], [doctor] * 31):
        assert (await sent(app, with_team(wire, team("T", members)))).status_code == 422
    assert (await sent(app, with_team(wire, team("T", [doctor])))).status_code == 200


async def test_a_share_lasts_no_longer_than_the_portals(mine, own_world: World):
    app, wire = mine
    row = wire["provision"]["provision"][0]
    clinic = copy.deepcopy(row["actor"])
    category = row["modifierExtension"][0]["url"]
    for end in ("2099-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31", "0001-01-01"):
        share = {
            "type": "permit",
            "modifierExtension": [{"url": category, "valueCode": "share"}],
            "actor": clinic,
            "class": [{"system": "urn:tsunagu:category", "code": "lab"}],
            "period": {"end": end},
        }
        body = copy.deepcopy(wire)
        body["provision"]["provision"].append(share)
        answer = await sent(app, body)
        assert answer.status_code == 422, (end, answer.text)
    assert (await consent.settings(own_world.hanako)).directive.version == 1


@pytest.mark.parametrize(
    "at",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999",
     "0002", "1900-01-01T00:00:00Z"],
)  # fmt: skip
async def test_after_any_dates_every_page_still_answers(mine, own_world: World, at: str):
    app, wire = mine
    url = wire["provision"]["extension"][0]["url"]
    for body in (
        wire
        | {"extension": [{"url": url.replace("network-default", "asks-first-since"),
                          "valueInstant": at}]},
        wire | {"provision": wire["provision"] | {"period": {"start": "1900-01-01", "end": at}}},
        wire | {"provision": wire["provision"] | {"period": {"start": at}}},
    ):  # fmt: skip
        version = (await consent.settings(own_world.hanako)).directive.version
        answer = await sent(app, body, version)
        assert answer.status_code in (200, 422), answer.text
        for path in ("/disclosure", "/disclosure/facilities", "/disclosure/details", "/home",
                     "/disclosure/requests", "/disclosure/new-facilities", "/disclosure/people",
                     "/access-log", "/disclosure/receipts", "/disclosure/see-as",
                     f"/disclosure/facilities/{own_world.clinic.facility_id}"):  # fmt: skip
            page = await app.send("GET", path, html=True)
            assert page.status_code < 500, (path, at)
        assert (await app.send("GET", "/me/disclosure")).status_code == 200
        assert (await app.send("GET", BASE)).status_code == 200


async def test_records_of_others_untold_and_of_nobody_look_alike(mine, own_world: World):
    app, wire = mine
    url = wire["provision"]["provision"][0]["modifierExtension"][0]["url"]
    said = []
    for record in (own_world.record_id, uuid4()):
        row = {
            "type": "deny",
            "modifierExtension": [{"url": url, "valueCode": "filter"}],
            "data": [{"meaning": "instance", "reference": {
                "identifier": {"system": "urn:tsunagu:record", "value": str(record)}}}],
        }  # fmt: skip
        body = copy.deepcopy(wire)
        body["provision"]["provision"].append(row)
        answer = await sent(app, body)
        assert answer.status_code == 422
        said.append(answer.text)
    assert said[0] == said[1]
