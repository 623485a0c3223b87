"""Officer Ueda reviews what Dr Mori opened; a second officer, holds, and the counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.access_log import service as access_log
from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.emergency import reviews
from api.emergency import service as emergency
from api.emergency.errors import HoldRefused, NotThisReviewStep, WordsNeeded
from api.emergency.holding import service as holds
from api.records.emergency import service as in_emergency
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import held_back, opened, who, wrote


async def state(hanako: Actor) -> str:
    return (await reviews.about_me(hanako))[0].state


async def told(actor: Actor) -> list[str]:
    while await notifications.deliver():
        pass
    return [each.event for each in (await notifications.inbox(actor))[0]]


async def test_ueda_asks_dr_mori_answers_and_it_is_justified(mori, hanako, ueda):
    session = await opened(mori, hanako)
    waiting, _ = await reviews.queue(ueda, count=10_000)
    assert session.session_id in [each.session_id for each in waiting]
    seen = await reviews.look(ueda, session.session_id)
    assert (seen.words, seen.state) == ("路上で倒れていた", "pending")
    await reviews.query(ueda, session.session_id, "どのように確かめましたか")
    assert (await reviews.asked_of(mori, session.session_id)).said[-1].words.startswith("どの")
    await reviews.answer(mori, session.session_id, "カードを見ました")
    assert await reviews.judge(ueda, session.session_id, True, "適切") == "justified"
    assert await state(hanako) == "told"
    assert (await told(hanako))[0] == "emergency_reviewed"
    rows = (await access_log.page(hanako, count=20)).rows
    assert [row.event for row in rows[:4]] == [
        "emergency:review:judged",
        "emergency:review:answered",
        "emergency:review:queried",
        "emergency:review:looked",
    ]
    waiting, _ = await reviews.queue(ueda, count=10_000)
    assert session.session_id not in [each.session_id for each in waiting]


async def test_not_justified_takes_two_officers(mori, hanako, ueda, colleague):
    session = await opened(mori, hanako)
    assert await reviews.judge(ueda, session.session_id, False, "理由がない") == "doubted"
    with pytest.raises(NotThisReviewStep):
        await reviews.judge(ueda, session.session_id, False, "やはり")
    with pytest.raises(NotThisReviewStep):
        await reviews.judge(ueda, session.session_id, True, "考え直した")
    assert await state(hanako) == "doubted"
    assert await reviews.judge(colleague, session.session_id, False, "同じ意見") == (
        "not_justified"
    )
    assert await state(hanako) == "told"


async def test_only_officers_review_and_they_say_why(mori, hanako, taro, ueda):
    session = await opened(mori, hanako)
    for actor in (mori, hanako, taro):
        with pytest.raises(NotFound):
            await reviews.judge(actor, session.session_id, True, "適切")
        with pytest.raises(NotFound):
            await reviews.queue(actor)
    with pytest.raises(WordsNeeded):
        await reviews.judge(ueda, session.session_id, True, "  ")
    assert await reviews.about_me(taro) == []


async def test_it_is_overdue_after_seven_days(mori, hanako, admin, ueda):
    session = await opened(mori, hanako)
    await unguarded(
        admin,
        "UPDATE emergency_review_step SET recorded_at = recorded_at - interval '7 days'"
        f" WHERE session_id = '{session.session_id}'",
    )
    assert (await reviews.about_me(hanako))[0].is_overdue
    waiting, _ = await reviews.queue(ueda, count=10_000)
    assert [w.is_overdue for w in waiting if w.session_id == session.session_id] == [True]


async def test_two_officers_hold_notice_and_row_together(
    mori, hanako, ueda, colleague, clinic, admin
):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await held_back(mori, hanako)
    await holds.agree(ueda, session.session_id, 2)
    with pytest.raises(HoldRefused):
        await holds.agree(ueda, session.session_id, 2)
    await holds.agree(colleague, session.session_id, 2)
    assert len((await in_emergency.summary(mori, session.session_id)).lines) == 1
    assert await reviews.judge(ueda, session.session_id, True, "適切") == "justified"
    assert await reviews.about_me(hanako) == []
    assert await told(hanako) == []
    rows = (await access_log.page(hanako, count=5)).rows
    assert {row.event for row in rows} == {"access_log:event:withheld"}
    assert all(row.facility_id is None for row in rows)
    # At the latest: what was written before two agreed says three days, what came after says two.
    latest = {clock.today_in_japan() + timedelta(days=days) for days in (2, 3)}
    assert {part.until for row in rows for part in row.withheld} == latest
    # Its end comes by itself, for the notice as for the row.
    await unguarded(
        admin,
        "UPDATE outbox SET not_before = not_before - interval '3 days'"
        f" WHERE participant_id = '{who(hanako)}' AND not_before IS NOT NULL",
    )
    assert set(await told(hanako)) == {"emergency_opened", "emergency_reviewed"}
    assert len(await reviews.about_me(hanako)) == 1


@pytest.mark.parametrize("days", [0, 4])
async def test_no_hold_is_longer_than_three_days(mori, hanako, ueda, days: int):
    session = await held_back(mori, hanako)
    with pytest.raises(HoldRefused):
        await holds.agree(ueda, session.session_id, days)


async def test_figures_are_counted_from_the_log(mori, hanako, taro, ueda, clinic):
    session = await opened(mori, hanako)
    await in_emergency.summary(mori, session.session_id)
    await opened(mori, taro)
    await emergency.close(mori, session.session_id)
    now = datetime.now(UTC)
    found: dict[str, Any] = {
        each.event: each.events
        for each in await reviews.figures(ueda, now - timedelta(hours=1), now)
        if each.facility_id == mori.facility_id
    }
    assert found == {
        "emergency:session:opened": 2,
        "emergency:session:ended": 1,
        "records:record:read": 1,
    }
    with pytest.raises(NotFound):
        await reviews.figures(mori, now - timedelta(hours=1), now)
