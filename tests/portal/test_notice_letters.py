"""Tarō has no smartphone: what must reach him goes on paper, by an officer's hand."""

import io
import re

import asyncpg
import pytest
import pytest_asyncio
from pypdf import PdfReader

from api.core.database import unit_of_work
from notifications import service as notifications
from tests.conftest import Deployment
from tests.portal.scene import Visitor, participant

ADDRESS = "熊本県上益城郡益城町宮園702"


@pytest_asyncio.fixture
async def admin(database: Deployment):
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def told(event: str, *, address: str, admin: asyncpg.Connection, **params: str):
    taro, _ = await participant("山本 太郎", "ヤマモト タロウ")
    if address:
        await admin.execute(
            "INSERT INTO registration (participant_id, address) VALUES ($1, $2)",
            taro.participant_id,
            address,
        )
    async with unit_of_work(taro) as tx:
        await notifications.enqueue(tx, event, **params)
    while await notifications.deliver():
        pass
    return taro


def card_of(page: str, participant_id: object) -> str:
    (found,) = re.findall(rf'id="letter-{participant_id}">.*?</li>', page, re.S)
    return found


async def test_his_notices_are_printed_posted_and_logged(ueda: Visitor, admin):
    taro = await told("passkey_added", address=ADDRESS, admin=admin)
    page = (await ueda.get("/support/letters")).text
    assert ADDRESS in card_of(page, taro.participant_id)
    paper = await ueda.get("/support/letters/pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert len(PdfReader(io.BytesIO(paper.content)).pages) >= 1
    (fields,) = re.findall(r'name="notices" value="([^"]+)"', card_of(page, taro.participant_id))
    answer = await ueda.post(f"/support/letters/{taro.participant_id}/posted", {"notices": fields})
    assert answer.status_code == 303, answer.text
    page = (await ueda.get("/support/letters")).text
    assert str(taro.participant_id) not in page
    row = await admin.fetchrow(
        "SELECT state, sent_at IS NOT NULL AS was_sent FROM notice_delivery"
        " WHERE participant_id = $1 AND channel = 'letter'",
        taro.participant_id,
    )
    assert tuple(row) == ("sent", True)
    event = await admin.fetchval(
        "SELECT event FROM access_event WHERE participant_id = $1 ORDER BY pseq DESC LIMIT 1",
        taro.participant_id,
    )
    assert event == "support:letter:posted"
    again = await ueda.post(f"/support/letters/{taro.participant_id}/posted", {"notices": fields})
    assert again.status_code == 404


async def test_what_is_no_matter_of_safety_costs_no_stamp(ueda: Visitor, admin):
    taro = await told("terms_accepted", address=ADDRESS, admin=admin, terms="2026-11")
    assert str(taro.participant_id) not in (await ueda.get("/support/letters")).text


async def test_whom_nothing_reaches_the_support_centre_sees_and_may_try_again(ueda: Visitor, admin):
    taro = await told("passkey_added", address="", admin=admin)
    notice = await admin.fetchval(
        "SELECT notice_id FROM notice_delivery WHERE participant_id = $1", taro.participant_id
    )
    page = (await ueda.get("/support/notices")).text
    (card,) = re.findall(rf'id="failure-{notice}-letter">.*?</li>', page, re.S)
    assert "届け先がありません" in card
    assert "つなぐ：安全のためのお知らせ" in card
    await admin.execute(
        "INSERT INTO registration (participant_id, address) VALUES ($1, $2)",
        taro.participant_id,
        ADDRESS,
    )
    answer = await ueda.post(f"/support/notices/{taro.participant_id}/{notice}/letter/again", {})
    assert answer.status_code == 303
    assert str(taro.participant_id) in (await ueda.get("/support/letters")).text


async def test_what_waits_for_a_setting_of_ours_is_shown_with_its_reason(ueda: Visitor, admin):
    taro, _ = await participant("山本 太郎", "ヤマモト タロウ")
    await admin.execute(
        "INSERT INTO notice_delivery"
        " (participant_id, notice_id, channel, subject_id, event, reason)"
        " VALUES ($1, uuidv7(), 'fcm', $1, 'welcome', 'credentials')",
        taro.participant_id,
    )
    try:
        page = (await ueda.get("/support/notices")).text
        assert "スマートフォン：credentials" in page
    finally:
        await admin.execute(
            "DELETE FROM notice_delivery WHERE participant_id = $1", taro.participant_id
        )


@pytest.mark.parametrize("path", ["/support/letters", "/support/letters/pdf", "/support/notices"])
async def test_a_clinic_sees_nothing_of_it(sato: Visitor, path: str):
    assert (await sato.get(path)).status_code == 404


async def test_postgresql_lets_no_officer_call_a_push_delivered(ueda: Visitor, admin):
    taro, _ = await participant("山本 太郎", "ヤマモト タロウ")
    await admin.execute(
        "INSERT INTO notice_delivery (participant_id, notice_id, channel, subject_id, event, state)"
        " VALUES ($1, uuidv7(), 'fcm', $1, 'welcome', 'parked')",
        taro.participant_id,
    )
    async with unit_of_work(ueda.actor) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tx.connection.transaction():
                await tx.execute(
                    "UPDATE notice_delivery SET state = 'sent', sent_at = now()"
                    " WHERE participant_id = $1",
                    taro.participant_id,
                )
