"""Dr Satō, whom Hanako lets in, reads what she measured like anything else of hers."""

import re

import pytest

from api.consent import service as consent
from api.core import clock
from tests.phr.vitals.people import day, pressure, sample, send
from tests.portal.scene import Place, Visitor


@pytest.mark.parametrize("is_let_in", [True, False])
async def test_her_doctor_sees_her_blood_pressure_where_she_lets_him(
    hanako: Visitor, sato: Visitor, clinic: Place, is_let_in: bool
) -> None:
    await hanako.tell("/me/vitals", pressure(132, 84, 0, "00:00", pulse=66))
    for kind, values in (
        ("glucose", {"glucose": 101, "meal": "fasting"}),
        ("hba1c", {"hba1c": 6.4}),
        ("weight", {"weight": 62.5}),
    ):
        body = {"kind": kind, "on": day(0), "values": values}
        assert (await hanako.tell("/me/vitals", body)).status_code == 201
    await send(hanako, sample("k1", 141, measured_at=clock.now().isoformat()), device="HEM-7600")
    if is_let_in:
        state = await consent.settings(hanako.actor)
        await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    page = await sato.get(f"/clinic/participants/{hanako.actor.participant_id}/vitals")
    words = re.sub(r"<[^>]*>", " ", page.text)
    for said in ("132", "141", "101", "6.4", "62.5"):
        assert (said in words) == is_let_in, said


async def test_what_a_device_sent_says_so_in_her_own_records(hanako: Visitor) -> None:
    (sent,) = await send(hanako, sample("k1"), device="HEM-7600")
    page = (await hanako.get(f"/records/{sent['entry']}")).text
    assert "血圧" in page
    assert "132" in page
