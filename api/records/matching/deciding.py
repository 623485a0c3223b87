"""Doubts of the support centre: one officer decides with a reason, another looks at it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, turn_to, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.enrolling import look_alikes
from api.identity.errors import EnrolmentFaults
from api.records.matching import delivering, queries
from api.records.matching.persons import Demographics, folded
from api.records.matching.rules import Compared, compare
from api.records.matching.service import person_of
from notifications import service as notifications

Decision = Literal["same", "different"]
DECISIONS: Final[tuple[Decision, ...]] = ("same", "different")
MOST_UNSEEN: Final = 50


class Waiting(NamedTuple):
    """A doubt that waits; of whom, only a look says."""

    match_id: UUID
    facility: dict[str, str]
    number: str
    bits: float
    found_at: datetime
    asked_at: datetime | None
    asked_by: str | None


class Decided(NamedTuple):
    """What another officer decided, to be looked at."""

    match_id: UUID
    facility: dict[str, str]
    number: str
    decision: Decision
    reason: str
    by_name: str
    decided_at: datetime


class Doubt(NamedTuple):
    """Both descriptions, and how they compare; no record of either."""

    waiting: Waiting
    sent: Demographics
    registered: Demographics
    compared: Compared


async def waiting(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Waiting], int]:
    """The oldest first, and how many there are."""
    async with unit_of_work(actor) as tx:
        rows = await queries.waiting(tx, (page - 1) * count, count)
        names = await _names(tx, [row["facility_id"] for row in rows])
    return [
        Waiting(
            row["match_id"],
            names[row["facility_id"]],
            row["local_id"],
            row["bits"],
            row["found_at"],
            row["asked_at"],
            row["asked_by_name"],
        )
        for row in rows
    ], (rows[0]["total"] if rows else 0)


async def found(actor: Actor, numbers: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """The oldest doubt that waits about each of these numbers of a facility, where there is one."""
    if not numbers:
        return {}
    async with unit_of_work(actor) as tx:
        rows = await queries.waiting_of_numbers(tx, *zip(*numbers, strict=True))
    return {(row["facility_id"], row["local_id"]): row["match_id"] for row in rows}


async def how_many_wait(actor: Actor) -> int:
    async with unit_of_work(actor) as tx:
        return await queries.how_many_wait(tx)


async def unseen(actor: Actor) -> list[Decided]:
    """What other officers decided and nobody has looked at yet, the oldest first."""
    async with unit_of_work(actor) as tx:
        rows = await queries.unseen(tx, MOST_UNSEEN)
        names = await _names(tx, [row["facility_id"] for row in rows])
    return [
        Decided(
            row["match_id"],
            names[row["facility_id"]],
            row["local_id"],
            row["decision"],
            row["reason"],
            row["decided_by_name"],
            row["decided_at"],
        )
        for row in rows
    ]


async def look(actor: Actor, match_id: UUID) -> Doubt:
    """One doubt with whom it is about, whose log says who looked. Raises `NotFound`."""
    async with unit_of_work(actor, subject=await _about(actor, match_id)) as tx:
        row, person = await queries.one(tx, match_id), await queries.person(tx)
        if row is None or person is None:
            raise NotFound
        names = await _names(tx, [row["facility_id"]])
        detail = {"kind": "match", "actor": {"name": actor.name}}
        await access_log.append(tx, EventName.SUPPORT_LOOKED, detail=detail)
    sent = msgspec.json.decode(row["sent"], type=Demographics)
    registered = person_of(person)
    return Doubt(
        Waiting(
            row["match_id"],
            names[row["facility_id"]],
            row["local_id"],
            row["bits"],
            row["found_at"],
            row["asked_at"],
            row["asked_by_name"],
        ),
        sent,
        registered,
        compare(folded(sent), folded(registered)),
    )


async def decide(actor: Actor, match_id: UUID, decision: str, reason: str) -> int:
    """`same` links the number, and stores at once what lay in quarantine for want of it: how many
    records. Raises `EnrolmentFaults`, and `NotFound` for what is not there, or decided.
    """
    reason = " ".join(reason.split())
    faults = {}
    if decision not in DECISIONS:
        faults["decision"] = "error.look_alike.decision"
    if not look_alikes.is_reason(reason):
        faults["reason"] = "error.look_alike.reason"
    if faults:
        raise EnrolmentFaults(faults)
    subject = await _about(actor, match_id)
    async with unit_of_work(actor, subject=subject) as tx:
        row = await queries.decide(tx, match_id, decision, reason, actor.name or "")
        if row is None:
            raise NotFound
        facility_id, number = row["facility_id"], row["local_id"]
        names = await _names(tx, [facility_id])
        told = {"place": names[facility_id], "number": number, "reason": reason}
        detail = {"told": told, "actor": {"name": actor.name}}
        if decision == "different":
            await access_log.append(tx, EventName.MATCH_DISMISSED, detail=detail)
            return 0
        if not await queries.link(tx, facility_id, number, "officer", row["bits"]):
            raise NotFound  # it has become somebody's meanwhile
        await access_log.append(tx, EventName.MATCH_CONFIRMED, detail=detail)
        await notifications.enqueue(tx, "number_matched", facility=names[facility_id])
        # A number is one person's: whoever else was in question is not.
        for other in sorted(await queries.others_of_number(tx, facility_id, number)):
            await turn_to(tx, other)
            match = await queries.match_of(tx, facility_id, number, other)
            if match is not None:
                await queries.decide(tx, match, "different", reason, actor.name or "")
                await access_log.append(tx, EventName.MATCH_DISMISSED, detail=detail)
    return await delivering.deliver(actor, facility_id, number)


async def ask_facility(actor: Actor, match_id: UUID) -> None:
    """Puts a notice before the facility that names its own number and nobody. Raises `NotFound`."""
    async with unit_of_work(actor, subject=await _about(actor, match_id)) as tx:
        if not await queries.ask_facility(tx, match_id, actor.name or ""):
            raise NotFound


async def see(actor: Actor, match_id: UUID) -> None:
    """Another officer has looked at what one decided. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        if not await queries.see(tx, match_id, actor.name or ""):
            raise NotFound


async def _about(actor: Actor, match_id: UUID) -> UUID:
    async with unit_of_work(actor) as tx:
        found = await queries.about(tx, match_id)
    if found is None:
        raise NotFound
    return found


async def _names(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    lines = await directory.facilities_in(tx, list(set(ids)))
    return {each.facility_id: {"ja": each.name, "en": each.name_en} for each in lines}
