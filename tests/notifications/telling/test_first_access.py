"""The first time a facility sees somebody's records they are told, by the reading itself; once."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent.settings.switches import SetFacility
from api.core.database import unit_of_work
from api.emergency import service as emergency
from api.emergency.service import Ground
from api.proxies import safety
from api.records import service as records
from api.records.emergency import service as in_emergency
from tests.notifications.telling.inboxes import id_of, told
from tests.portal import scene
from tests.portal.scene import Place, Visitor

EVENT = "first_access"


async def let_in(hanako: Visitor, clinic: Place) -> None:
    assert (await hanako.wish(SetFacility(clinic.facility_id, on=True))).status_code == 303


async def test_a_clinics_first_look_is_told_and_its_second_is_not(
    hanako: Visitor, sato: Visitor, clinic: Place
):
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    await let_in(hanako, clinic)
    for _ in range(3):
        assert (await records.read(sato.actor, id_of(hanako), ("Observation",))).total == 1
    (one,) = await told(hanako, EVENT)
    assert "れんげ内科クリニックが、はじめて記録を見ました。" in one.body


async def test_a_process_that_has_not_seen_it_tells_nothing_anew(
    hanako: Visitor, sato: Visitor, clinic: Place
):
    await let_in(hanako, clinic)
    for _ in range(3):
        await records.read(sato.actor, id_of(hanako))
        records._told_of.clear()
    assert len(await told(hanako, EVENT)) == 1


async def test_another_doctor_of_it_is_no_new_facility_but_a_pharmacy_is(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
):
    await let_in(hanako, clinic)
    await let_in(hanako, pharmacy)
    colleague = await scene.professional(clinic, "高橋 洋子", "physician")
    for actor in (sato.actor, colleague, ito.actor):
        await records.read(actor, id_of(hanako))
    found = await told(hanako, EVENT)
    assert len(found) == 2
    assert {"れんげ内科" in each.body for each in found} == {True, False}


async def test_many_first_looks_at_once_are_told_once(
    hanako: Visitor, sato: Visitor, clinic: Place
):
    await let_in(hanako, clinic)
    await asyncio.gather(*(records.read(sato.actor, id_of(hanako)) for _ in range(20)))
    assert len(await told(hanako, EVENT)) == 1


async def test_by_page_it_is_told_too(hanako: Visitor, sato: Visitor, clinic: Place):
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")
    await let_in(hanako, clinic)
    assert hanako.card
    await sato.find(by="card", card=hanako.card.digits)
    assert len(await told(hanako, EVENT)) == 1


async def test_who_was_refused_saw_nothing_and_nothing_is_told(hanako: Visitor, sato: Visitor):
    page = await records.read(sato.actor, id_of(hanako))
    assert (page.total, page.entries) == (0, b"")
    assert await told(hanako, EVENT) == []


async def test_an_emergency_is_told_as_such_and_the_first_ordinary_look_after_it_too(
    hanako: Visitor, clinic: Place
):
    hospital = await scene.place("熊本救命病院", "クマモトキュウメイ", "Kumamoto ER", "hospital")
    mori = await scene.professional(hospital, "森 直子", "physician")
    ground = Ground("unconscious", "路上で倒れていた", "card", datetime.now(UTC))
    session = await emergency.open_session(mori, id_of(hanako), ground)
    await in_emergency.summary(mori, session.session_id)
    assert await told(hanako, EVENT) == []
    assert len(await told(hanako, "emergency_opened")) == 1
    await let_in(hanako, hospital)
    await records.read(replace(mori, purpose_of_use="TREAT"), id_of(hanako))
    assert len(await told(hanako, EVENT)) == 1


async def test_taken_back_with_its_reading_nothing_is_told(
    hanako: Visitor, sato: Visitor, clinic: Place
):
    await let_in(hanako, clinic)

    async def looks_and_fails() -> None:
        async with unit_of_work(sato.actor, subject=id_of(hanako)) as tx:
            await access_log.append(tx, EventName.RECORD_READ, detail={})
            raise RuntimeError("taken back")

    with pytest.raises(RuntimeError, match="taken back"):
        await looks_and_fails()
    assert await told(hanako, EVENT) == []


async def test_in_safe_mode_no_facility_is_named(taro: Visitor, sato: Visitor, clinic: Place):
    await let_in(taro, clinic)
    await safety.go_safe(taro.actor)
    await records.read(sato.actor, id_of(taro))
    assert await told(taro, EVENT) == []
    (one, *_) = await told(taro)
    assert one.event == "quiet"
    assert clinic.name not in one.body


async def test_no_word_of_it_without_a_read_in_the_same_transaction(
    hanako: Visitor, sato: Visitor, clinic: Place
):
    async with unit_of_work(sato.actor, subject=id_of(hanako)) as tx:
        await tx.execute(
            "SELECT access_log_first_access($1, $2)", [id_of(hanako)], [clinic.facility_id]
        )
    assert await told(hanako, EVENT) == []


@pytest.mark.parametrize("who", ["hanako", "sato", "ueda"])
async def test_nobody_reads_which_facilities_are_known(
    who: str, hanako: Visitor, sato: Visitor, ueda: Visitor
):
    actor = {"hanako": hanako, "sato": sato, "ueda": ueda}[who].actor
    for statement in (
        "SELECT FROM known_facility",
        "INSERT INTO known_facility SELECT app.subject(), facility_id FROM facility LIMIT 1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actor, subject=id_of(hanako)) as tx:
                await tx.execute(statement)
