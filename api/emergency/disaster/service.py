"""Disaster mode: two officers declare an area and a period, in which four items open the summary.

Everything else stays: the log, the notices, the reviews, exclusions, choices and refusals.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries, reviews
from api.emergency.acting import in_emergency, officer_only, words_of
from api.emergency.disaster import queries as disaster_queries
from api.emergency.disaster import rules as declaring
from api.emergency.disaster.rules import Disaster, Turn
from api.emergency.errors import DisasterRefused, NotThisReviewStep
from api.emergency.reviews import Waiting

MOST_WORDS = 500


class Running(NamedTuple):
    """For everybody to know: where, and until when."""

    region: str
    until_at: datetime


class Said(NamedTuple):
    """One turn: who asked and who confirmed, with the names they had."""

    hours: int
    by_name: str
    asked_at: datetime
    confirmed_by: str | None
    until_at: datetime | None


class Declared(NamedTuple):
    """As an officer sees it; `may_*` is what this officer may do now."""

    disaster_id: UUID
    region: str
    words: str
    turns: tuple[Said, ...]
    until_at: datetime | None
    runs: bool
    waits: bool
    ended_by: str | None
    may_confirm: bool
    may_renew: bool
    may_end: bool


async def declare(officer: Actor, region: str, hours: int, words: str) -> UUID:
    """Asks for it; nothing is opened before another officer confirms. Raises `DisasterRefused`,
    `WordsNeeded`."""
    said = words_of(words, MOST_WORDS)
    regions = directory.profile().regions_within(region)
    if not regions or not declaring.is_length(hours):
        raise DisasterRefused
    async with unit_of_work(officer_only(officer)) as tx:
        disaster_id = await disaster_queries.add(tx, region, regions, said)
        await disaster_queries.add_turn(tx, disaster_id, 1, hours, officer.name or "")
        await _log(tx, EventName.DISASTER_ASKED, officer, region, hours=hours)
    return disaster_id


async def confirm(officer: Actor, disaster_id: UUID) -> None:
    """By another officer than who asked, within a day. Raises `DisasterRefused`."""
    async with unit_of_work(officer_only(officer)) as tx:
        row, disaster, now = await _locked(tx, disaster_id)
        if not declaring.may_confirm(disaster, officer.account_id, now):
            raise DisasterRefused
        turn = disaster.turns[-1]
        at = len(disaster.turns)
        await disaster_queries.confirm(tx, disaster_id, at, turn.asked_by, officer.name or "")
        await _log(tx, EventName.DISASTER_DECLARED, officer, row["region"], hours=turn.hours)


async def ask_to_renew(officer: Actor, disaster_id: UUID, hours: int) -> None:
    """While it runs; another officer confirms. Raises `DisasterRefused`."""
    async with unit_of_work(officer_only(officer)) as tx:
        row, disaster, now = await _locked(tx, disaster_id)
        if not (declaring.may_renew(disaster, now) and declaring.is_length(hours)):
            raise DisasterRefused
        at = len(disaster.turns) + 1
        await disaster_queries.add_turn(tx, disaster_id, at, hours, officer.name or "")
        await _log(tx, EventName.DISASTER_ASKED, officer, row["region"], hours=hours)


async def end(officer: Actor, disaster_id: UUID) -> None:
    """Early, by one officer; sessions under it end at their next request. Raises
    `DisasterRefused`."""
    async with unit_of_work(officer_only(officer)) as tx:
        row, disaster, now = await _locked(tx, disaster_id)
        if not declaring.may_end(disaster, now):
            raise DisasterRefused
        await disaster_queries.end(tx, disaster_id, officer.name or "")
        await _log(tx, EventName.DISASTER_ENDED, officer, row["region"])


async def running(actor: Actor) -> list[Running]:
    """For whoever asks, signed in or not."""
    async with unit_of_work(actor) as tx:
        return [Running(*row.values()) for row in await disaster_queries.running(tx)]


async def is_declared_here(actor: Actor) -> bool:
    """Whether one runs where the professional's facility is."""
    if actor.facility_id is None:
        return False
    async with unit_of_work(in_emergency(actor)) as tx:
        return await disaster_queries.at(tx, actor.facility_id) is not None


async def all_of(officer: Actor) -> list[Declared]:
    """The newest first."""
    async with unit_of_work(officer_only(officer)) as tx:
        rows = await disaster_queries.newest(tx, 50)
        return await _declared(tx, officer, rows)


async def look(officer: Actor, disaster_id: UUID) -> tuple[Declared, list[Waiting]]:
    """With the reviews of what was opened under it that wait."""
    async with unit_of_work(officer_only(officer)) as tx:
        row = await disaster_queries.one(tx, disaster_id)
        if row is None:
            raise NotFound
        (declared,) = await _declared(tx, officer, [row])
        now = await queries.now(tx)
        rows = await disaster_queries.under(tx, disaster_id)
        waiting = [reviews.waiting_of(each, now) for each in rows]
    return declared, waiting


async def justify_all(officer: Actor, disaster_id: UUID, words: str) -> int:
    """Finds justified whatever was opened under it and waits for its first look, each as a review
    of its own, told and logged; answers how many. What somebody asked about or doubted, and what is
    not this officer's to judge, waits on. Raises `WordsNeeded`."""
    words_of(words, reviews.MOST_WORDS)
    _, waiting = await look(officer, disaster_id)
    done = 0
    for each in waiting:
        if each.state == "pending":
            try:
                await reviews.judge(officer, each.session_id, True, words)
            except NotThisReviewStep:
                continue
            done += 1
    return done


async def _locked(tx: Transaction, disaster_id: UUID) -> tuple[asyncpg.Record, Disaster, datetime]:
    await disaster_queries.lock(tx, disaster_id)
    row = await disaster_queries.one(tx, disaster_id)
    if row is None:
        raise NotFound
    return row, _folded(row, await disaster_queries.turns(tx, [disaster_id])), await queries.now(tx)


async def _declared(tx: Transaction, officer: Actor, rows: list[asyncpg.Record]) -> list[Declared]:
    turns = await disaster_queries.turns(tx, [row["disaster_id"] for row in rows])
    now = await queries.now(tx)
    found = []
    for row in rows:
        own = [turn for turn in turns if turn["disaster_id"] == row["disaster_id"]]
        disaster = _folded(row, own)
        found.append(
            Declared(
                row["disaster_id"],
                row["region"],
                row["words"],
                tuple(
                    Said(
                        turn["hours"],
                        turn["by_name"],
                        turn["asked_at"],
                        turn["confirmed_by_name"],
                        folded.until_at,
                    )
                    for turn, folded in zip(own, disaster.turns, strict=True)
                ),
                declaring.until(disaster),
                declaring.runs(disaster, now),
                declaring.waits(disaster, now),
                row["ended_by"],
                declaring.may_confirm(disaster, officer.account_id, now),
                declaring.may_renew(disaster, now),
                declaring.may_end(disaster, now),
            )
        )
    return found


def _folded(row: asyncpg.Record, turns: list[asyncpg.Record]) -> Disaster:
    return Disaster(
        tuple(
            Turn(
                each["asked_by"],
                each["asked_at"],
                each["hours"],
                each["confirmed_by"],
                each["confirmed_at"],
            )
            for each in turns
        ),
        row["ended_at"],
    )


async def _log(tx: Transaction, event: EventName, officer: Actor, region: str, **more: int) -> None:
    await access_log.append_system(
        tx, event, outcome="permitted", detail={"name": officer.name, "region": region, **more}
    )
