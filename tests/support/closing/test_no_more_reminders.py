"""Whose account is closed is reminded of nothing any more."""

from datetime import timedelta

import asyncpg

from api.core.clock import today_in_japan as this_day
from api.phr.immunization import service as vaccinations
from api.support.closing import service
from tests.portal.scene import Visitor
from tests.support.closing.rounds import carried_out

SAID = "SELECT count(*) FROM own_due WHERE participant_id = $1"


async def test_of_her_vaccines_no_day_is_left(
    hanako: Visitor, days_pass, admin: asyncpg.Connection
) -> None:
    on = this_day() - timedelta(days=500)
    await vaccinations.write(hanako.actor, None, {"vaccine": "covid", "on": on.isoformat()})
    assert await admin.fetchval(SAID, hanako.actor.participant_id) > 0
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    await carried_out(hanako.actor.participant_id)
    assert await admin.fetchval(SAID, hanako.actor.participant_id) == 0
