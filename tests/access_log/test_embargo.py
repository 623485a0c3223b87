"""What is withheld for a time: seen to be there, told later, and the same event all along."""

from datetime import timedelta

import msgspec

from api import demo
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Embargo
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from tests.conftest import acting

FIELDS = ("about", "actor", "purpose", "detail")


async def withheld_for(days: int, person: demo.Cast) -> access_log.LogRow:
    """An officer of the law was shown something of this person; the newest row of their log."""
    until = clock.today_in_japan() + timedelta(days=days)
    async with unit_of_work(OPERATOR, subject=person.person_id) as tx:
        await access_log.append(
            tx,
            EventName.LAW_ENFORCEMENT,
            detail={"warrant": "17"},
            embargo=Embargo(FIELDS, "law_enforcement", until),
        )
    page = await access_log.page(acting(person), count=1)
    return page.rows[0]


async def test_hanako_sees_that_something_is_withheld_why_and_until_when(
    people: dict[str, demo.Cast],
):
    row = await withheld_for(30, people["hanako"])
    until = clock.today_in_japan() + timedelta(days=30)
    assert row.event == EventName.WITHHELD
    assert {(each.name, each.reason, each.until) for each in row.withheld} == {
        (name, "law_enforcement", until) for name in FIELDS
    }
    assert (row.actor_id, row.facility_id, row.purpose_of_use) == (None, None, None)
    assert "17" not in msgspec.json.encode(row.detail).decode()


async def test_from_the_day_on_hanako_is_told_all_of_it(people: dict[str, demo.Cast]):
    row = await withheld_for(0, people["hanako"])
    assert row.withheld == ()
    assert row.event == EventName.LAW_ENFORCEMENT
    assert row.detail["warrant"] == "17"
