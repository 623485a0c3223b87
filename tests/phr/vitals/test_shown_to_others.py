"""Dr Satō, whom Hanako lets in, reads what she measured like anything else of hers."""

import re

import pytest

from api.consent import service as consent
from api.consent.lifecycle import dwelling
from api.core import clock
from tests.phr.vitals.people import day, pressure, sample, send
from tests.portal import scene
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


async def test_daily_measurements_crowd_no_facilitys_record_out_of_her_doctors_overview(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    for ago in range(14):
        await hanako.tell("/me/vitals", pressure(120 + ago, 84, ago, "00:00"))
    body = {"kind": "weight", "on": day(3), "values": {"weight": 62.5}}
    assert (await hanako.tell("/me/vitals", body)).status_code == 201
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    await dwelling.show_from(hanako.actor, None)
    page = (await sato.get(f"/clinic/participants/{hanako.actor.participant_id}")).text
    newest = page[page.index('id="newest"') : page.index('id="kinds"')]
    theirs, hers = newest.split("患者さんの側で記入・測定したもの")
    assert "HbA1c" in theirs
    assert "血圧" not in theirs
    words = re.sub(r"<[^>]*>", " ", hers)
    assert "全部で14件あります" in words
    assert ("120" in words, "121" in words, "62.5" in words) == (True, False, True)
    (row, *_) = await hanako.log()
    assert {each["category"]: each["count"] for each in row["kinds"]} == {"lab": 1, "vitals": 2}


async def test_her_doctor_reads_the_upper_pressure_before_the_lower(
    hanako: Visitor, sato: Visitor, clinic: Place
) -> None:
    for ago in range(2):
        await hanako.tell("/me/vitals", pressure(132, 84, ago, "00:00"))
    state = await consent.settings(hanako.actor)
    await hanako.turn("facility", clinic.facility_id, "yes", state.directive.version)
    await dwelling.show_from(hanako.actor, None)
    page = (await sato.get(f"/clinic/participants/{hanako.actor.participant_id}/vitals")).text
    assert re.findall(r"<h[23][^>]*>\s*(最[高低]血圧)", page) == ["最高血圧", "最低血圧"]
