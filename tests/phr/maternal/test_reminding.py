"""A pregnancy's checkups are told on their day, and nothing any more once it is over."""

from datetime import date, timedelta
from uuid import UUID

from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.maternal import service
from api.phr.maternal.service import Asked
from tests.portal.scene import Visitor


def due_on() -> date:
    return this_day() + timedelta(weeks=10)


async def begun(who: Visitor) -> UUID:
    return await service.begin(who.actor, Asked({"edd": due_on().isoformat()}))


async def told_ahead(who: Visitor, pregnancy_id: UUID) -> list[Due]:
    async with unit_of_work(who.actor) as tx:
        return await due.listed_in(tx, "visit", book=str(pregnancy_id))


def days_of(*weeks: int) -> list[Due]:
    begin = due_on() - timedelta(days=280)
    return [Due(begin + timedelta(weeks=week), "opens") for week in weeks]


async def test_each_visit_ahead_is_told_as_its_days_begin(hanako: Visitor) -> None:
    here = await begun(hanako)
    first = await told_ahead(hanako, here)
    assert first == days_of(30, 32, 34, 36, 37, 38, 39)
    visit = Asked({"on": this_day().isoformat(), "weight": "59"})
    written = await service.write(hanako.actor, here, "pregnancy-visit", visit)
    assert await told_ahead(hanako, here) == first[1:], "today's is written"
    await service.remove_entry(hanako.actor, here, written)
    assert await told_ahead(hanako, here) == first
    later = {"edd": (due_on() + timedelta(days=3)).isoformat()}
    await service.correct(hanako.actor, here, Asked(later, version=1))
    moved = [Due(each.on + timedelta(days=3), each.why) for each in first]
    assert await told_ahead(hanako, here) == moved


async def test_nothing_is_told_of_one_that_is_closed_until_it_is_opened_again(
    hanako: Visitor,
) -> None:
    here = await begun(hanako)
    first = await told_ahead(hanako, here)
    await service.close(hanako.actor, here)
    assert await told_ahead(hanako, here) == []
    await service.reopen(hanako.actor, here)
    assert await told_ahead(hanako, here) == first
    await service.remove(hanako.actor, here)
    assert await told_ahead(hanako, here) == []


async def test_nothing_is_told_once_the_child_is_born(hanako: Visitor) -> None:
    here = await begun(hanako)
    first = await told_ahead(hanako, here)
    birth = Asked({"on": this_day().isoformat(), "babies": "1"})
    written = await service.write(hanako.actor, here, "birth", birth)
    assert await told_ahead(hanako, here) == []
    await service.remove_entry(hanako.actor, here, written)
    assert await told_ahead(hanako, here) == first
