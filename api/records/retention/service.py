"""Records past the time the network keeps their kind are withdrawn, by an operator."""

from collections import Counter
from typing import NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.directory import service as directory
from api.records import sending_queries
from api.records.incoming.writing import Line, counted
from api.records.retention import queries, rules


class Expired(NamedTuple):
    """How many participants are concerned, and how many records of each category."""

    participants: int
    records: Counter[str]


async def expire(*, is_dry_run: bool = False) -> Expired:
    """One transaction and one event for each participant; safe to run again, and to break off.

    With `is_dry_run` nothing is changed.
    """
    days = rules.kept_from(directory.profile().retention.categories, clock.today_in_japan())
    found = Expired(0, Counter())
    if not days:
        return found
    async with unit_of_work(OPERATOR) as tx:
        concerned = await queries.concerned(tx, days)
    for participant_id in concerned:
        async with unit_of_work(OPERATOR, subject=participant_id) as tx:
            await stored.locked_settings_in(tx)
            past = [
                Line(row["record_id"], row["resource_type"], row["category"], row["is_told"])
                for row in await queries.dated_before(tx, days)
                if rules.is_past(
                    row["category"], row["effective_on"], frozenset(row["marks"]), days
                )
            ]
            if not past:
                continue
            found.records.update(line.category for line in past)
            found = found._replace(participants=found.participants + 1)
            if is_dry_run:
                continue
            await sending_queries.withdraw(tx, [line.record_id for line in past])
            told, hidden = (
                counted(line for line in past if line.is_told is is_told)
                for is_told in (True, False)
            )
            if told["ids"]:
                await access_log.append(
                    tx, EventName.RECORD_EXPIRED, detail=told, undisclosed=hidden
                )
            else:
                await access_log.append_system(
                    tx, EventName.RECORD_EXPIRED, outcome="permitted", detail=hidden
                )
    return found
