"""A facility's own patient number, asked for at its desk and confirmed on the participant's phone.

The facility was told a code first; the participant says yes before the number names them.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.my_number import is_my_number
from api.proxies import safety
from api.records.errors import NumberRefused, NumberTaken
from api.records.linking import queries
from api.records.matching import numbers
from api.records.queries import participant_of_local_id
from notifications import service as notifications

LIVES: Final = timedelta(hours=1)
LONGEST: Final = 64
Answer = Literal["linked", "refused"]


class Asked(NamedTuple):
    """What a facility asks: whether the subject is its patient of this number."""

    link_id: UUID
    facility_id: UUID
    facility: dict[str, str]
    local_id: str
    by_name: str
    asked_at: datetime
    expires_at: datetime


class AtDesk(NamedTuple):
    """For the facility: whether it may ask now, and what it knows the participant by."""

    may_ask: bool
    known_as: list[str]


async def at_desk(actor: Actor, participant_id: UUID) -> AtDesk:
    if actor.facility_id is None:
        raise NotFound
    async with unit_of_work(actor, subject=participant_id) as tx:
        if not await queries.was_told(tx):
            return AtDesk(False, [])
        return AtDesk(True, await queries.known_as(tx, actor.facility_id))


async def ask(actor: Actor, participant_id: UUID, typed: str) -> None:
    """By a professional whose facility was told a code today.

    Raises `NotFound`, `NumberRefused`, and `NumberTaken` for a number of another of its patients.
    """
    local_id = " ".join(typed.split())
    if actor.facility_id is None:
        raise NotFound
    if not 1 <= len(local_id) <= LONGEST or not local_id.isprintable() or is_my_number(local_id):
        raise NumberRefused
    async with unit_of_work(actor, subject=participant_id) as tx:
        if not await queries.was_told(tx):
            raise NotFound
        owner = await participant_of_local_id(tx, actor.facility_id, local_id)
        if owner is not None and owner != participant_id:
            raise NumberTaken
        if owner is not None:
            return
        await queries.ask(tx, actor.facility_id, local_id, actor.name or "", clock.now() + LIVES)
        name = await _name(tx, actor.facility_id)
        detail = {"actor": {"name": actor.name, "facility": name}, "told": {"number": local_id}}
        await access_log.append(tx, EventName.NUMBER_ASKED, detail=detail)
        await notifications.enqueue(tx, "number_asked", facility=name)


async def waiting(actor: Actor) -> list[Asked]:
    """What the participant has not answered, for an hour each."""
    async with unit_of_work(actor) as tx:
        return [
            Asked(
                row["link_id"],
                row["facility_id"],
                await _name(tx, row["facility_id"]),
                row["local_id"],
                row["asked_by_name"],
                row["asked_at"],
                row["expires_at"],
            )
            for row in await queries.waiting(tx)
        ]


async def answer(actor: Actor, link_id: UUID, said: Answer) -> None:
    """By the participant. Raises `NotFound`, `NumberTaken` where it became another's, and
    `OwnWorkplace` for a proxy who works there."""
    async with unit_of_work(actor) as tx:
        row = await queries.answer(tx, link_id, said)
        if row is None:
            raise NotFound
        event = EventName.NUMBER_REFUSED
        if said == "linked":
            await safety.refuse_own_workplace_in(tx, [row["facility_id"]])
            event = EventName.NUMBER_LINKED
            try:
                await queries.link(tx, row["facility_id"], row["local_id"])
                await numbers.bring_back_in(tx, row["facility_id"], row["local_id"])
            except asyncpg.UniqueViolationError as error:
                raise NumberTaken from error
        told = {"place": await _name(tx, row["facility_id"]), "number": row["local_id"]}
        await access_log.append(tx, event, detail={"told": told})


async def _name(tx: Transaction, facility_id: UUID) -> dict[str, str]:
    (line,) = await directory.facilities_in(tx, [facility_id])
    return {"ja": line.label("ja"), "en": line.label("en")}
