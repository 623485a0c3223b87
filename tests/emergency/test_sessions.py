"""ER Dr Mori opens, reads, widens, renews and closes; what Hanako sees of it; who may not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.settings.switches import Exclude, SetFacility
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.emergency import choices, reviews
from api.emergency import service as emergency
from api.emergency.errors import (
    CannotRenew,
    NotOpened,
    SearchThrottled,
    SessionOver,
    WordsHoldMyNumber,
)
from api.emergency.reach import Choice
from api.records import service as records
from api.records.emergency import service as in_emergency
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import ground, opened, who, wrote
from tests.portal import scene


async def log(actor: Actor) -> list[access_log.LogRow]:
    """Newest first."""
    return (await access_log.page(actor, count=50)).rows


async def events(actor: Actor) -> list[str]:
    return [row.event for row in await log(actor)]


async def titles(mori: Actor, session: Any) -> list[str]:
    return [line.title for line in (await in_emergency.summary(mori, session.session_id)).lines]


async def moved_back(admin: Any, session: Any, by: timedelta) -> None:
    """As if it had all happened earlier."""
    at = f"interval '{by.total_seconds()} seconds'"
    of = f"WHERE session_id = '{session.session_id}'"
    await unguarded(
        admin,
        f"UPDATE emergency_session SET requested_at = requested_at - {at},"
        f" identified_at = identified_at - {at}, authenticated_at = authenticated_at - {at} {of}",
        f"UPDATE emergency_step SET recorded_at = recorded_at - {at},"
        f" expires_at = expires_at - {at} {of}",
    )


async def test_dr_mori_reads_the_summary_of_somebody_who_cannot_answer(mori, hanako, clinic):
    await wrote(clinic, hanako, "encounter", "受診", days=-10)
    await wrote(clinic, hanako, "prescription", "ワルファリン", days=-20)
    await wrote(clinic, hanako, "prescription", "昔の薬", days=-200)
    await wrote(clinic, hanako, "allergy", "ペニシリン", days=-4000)
    await wrote(clinic, hanako, "lab", "HbA1c", days=-5)
    await wrote(clinic, hanako, "infection", "HBV", days=-900, sensitivity=1)
    await wrote(clinic, hanako, "condition", "だれにも見せない病名", sensitivity=2)
    await wrote(clinic, hanako, "procedure", "処置", days=-200)
    surgery = '{"category":{"coding":[{"code":"387713003"}]}}'
    await wrote(clinic, hanako, "procedure", "冠動脈バイパス術", days=-1400, body=surgery)
    session = await opened(mori, hanako)
    assert session.is_active
    found = await titles(mori, session)
    assert found[:2] == ["ペニシリン", "ワルファリン"]
    assert set(found[2:]) == {"受診", "HBV", "冠動脈バイパス術"}
    read, opening, *_ = await log(hanako)
    assert (read.event, read.outcome, read.purpose_of_use) == (
        "records:record:read",
        "permitted",
        "BTG",
    )
    assert read.detail["emergency"] == str(session.session_id)
    assert read.detail["basis"]["step"] == "emergency"
    assert opening.event == "emergency:session:opened"
    assert opening.detail["said"] == "路上で倒れていた"


async def test_hanako_is_told_at_once_and_sees_the_review_wait(mori, hanako):
    await opened(mori, hanako)
    while await notifications.deliver():
        pass
    notices, _ = await notifications.inbox(hanako)
    title, body = notifications.said(notices[0], "ja")
    assert title == "緊急のため、記録が開かれました"
    assert "森 直子" in body
    assert "意識がない" in body
    (review,) = await reviews.about_me(hanako)
    assert (review.state, review.by_name, review.is_overdue) == ("pending", "森 直子", False)


async def test_a_second_confirmation_reaches_everything_but_the_secret(mori, hanako, clinic):
    await wrote(clinic, hanako, "lab", "HbA1c")
    await wrote(clinic, hanako, "prescription", "昔の薬", days=-200)
    await wrote(clinic, hanako, "lab", "ひみつ", sensitivity=2)
    session = await opened(mori, hanako)
    assert await titles(mori, session) == []
    await emergency.widen(mori, session.session_id)
    assert set(await titles(mori, session)) == {"HbA1c", "昔の薬"}


async def test_hanakos_ceiling_holds_for_both_tiers(mori, hanako, clinic):
    for category in ("allergy", "prescription", "lab"):
        await wrote(clinic, hanako, category, category)
    await wrote(clinic, hanako, "lab", "delicate", sensitivity=1)
    await choices.choose(hanako, Choice("ceiling", ("allergy", "lab"), 0, False))
    session = await opened(mori, hanako)
    assert await titles(mori, session) == ["allergy"]
    await emergency.widen(mori, session.session_id)
    assert set(await titles(mori, session)) == {"allergy", "lab"}


async def test_switching_it_off_ends_the_session_at_the_next_request(mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await opened(mori, hanako)
    assert await titles(mori, session) == ["ペニシリン"]
    await choices.choose(hanako, Choice("refuse"))
    with pytest.raises(SessionOver):
        await titles(mori, session)
    refused, ended, *_ = await log(hanako)
    assert (refused.event, refused.outcome) == ("records:record:read", "denied")
    assert (ended.event, ended.detail["because"]) == ("emergency:session:ended", "switched_off")
    assert (await emergency.view(mori, session.session_id)).ending == "switched_off"
    await choices.choose(hanako, Choice("allow"))
    with pytest.raises(SessionOver):
        await titles(mori, session)


async def test_shutting_dr_mori_out_ends_it_and_keeps_it_shut(mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await opened(mori, hanako)
    settings = await consent.settings(hanako)
    wish = Exclude(True, facility_id=mori.facility_id)
    await consent.change(hanako, [wish], expected_version=settings.directive.version)
    with pytest.raises(SessionOver):
        await titles(mori, session)
    assert (await emergency.view(mori, session.session_id)).ending == "excluded"
    with pytest.raises(NotOpened) as refused:
        await opened(mori, hanako)
    assert refused.value.key == "error.emergency.not_open"


async def test_whoever_refused_is_not_opened_and_sees_the_attempt(mori, hanako):
    await choices.choose(hanako, Choice("refuse"))
    with pytest.raises(NotOpened) as refused:
        await opened(mori, hanako)
    assert refused.value.key == "error.emergency.not_open"
    attempt = (await log(hanako))[0]
    assert (attempt.event, attempt.outcome) == ("emergency:session:refused", "denied")


async def test_a_clinic_and_a_pharmacist_have_no_emergency_right(clinic, hospital, hanako):
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    ito = await scene.professional(hospital, "伊藤 美咲", "pharmacist")
    for actor, key in ((sato, "not_designated"), (ito, "no_right")):
        with pytest.raises(NotOpened) as refused:
            await opened(actor, hanako)
        assert refused.value.key == f"error.emergency.{key}"


async def test_an_old_sign_in_opens_nothing(mori, hanako):
    old = ground(authenticated_at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(NotOpened, match="not_fresh"):
        await emergency.open_session(mori, who(hanako), old)
    assert "emergency:session:opened" not in await events(hanako)


async def test_an_individual_number_in_the_words_is_refused_and_not_kept(mori, hanako):
    with pytest.raises(WordsHoldMyNumber):
        await emergency.open_session(mori, who(hanako), ground(words="番号 1234 5678 9018 の人"))
    assert [each for each in await events(hanako) if each.startswith("emergency")] == []


async def test_nobody_but_dr_mori_reads_in_her_session(mori, hanako, hospital):
    session = await opened(mori, hanako)
    colleague = await scene.professional(hospital, "別の医師", "physician")
    with pytest.raises(NotFound):
        await titles(colleague, session)
    with pytest.raises(NotFound):
        await emergency.widen(colleague, session.session_id)


async def test_for_an_emergency_nothing_is_read_without_a_session(mori, hanako, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    acting = structs.replace(mori, purpose_of_use="BTG")
    page = await records.read(acting, who(hanako), form="timeline")
    assert (page.entries, page.total) == (b"", 0)
    row = (await log(hanako))[0]
    assert (row.event, row.outcome) == ("records:record:read", "denied")
    assert row.detail["basis"]["step"] == "emergency_closed"


async def test_six_hours_later_it_is_over(mori, hanako, admin, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await opened(mori, hanako)
    await moved_back(admin, session, timedelta(hours=5, minutes=59))
    assert await titles(mori, session) == ["ペニシリン"]
    await moved_back(admin, session, timedelta(minutes=2))
    with pytest.raises(SessionOver):
        await titles(mori, session)
    with pytest.raises(SessionOver):
        await emergency.renew(mori, session.session_id)
    assert (await emergency.view(mori, session.session_id)).ending == "expired"


async def test_it_is_renewed_once(mori, hanako, admin):
    session = await opened(mori, hanako)
    await moved_back(admin, session, timedelta(hours=5))
    await emergency.renew(mori, session.session_id)
    expires_at = (await emergency.view(mori, session.session_id)).expires_at
    assert expires_at is not None
    assert timedelta(hours=5, minutes=59) < expires_at - datetime.now(UTC) <= timedelta(hours=6)
    with pytest.raises(CannotRenew):
        await emergency.renew(mori, session.session_id)


async def test_beyond_a_day_in_three_officer_ueda_opens_with_her(mori, hanako, admin, ueda, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    for hours in (60, 40, 20, 10):
        await moved_back(admin, await opened(mori, hanako), timedelta(hours=hours))
    waiting = await opened(mori, hanako)
    assert not waiting.is_active
    with pytest.raises(SessionOver):
        await titles(mori, waiting)
    await emergency.approve(ueda, waiting.session_id)
    assert await titles(mori, waiting) == ["ペニシリン"]
    assert "emergency:session:approved" in await events(hanako)
    with pytest.raises(CannotRenew):
        await emergency.renew(mori, waiting.session_id)


async def test_closing_ends_it_and_a_new_one_may_be_opened(mori, hanako):
    session = await opened(mori, hanako)
    with pytest.raises(NotOpened, match="already_open"):
        await opened(mori, hanako)
    await emergency.close(mori, session.session_id)
    await emergency.close(mori, session.session_id)
    with pytest.raises(SessionOver):
        await titles(mori, session)
    assert (await opened(mori, hanako)).is_active


async def test_what_is_readable_anyway_needs_no_session(mori, hanako):
    settings = await consent.settings(hanako)
    wish = SetFacility(mori.facility_id, True, level=1)
    await consent.change(hanako, [wish], expected_version=settings.directive.version)
    with pytest.raises(NotOpened, match="readable"):
        await opened(mori, hanako)


async def test_four_items_find_one_person_or_nobody_and_are_counted(mori, hanako, clinic):
    async with unit_of_work(hanako) as tx:
        row = await tx.fetchrow(
            "SELECT name_kana, sex, birth_on FROM participant WHERE participant_id = app.subject()"
        )
    alone, _ = await scene.participant("小松 鶴代", "コマツ ツルヨ")
    one = ("小松鶴代", "コマツ　ツルヨ", row["sex"], row["birth_on"])
    assert await emergency.find_by_items(mori, *one) == who(alone)
    await scene.participant("小松 鶴代", "コマツ ツルヨ")
    assert await emergency.find_by_items(mori, *one) is None
    for _ in range(4):
        await emergency.find_by_items(mori, *one)
    with pytest.raises(SearchThrottled):
        await emergency.find_by_items(mori, *one)
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    with pytest.raises(NotOpened):
        await emergency.find_by_items(sato, *one)


async def test_a_professional_who_left_the_hospital_is_stopped(mori, hanako):
    session = await opened(mori, hanako)
    async with unit_of_work(Actor(kind=ActorKind.OPERATOR)) as tx:
        await tx.execute(
            "UPDATE professional SET is_active = false WHERE professional_id = $1",
            mori.professional_id,
        )
    with pytest.raises(SessionOver):
        await titles(mori, session)
    assert (await emergency.view(mori, session.session_id)).ending == "revoked"
