"""The emergency summary holds what the national one does, from what facilities really send."""

import base64
import json
from datetime import date, timedelta
from typing import Any

import pytest

from api.consent import service as consent
from api.consent.lifecycle import participating
from api.consent.lifecycle.participating import ParticipationRow
from api.consent.settings.switches import Exclude, SetCategory, SetFacility
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import choices
from api.emergency import service as emergency
from api.emergency.errors import NotOpened, SessionOver
from api.emergency.reach import Choice
from api.fhir import codes
from api.records.emergency import service as in_emergency
from api.records.incoming import service as incoming
from tests.emergency.conftest import opened, wrote
from tests.emergency.test_doors import carded
from tests.emergency.test_sessions import log, titles
from tests.portal.scene import Place

Json = dict[str, Any]
LIVING_WILL = "人工呼吸器はつけないでください。"


async def sent(at: Place, about: Actor, *resources: Json) -> None:
    """By the facility's own system, as FHIR."""
    system = Actor(kind=ActorKind.SYSTEM, facility_id=at.facility_id)
    whose = {"identifier": {"system": codes.CARD, "value": await carded(about)}}
    for each in resources:
        body = json.dumps({"subject": whose} | each, ensure_ascii=False)
        await incoming.store(system, body.encode())


def ago(days: int) -> str:
    return (clock.today_in_japan() - timedelta(days=days)).isoformat()


def coded(code: str, text: str, system: str = codes.LOINC) -> Json:
    return {"coding": [{"system": system, "code": code}], "text": text}


def directive(**changes: Any) -> Json:
    words = base64.b64encode(LIVING_WILL.encode()).decode()
    attached = {"contentType": "text/plain", "data": words, "title": "意思表示書"}
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": coded("86533-7", "リビングウィル"),
        "date": "2019-04-01T09:00:00+09:00",
        "content": [{"attachment": attached}],
    } | changes


def procedure(text: str, days: int, **changes: Any) -> Json:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"text": text},
        "performedDateTime": ago(days),
    } | changes


SURGERY = {"category": coded("387713003", "手術", "http://snomed.info/sct")}
PACEMAKER: Json = {
    "resourceType": "DeviceUseStatement",
    "status": "active",
    "recordedOn": "2009-06-01",
    "device": {"reference": "#d"},
    "contained": [{"resourceType": "Device", "id": "d", "type": {"text": "ペースメーカー"}}],
    "bodySite": {"text": "左前胸部"},
}


def pregnancy(days: int) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded("82810-3", "妊娠の有無"),
        "valueCodeableConcept": {"text": "妊娠中"},
        "effectiveDateTime": ago(days),
    }


@pytest.mark.parametrize(
    ("resource", "is_there"),
    [
        (procedure("血液透析", 60), True),
        (procedure("血液透析", 120), False),
        (procedure("胃全摘術", 1700, **SURGERY), True),
        (procedure("胃全摘術", 2000, **SURGERY), False),
        (PACEMAKER, True),
        (pregnancy(200), True),
        (pregnancy(400), False),
        (directive(), True),
        (directive(type=coded("34133-9", "サマリー")), False),
    ],
    ids=lambda value: str(value)[:1] if isinstance(value, bool) else value["resourceType"],
)
async def test_each_kind_of_the_national_summary_is_there_for_its_time(
    mori, hanako, clinic, resource, is_there
):
    await sent(clinic, hanako, resource)
    session = await opened(mori, hanako)
    assert bool(await titles(mori, session)) is is_there


async def test_what_is_implanted_and_whom_to_call_can_be_read(mori, hanako, clinic, at_a_desk):
    card = await carded(hanako)
    person = {
        "resourceType": "Patient",
        "identifier": [{"system": codes.CARD, "value": card}],
        "contact": [
            {
                "relationship": [{"text": "長女"}],
                "name": {"text": "山本 由美"},
                "telecom": [{"system": "phone", "value": "090-0000-0000"}],
            }
        ],
    }
    async with unit_of_work(hanako) as tx:
        born: date = await tx.fetchval(
            "SELECT birth_on FROM participant WHERE participant_id = app.subject()"
        )
    person["birthDate"] = born.isoformat()
    system = Actor(kind=ActorKind.SYSTEM, facility_id=clinic.facility_id)
    await incoming.store(system, json.dumps(person, ensure_ascii=False).encode())
    await sent(clinic, hanako, PACEMAKER)
    session = await opened(mori, hanako)
    seen = await in_emergency.summary(mori, session.session_id)
    assert [line.title for line in seen.lines] == ["ペースメーカー", ""]
    desk = await at_a_desk(mori)
    path = f"/clinic/emergency/{session.session_id}"
    page = (await desk.get(path)).text
    assert page.index("ペースメーカー") < page.index("連絡先・ご本人の希望")
    implanted, called = [
        (await desk.get(f"{path}/records/{line.record_id}")).text for line in seen.lines
    ]
    assert "長女" in called
    assert "山本 由美 090-0000-0000" in called
    assert "左前胸部" in implanted


async def test_a_directive_is_opened_and_read_whatever_hanako_shows_everyday(
    mori, hanako, clinic, at_a_desk
):
    """Readable without consent: no setting of hers shows directives to anybody."""
    settings = await consent.settings(hanako)
    shut = SetCategory("directive", False)
    await consent.change(hanako, [shut], expected_version=settings.directive.version)
    await sent(clinic, hanako, directive())
    session = await opened(mori, hanako)
    (line,) = (await in_emergency.summary(mori, session.session_id)).lines
    assert (line.category, line.title) == ("directive", "リビングウィル")
    desk = await at_a_desk(mori)
    path = f"/clinic/emergency/{session.session_id}/records/{line.record_id}"
    page = await desk.get(path)
    assert "リビングウィル" in page.text
    assert f"{path}/attachments/0" in page.text
    file = await desk.get(f"{path}/attachments/0")
    assert file.content.decode() == LIVING_WILL
    assert file.headers["content-disposition"].startswith("attachment")
    looks = [row for row in await log(hanako) if row.event == "records:record:read"]
    assert [row.detail["resources"][0]["category"] for row in looks] == ["directive"] * 3
    other = await desk.get(path.replace(str(line.record_id), str(session.session_id)))
    assert other.status_code == 404


async def test_a_secret_directive_and_who_is_shut_out_stay_outside(mori, hanako, clinic):
    await wrote(clinic, hanako, "directive", "ひみつ", sensitivity=2)
    session = await opened(mori, hanako)
    assert await titles(mori, session) == []
    settings = await consent.settings(hanako)
    shut = Exclude(True, facility_id=mori.facility_id)
    await consent.change(hanako, [shut], expected_version=settings.directive.version)
    await wrote(clinic, hanako, "directive", "意思表示書")
    with pytest.raises(SessionOver):
        await titles(mori, session)


async def shares_from_today(hanako: Actor) -> None:
    terms = directory.profile().terms_in_force.version
    row = ParticipationRow("participating", terms, clock.today_in_japan())
    async with unit_of_work(hanako) as tx:
        await participating.participate_in(tx, hanako, row)


async def test_an_allergy_from_before_hanako_began_to_share_is_read_in_an_emergency(
    mori, hanako, clinic
):
    await shares_from_today(hanako)
    await wrote(clinic, hanako, "allergy", "ペニシリン", days=-9000)
    await wrote(clinic, hanako, "prescription", "昔の薬", days=-20)
    await wrote(clinic, hanako, "lab", "昔の検査", days=-20)
    session = await opened(mori, hanako)
    assert await titles(mori, session) == ["ペニシリン"]
    await emergency.widen(mori, session.session_id)
    assert await titles(mori, session) == ["ペニシリン"]


async def test_an_old_allergy_that_hanako_keeps_out_of_emergencies_stays_out(mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン", days=-9000)
    await wrote(clinic, hanako, "infection", "HBV", days=-9000)
    await choices.choose(hanako, Choice("ceiling", ("infection",)))
    session = await opened(mori, hanako)
    assert await titles(mori, session) == ["HBV"]


async def test_what_is_readable_but_for_an_old_allergy_is_no_reason_to_refuse(mori, hanako, clinic):
    await shares_from_today(hanako)
    settings = await consent.settings(hanako)
    wish = SetFacility(mori.facility_id, True, level=1)
    await consent.change(hanako, [wish], expected_version=settings.directive.version)
    with pytest.raises(NotOpened, match="readable"):
        await opened(mori, hanako)
    await wrote(clinic, hanako, "allergy", "ペニシリン", days=-9000)
    session = await opened(mori, hanako)
    assert await titles(mori, session) == ["ペニシリン"]
    with pytest.raises(NotFound):
        await in_emergency.one(mori, session.session_id, session.session_id)
