"""Dates at the ends of the calendar, and lists longer than anyone could mean."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from tests.attacks.conftest import World
from tests.portal import scene

FAR = ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
       "0001-01-01T00:00:00Z")  # fmt: skip


@pytest.mark.parametrize("at", FAR)
async def test_no_end_of_the_calendar_breaks_a_door(attacking, own_world: World, at: str):
    clinic = str(own_world.clinic.facility_id)
    day = at[:10]
    changes: list[dict[str, Any]] = [
        {"kind": "facility", "id": clinic, "on": True, "until": at},
        {"kind": "share", "facility_id": clinic, "category": "lab", "until": at},
        {"kind": "hide_period", "on": True, "facility_id": clinic, "data_from": day},
        {"kind": "hide_period", "on": True, "facility_id": clinic, "data_to": day},
    ]
    async with attacking(actor=own_world.hanako) as app:
        for change in changes:
            version = (await consent.settings(own_world.hanako)).directive.version
            body = {"version": version, "commands": [change]}
            answer = await app.send("POST", "/me/disclosure/changes", body=body)
            assert answer.status_code in (200, 400, 409, 422), (change, answer.text)
            answer = await app.send(
                "POST", "/me/disclosure/difference", body={"commands": [change]}
            )
            assert answer.status_code in (200, 400, 409, 422), (change, answer.text)
        for places in (
            [{"region": "aso", "from_on": day}],
            [{"region": "aso", "until_on": day}],
        ):
            body = {"version": 0, "places": places}
            answer = await app.send("PUT", "/me/residence", body=body)
            assert answer.status_code in (200, 409, 422), answer.text
        answer = await app.send("POST", "/me/participation/records", body={"data_from": day})
        assert answer.status_code in (204, 422)
        pages = ("/disclosure", "/disclosure/limits", "/disclosure/details", "/disclosure/areas",
                 "/disclosure/residence", "/disclosure/participation", "/records", "/access-log",
                 "/disclosure/receipts")  # fmt: skip
        for path in pages:
            assert (await app.send("GET", path, html=True)).status_code < 500, path


async def test_a_record_dated_at_the_end_of_the_calendar_still_has_its_page(
    attacking, own_world: World
):
    for ahead in (2_900_000, 2_912_000):
        record = await scene.wrote(
            own_world.clinic, own_world.hanako, "lab", "ヘモグロビン", days_ahead=ahead
        )
        async with attacking(actor=own_world.hanako) as app:
            page = await app.send("GET", f"/records/{record}", html=True)
            assert page.status_code == 200, page.text[:200]
            form = {"act": "hide_visit", "version": "0"}
            path = f"/records/{record}/choices"
            assert (await app.send("POST", path, form=form, html=True)).status_code < 500


@pytest.mark.parametrize("until", [*FAR, "x", "\0"])
async def test_a_page_opened_with_any_day_in_its_address(attacking, own_world: World, until: str):
    hospital = own_world.hospital.facility_id
    assert isinstance(hospital, UUID)
    whose = own_world.taro.participant_id
    async with attacking(actor=own_world.mori) as browser:
        path = f"/clinic/participants/{whose}/hand-on"
        answer = await browser.http.get(
            path, params={"until": until}, headers={"accept": "text/html"}
        )
        assert answer.status_code in (200, 400, 404, 422), answer.status_code


async def test_lists_nobody_means_are_refused_whole(attacking, own_world: World):
    many = [str(uuid4()) for _ in range(10_000)]
    async with attacking(actor=own_world.hanako) as app:
        for change in (
            {"kind": "hide_records", "ids": many, "on": True},
            {"kind": "team", "id": str(uuid4()), "name": "T", "members": many, "on": True},
            {"kind": "share", "facility_id": many[0], "record_ids": many, "until": FAR[0]},
        ):
            body = {"version": 0, "commands": [change]}
            answer = await app.send("POST", "/me/disclosure/changes", body=body)
            assert answer.status_code in (400, 422), answer.text[:200]
    assert (await consent.settings(own_world.hanako)).directive.version == 0


async def test_settings_grow_only_so_far(attacking, own_world: World):
    """A thousand teams of one doctor, a hundred at a time: each version keeps them all."""
    doctor = str(own_world.sato.professional_id)
    async with attacking(actor=own_world.hanako) as app:
        for _ in range(10):
            version = (await consent.settings(own_world.hanako)).directive.version
            commands = [
                {"kind": "team", "id": str(uuid4()), "name": "T", "members": [doctor], "on": True}
                for _ in range(100)
            ]
            body = {"version": version, "commands": commands}
            answer = await app.send("POST", "/me/disclosure/changes", body=body)
            assert answer.status_code in (200, 422), answer.text[:200]
        state = await consent.settings(own_world.hanako)
        assert len(state.directive.teams) < 1000
        off = SetFacility(own_world.clinic.facility_id, on=True)
        await consent.change(own_world.hanako, [off], expected_version=state.directive.version)
