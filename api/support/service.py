"""The support centre's queue: people who wait for a call, and what needs a person's eye."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.typed import is_digits, normalise_digits
from api.support import queries
from api.support.errors import AnswerFirst, NoTelephoneNumber

CALL_BACK = "call_back"
LOG_QUESTION = "log_question"


class Case(NamedTuple):
    """`params` fill the texts `support.case.<kind>.*`; never anything clinical."""

    case_id: UUID
    kind: str
    params: dict[str, Any]
    opened_at: datetime
    due_on: date
    is_about_somebody: bool


def telephone(typed: str) -> str:
    """Digits of a Japanese number as typed, hyphens and full width as you like.

    Raises `NoTelephoneNumber`.
    """
    digits = normalise_digits(typed)
    if not digits.startswith("0") or not (is_digits(digits, 10) or is_digits(digits, 11)):
        raise NoTelephoneNumber
    return digits


async def ask_for_call(actor: Actor, typed_number: str) -> None:
    """Opens a case for the participant; while one is open, asking again opens no second."""
    number = telephone(typed_number)
    params = {"name": actor.name, "phone": number}
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)  # two quick taps come one after the other
        if await queries.waiting(tx, CALL_BACK) is None:
            due_on = clock.today_in_japan() + timedelta(days=1)
            await queries.open_case(tx, CALL_BACK, msgspec.json.encode(params).decode(), due_on)
            await access_log.append(tx, EventName.SUPPORT_CASE_OPENED, detail={"kind": CALL_BACK})


async def is_call_waiting(actor: Actor) -> bool:
    async with unit_of_work(actor) as tx:
        return await queries.waiting(tx, CALL_BACK) is not None


async def queue(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Case], int]:
    """Open cases, oldest first, and how many there are; none for whoever may not see them.

    Of a case about somebody it does not say whom: that takes a `look`.
    """
    async with unit_of_work(actor) as tx:
        rows = await queries.queue(tx, (page - 1) * count, count)
        return [_case(row) for row in rows], await queries.length(tx)


async def look(actor: Actor, case_id: UUID) -> Case:
    """One open case with whom it is about, whose log says who looked. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        about = await queries.concerned(tx, case_id)
    if about is None or about["kind"] == LOG_QUESTION or about["participant_id"] is None:
        raise NotFound
    async with unit_of_work(actor, subject=about["participant_id"]) as tx:
        row = await queries.open_one(tx, case_id)
        if row is None:
            raise NotFound
        detail = {"kind": row["kind"], "actor": {"name": actor.name}}
        await access_log.append(tx, EventName.SUPPORT_LOOKED, detail=detail)
    return _case(row)


def _case(row: asyncpg.Record) -> Case:
    return Case(
        row["case_id"],
        row["kind"],
        msgspec.json.decode(row["params"]),
        row["opened_at"],
        row["due_on"],
        row["is_about_somebody"],
    )


async def close(actor: Actor, case_id: UUID) -> None:
    """Closes it and tells the participant's log; closing twice changes nothing.

    Raises `NotFound`, and `AnswerFirst` for a question, which its answer closes.
    """
    async with unit_of_work(actor) as tx:
        row = await queries.concerned(tx, case_id)
    if row is None:
        raise NotFound
    if row["kind"] == LOG_QUESTION:
        raise AnswerFirst
    async with unit_of_work(actor, subject=row["participant_id"]) as tx:
        kind = await queries.close(tx, case_id, actor.account_id)
        if kind is None:
            return
        detail = {"kind": kind}
        if row["participant_id"] is None:
            await access_log.append_system(
                tx, EventName.SUPPORT_CASE_CLOSED, outcome="permitted", detail=detail
            )
        else:
            await access_log.append(
                tx, EventName.SUPPORT_CASE_CLOSED, detail=detail | {"actor": {"name": actor.name}}
            )
