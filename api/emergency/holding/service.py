"""Holding what is told of an opening, for a danger to the participant, on two officers' word.

The opener may ask for it. Until two officers have answered, what would be told waits for half an
hour at most (docs/decisions/0030); a refusal tells it at once, and so does the end of any hold.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import HELD_FIELDS, embargo_in
from api.consent import policies
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries, reviewing
from api.emergency.acting import in_emergency, officer_only, words_of
from api.emergency.errors import HoldRefused
from api.emergency.holding import queries as hold_queries
from api.emergency.reviewing import Hold, may_hold
from api.emergency.running import own_in, subject_of
from api.emergency.stored import acted
from notifications import service as notifications

MOST_WORDS: Final = 500
DAYS: Final = (1, 2, 3)

State = Literal["waiting", "agreed", "held", "refused", "lapsed", "over"]


class Asked(NamedTuple):
    """`until_at`: when what waits is told, by itself; `first_by`: the officer who agreed alone."""

    session_id: UUID
    facility_id: UUID
    by_name: str
    reason: str
    asked_at: datetime
    state: State
    until_at: datetime
    first_by: str | None


async def ask(actor: Actor, session_id: UUID, reason: str) -> None:
    """By the opener of a session, once; what has been told already stays told.

    Raises `WordsNeeded`, `HoldRefused`.
    """
    acting, subject = in_emergency(actor), await subject_of(actor, session_id)
    async with unit_of_work(acting, subject=subject) as tx:
        await _locked(tx)
        await own_in(tx, acting, session_id)
        if await hold_queries.request(tx, session_id) is not None:
            raise HoldRefused
        who = acted(acting, await directory.standing_in(tx, acting))
        await ask_in(tx, session_id, reason, who)


async def ask_in(tx: Transaction, session_id: UUID, reason: str, who: dict[str, Any]) -> None:
    """Before anything is told of the session in the same transaction, it waits too."""
    words = words_of(reason, MOST_WORDS)
    await hold_queries.add_request(tx, session_id, words, who["name"] or "")
    await _log(tx, EventName.EMERGENCY_HOLD_ASKED, who, session_id)


async def asked(officer: Actor) -> list[Asked]:
    """What was asked for in the last days, what waits for an answer first."""
    async with unit_of_work(officer_only(officer)) as tx:
        rows = await hold_queries.asked(tx)
        now = await queries.now(tx)
    found = [_asked(row, now) for row in rows]
    return sorted(found, key=lambda each: each.state not in ("waiting", "agreed"))


async def agree(officer: Actor, session_id: UUID, days: int) -> None:
    """The first officer says for how many days; the second, who agrees to that, holds it.

    Raises `HoldRefused`.
    """
    subject = await _subject(officer, session_id)
    async with unit_of_work(officer, subject=subject) as tx:
        await _locked(tx)
        row = await hold_queries.request(tx, session_id)
        if row is None:
            raise NotFound
        if row["refused_at"] is not None:
            raise HoldRefused
        if row["hold_id"] is None:
            await _propose_in(tx, officer, row["reason"], days, session_id)
        else:
            await _confirm_in(tx, officer, row["hold_id"])


async def refuse(officer: Actor, session_id: UUID) -> None:
    """By one officer, before two have agreed: what waited is told at once. Raises `HoldRefused`."""
    subject = await _subject(officer, session_id)
    async with unit_of_work(officer, subject=subject) as tx:
        await _locked(tx)
        row = await hold_queries.request(tx, session_id)
        if row is None:
            raise NotFound
        if row["refused_at"] is not None or row["confirmed_at"] is not None:
            raise HoldRefused
        await hold_queries.add_refusal(tx, session_id, officer.name or "")
        await notifications.hold_anew(tx)
        await _log(tx, EventName.EMERGENCY_HOLD_REFUSED, {"name": officer.name}, session_id)


async def _propose_in(
    tx: Transaction, officer: Actor, reason: str, days: int, session_id: UUID
) -> None:
    now = clock.now()
    day = clock.day_in_japan(now) + timedelta(days=days)
    until_at = datetime(day.year, day.month, day.day, tzinfo=clock.JAPAN)
    if officer.account_id is None or not may_hold(Hold(officer.account_id, now, until_at)):
        raise HoldRefused
    await hold_queries.add(tx, reason, until_at, officer.name or "", session_id)
    await _log_hold(tx, officer, until_at)


async def _confirm_in(tx: Transaction, officer: Actor, hold_id: UUID) -> None:
    row = await hold_queries.one(tx, hold_id)
    if row is None:
        raise NotFound
    hold = Hold(row["asked_by"], row["asked_at"], row["until_at"], officer.account_id)
    if row["is_confirmed"] or not reviewing.is_held(hold, clock.now()):
        raise HoldRefused
    await hold_queries.confirm(tx, hold_id, row["asked_by"], officer.name or "")
    await notifications.hold_anew(tx)
    await _log_hold(tx, officer, row["until_at"])


async def _log_hold(tx: Transaction, officer: Actor, until_at: datetime) -> None:
    """Told once it is over: who reads it before must not learn that something is held."""
    embargo = await embargo_in(tx)
    if embargo is None:  # one officer alone so far
        embargo = access_log.Embargo(HELD_FIELDS, "safety", clock.day_in_japan(until_at))
    await access_log.append(
        tx,
        EventName.EMERGENCY_HELD,
        detail={"actor": {"name": officer.name}},
        embargo=embargo,
    )


async def _log(tx: Transaction, event: EventName, who: dict[str, Any], session_id: UUID) -> None:
    await access_log.append(
        tx,
        event,
        detail={"actor": who},
        emergency=str(session_id),
        embargo=await embargo_in(tx),
    )


async def _locked(tx: Transaction) -> None:
    if await policies.locked_policy_in(tx) is None:
        raise NotFound


async def _subject(officer: Actor, session_id: UUID) -> UUID:
    async with unit_of_work(officer_only(officer)) as tx:
        subject = await queries.whose(tx, session_id)
    if subject is None:
        raise NotFound
    return subject


def _asked(row: asyncpg.Record, now: datetime) -> Asked:
    return Asked(
        row["session_id"],
        row["facility_id"],
        row["by_name"],
        row["reason"],
        row["asked_at"],
        _state(row, now),
        row["refused_at"] or (row["until_at"] if row["confirmed_at"] else row["waits_until"]),
        row["first_by"],
    )


def _state(row: asyncpg.Record, now: datetime) -> State:
    if row["refused_at"] is not None:
        return "refused"
    if row["confirmed_at"] is not None:
        return "held" if now < row["until_at"] else "over"
    if now >= row["waits_until"]:
        return "lapsed"
    return "waiting" if row["hold_id"] is None else "agreed"
