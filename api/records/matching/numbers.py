"""Which facility knows a participant by which number, and their word that one is not theirs."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.records.incoming.writing import Line, counted
from api.records.matching import queries

CASE_DAYS: Final = 3


class KnownAs(NamedTuple):
    """`way`: entered, desk, card, insurance, score or officer."""

    facility_id: UUID
    facility: dict[str, str]
    number: str
    way: str
    linked_at: datetime


async def known_as(actor: Actor) -> list[KnownAs]:
    """By facility in the directory's order of names."""
    async with unit_of_work(actor) as tx:
        rows = await queries.numbers(tx)
        ids = list({row["facility_id"] for row in rows})
        lines = {each.facility_id: each for each in await directory.facilities_in(tx, ids)}
    return [
        KnownAs(
            row["facility_id"],
            {"ja": lines[row["facility_id"]].name, "en": lines[row["facility_id"]].name_en},
            row["local_id"],
            row["way"],
            row["linked_at"],
        )
        for row in rows
    ]


async def disown(actor: Actor, facility_id: UUID, number: str) -> int:
    """This number is not the participant's: it ends, what came in by it is set aside, and nothing
    links it to them again by itself. How many records were set aside, those not told of left out.
    Raises `NotFound`.

    What else the facility sent since then is set aside too: nobody can tell by which number it
    came.
    """
    async with unit_of_work(actor) as tx:
        # What is being stored by this number comes before or after, never in between.
        await stored.locked_in(tx)
        row = await queries.disown(tx, facility_id, number)
        if row is None:
            raise NotFound
        lines = [
            Line(*each)
            for each in await queries.set_aside(tx, facility_id, number, row["linked_at"])
        ]
        count = sum(line.is_told for line in lines)
        hidden = counted(line for line in lines if not line.is_told)
        (line,) = await directory.facilities_in(tx, [facility_id])
        place = {"ja": line.name, "en": line.name_en}
        params = msgspec.json.encode({"facility": line.name}).decode()
        due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
        await queries.open_case(tx, params, due_on)
        told = {"place": place, "number": number, "count": count}
        await access_log.append(
            tx, EventName.NUMBER_DISOWNED, detail={"told": told}, undisclosed=hidden
        )
        return count


async def bring_back_in(tx: Transaction, facility_id: UUID, number: str) -> None:
    """After a number was linked anew: what was set aside with it is there again."""
    await queries.bring_back(tx, facility_id, number)
