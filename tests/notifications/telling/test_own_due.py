"""What comes due in somebody's own books is told on its day, once, and without saying what."""

import asyncio
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from api.consent.lifecycle import leaving
from api.core.clock import JAPAN
from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr.due import service as due
from api.phr.due.rules import Due, DueKind, of_period
from notifications import rounds
from tests.notifications.telling.inboxes import id_of, told
from tests.portal.scene import Visitor


def in_days(days: int) -> date:
    return this_day() + timedelta(days=days)


async def write(who: Visitor, *days: Due, kind: DueKind = "immunization", book: str = "") -> None:
    async with unit_of_work(who.actor) as tx:
        await due.set_in(tx, kind, days, this_day(), book=book)


async def listed(who: Visitor, kind: DueKind = "immunization", book: str = "") -> list[Due]:
    async with unit_of_work(who.actor) as tx:
        return await due.listed_in(tx, kind, book=book)


async def went_round() -> None:
    noon = datetime.combine(this_day(), datetime.min.time(), JAPAN).replace(hour=12)
    await rounds.go_round(noon)


async def test_what_is_due_today_is_told_once_and_several_in_one_notice(hanako: Visitor):
    await write(hanako, Due(this_day(), "opens"), Due(this_day(), "ends"), book="a")
    await write(hanako, Due(this_day(), "opens"), book="b")
    await asyncio.gather(*(went_round() for _ in range(3)))
    await went_round()
    (one,) = await told(hanako, "immunisation_due")
    assert "予防接種" in one.title
    assert 'href="/book"' in (await hanako.get("/inbox")).text
    # Written anew with the same day it stays told.
    await write(hanako, Due(this_day(), "opens"), Due(this_day(), "ends"), book="a")
    await went_round()
    assert len(await told(hanako, "immunisation_due")) == 1


async def test_a_day_to_come_waits_and_checkups_and_visits_have_their_own_notice(hanako: Visitor):
    await write(hanako, Due(in_days(1), "opens"))
    await went_round()
    assert await told(hanako, "immunisation_due") == []
    await write(hanako, Due(this_day(), "opens"), kind="checkup", book="a")
    await write(hanako, Due(this_day(), "opens"), kind="visit", book="b")
    await went_round()
    assert len(await told(hanako, "checkup_due")) == 1
    assert await told(hanako, "immunisation_due") == []


async def test_written_anew_the_days_of_a_book_are_those_and_days_gone_by_are_none(
    hanako: Visitor,
):
    await write(hanako, Due(in_days(3), "opens"), Due(in_days(9), "ends"), book="a")
    await write(hanako, Due(in_days(4), "opens"), Due(in_days(-1), "opens"), book="a")
    await write(hanako, Due(in_days(5), "opens"), book="b")
    assert await listed(hanako, book="a") == [Due(in_days(4), "opens")]
    async with unit_of_work(hanako.actor) as tx:
        await due.forget_book_in(tx, "a")
    assert await listed(hanako, book="a") == []
    assert await listed(hanako, book="b") == [Due(in_days(5), "opens")]


async def test_who_left_is_told_nothing(hanako: Visitor):
    await write(hanako, Due(this_day(), "opens"))
    await leaving.take_part(hanako.actor, "withdrawn")
    await went_round()
    assert await told(hanako, "immunisation_due") == []


async def test_days_of_somebody_else_are_nobodys_to_see_or_write(hanako: Visitor, yumi: Visitor):
    await write(hanako, Due(in_days(3), "opens"))
    assert await listed(yumi) == []
    async with unit_of_work(yumi.actor) as tx:
        await due.forget_book_in(tx, "")
    assert len(await listed(hanako)) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(yumi.actor) as tx:
            await tx.execute(
                "INSERT INTO own_due (participant_id, kind, book, due_on, why)"
                " VALUES ($1, 'visit', '', $2, 'opens')",
                id_of(hanako),
                this_day(),
            )


async def test_nobody_makes_reminders_but_the_service(hanako: Visitor):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute("SELECT notices_remind_due(now())")


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (0, None, [(0, "opens")]),
        (0, 30, [(0, "opens"), (23, "ends")]),
        (0, 8, [(0, "opens"), (1, "ends")]),
        (0, 7, [(0, "opens")]),
    ],
)
def test_a_period_is_told_as_it_opens_and_a_week_before_its_end(
    first: int, last: int | None, days: list[tuple[int, str]]
):
    found = of_period(in_days(first), None if last is None else in_days(last))
    assert [((each.on - this_day()).days, each.why) for each in found] == days
