"""Asking about an event of one's log, and the answer: each step is an event of the log too."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.consent import stored
from api.core import clock, i18n
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.support import queries as case_queries
from api.support.errors import AskedAlready, NotThisStep, QuestionFaults
from api.support.questions import queries
from api.support.questions.rules import (
    MOST_ANSWER,
    MOST_WORDS,
    REASONS,
    Question,
    State,
    Step,
    due,
    tidy,
)
from api.support.service import LOG_QUESTION
from notifications import service as notifications

MOST_LISTED: Final = 100
_EVENTS: Final[dict[State, EventName]] = {
    "received": EventName.LOG_QUESTION_ASKED,
    "answered": EventName.LOG_QUESTION_ANSWERED,
    "content": EventName.LOG_QUESTION_SETTLED,
    "reopened": EventName.LOG_QUESTION_REOPENED,
}


class Mark(NamedTuple):
    """Where the question about an event stands."""

    state: State
    due_on: Any
    is_overdue: bool


class ForOfficer(NamedTuple):
    """`row` is None where the event can no longer be read; `is_open`: an answer is awaited."""

    case_id: UUID
    name: str
    question: Question
    row: LogRow | None
    is_open: bool


async def ask(actor: Actor, number: int, reason: str, words: str) -> Question:
    """Opens a case with a due day. Raises `NotFound`, `AskedAlready`, `QuestionFaults`."""
    words, faults = tidy(words), {}
    if reason not in REASONS:
        faults["reason"] = "error.question.reason"
    if len(words) > MOST_WORDS:
        faults["words"] = "error.question.too_long"
    elif reason == "other" and not words:
        faults["words"] = "error.question.words"
    if faults:
        raise QuestionFaults(faults)
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)  # two quick taps come one after the other
        if await access_log.event_in(tx, number) is None:
            raise NotFound
        if await queries.of_event(tx, number) is not None:
            raise AskedAlready
        question_id = await queries.add(tx, number, reason)
        await _await_answer(tx, actor, question_id, number, (), "received", words)
        return await _question(tx, number)


async def of_event(actor: Actor, number: int) -> Question | None:
    """Raises `NotFound` for an event the actor's log does not have."""
    async with unit_of_work(actor) as tx:
        if await access_log.event_in(tx, number) is None:
            raise NotFound
        row = await queries.of_event(tx, number)
        return None if row is None else (await _read(tx, [row]))[0]


async def mine(actor: Actor) -> list[Question]:
    """The newest first, at most 100."""
    async with unit_of_work(actor) as tx:
        return await _read(tx, await queries.newest(tx, MOST_LISTED))


async def marks(actor: Actor, numbers: Iterable[int]) -> dict[int, Mark]:
    today = clock.today_in_japan()
    async with unit_of_work(actor) as tx:
        rows = await queries.of_events(tx, list(numbers))
    return {
        row["number"]: Mark(
            row["state"], row["due_on"], row["due_on"] is not None and today > row["due_on"]
        )
        for row in rows
    }


async def settle(actor: Actor, number: int) -> Question:
    """The participant is content with the answer. Raises `NotFound`, `NotThisStep`."""
    async with unit_of_work(actor) as tx:
        question_id, question = await _locked(tx, number, "content")
        await _take(tx, actor, question_id, question, "content", "")
        return await _question(tx, number)


async def reopen(actor: Actor, number: int, words: str) -> Question:
    """Once. Raises `NotFound`, `NotThisStep`, `QuestionFaults`."""
    words = tidy(words)
    if not 0 < len(words) <= MOST_WORDS:
        key = "error.question.too_long" if words else "error.question.words"
        raise QuestionFaults({"words": key})
    async with unit_of_work(actor) as tx:
        question_id, question = await _locked(tx, number, "reopened")
        await _await_answer(tx, actor, question_id, number, question.steps, "reopened", words)
        return await _question(tx, number)


async def for_officer(actor: Actor, case_id: UUID) -> ForOfficer:
    """What the officer sees of it; that they looked is in the participant's log.

    Raises `NotFound` for a case that is none of a question.
    """
    found = await _case(actor, case_id)
    async with unit_of_work(actor, subject=found["participant_id"]) as tx:
        params = msgspec.json.decode(found["params"])
        question = await _question(tx, params["number"])
        row = await access_log.event_in(tx, params["number"])
        await access_log.append(
            tx, EventName.LOG_QUESTION_READ, detail=_by(actor) | {"told": _told(row, question)}
        )
    return ForOfficer(case_id, params["name"], question, row, found["closed_at"] is None)


async def answer(actor: Actor, case_id: UUID, words: str) -> None:
    """Closes the case. Raises `NotFound`, `NotThisStep`, `QuestionFaults`."""
    words = tidy(words)
    if not 0 < len(words) <= MOST_ANSWER:
        key = "error.question.too_long" if words else "error.question.answer"
        raise QuestionFaults({"words": key})
    found = await _case(actor, case_id)
    async with unit_of_work(actor, subject=found["participant_id"]) as tx:
        number = msgspec.json.decode(found["params"])["number"]
        question_id, question = await _locked(tx, number, "answered")
        if await case_queries.close(tx, case_id, actor.account_id) is None:
            raise NotThisStep
        await _take(tx, actor, question_id, question, "answered", words)


async def _case(actor: Actor, case_id: UUID) -> asyncpg.Record:
    async with unit_of_work(actor) as tx:
        found = await queries.case(tx, case_id)
    if found is None:
        raise NotFound
    return found


async def _await_answer(
    tx: Transaction,
    actor: Actor,
    question_id: UUID,
    number: int,
    before: tuple[Step, ...],
    state: State,
    words: str,
) -> None:
    due_on = due(clock.today_in_japan(), directory.profile().support.question_days)
    params = {"name": actor.name, "number": number}
    await case_queries.open_case(tx, LOG_QUESTION, msgspec.json.encode(params).decode(), due_on)
    await _take(tx, actor, question_id, Question(number, "", before), state, words, due_on)


async def _take(
    tx: Transaction,
    actor: Actor,
    question_id: UUID,
    question: Question,
    state: State,
    words: str,
    due_on: Any = None,
) -> None:
    """One step: its row, its event with the very words, its notice."""
    steps = question.steps
    await queries.add_step(
        tx,
        question_id,
        len(steps) + 1,
        state,
        steps[-1].state if steps else None,
        words,
        due_on,
        actor.name or "",
    )
    row = await access_log.event_in(tx, question.number)
    told = _told(row, question)
    said = {"told": told, "said": words, "about": question.number}
    await access_log.append(tx, _EVENTS[state], detail=said | _by(actor))
    day = {"day": due_on.isoformat()} if due_on else {}
    await notifications.enqueue(tx, f"question_{state}", **told, **day)


def _by(actor: Actor) -> dict[str, Any]:
    return {} if actor.participant_id is not None else {"actor": {"name": actor.name}}


def _told(row: LogRow | None, question: Question) -> dict[str, Any]:
    """Which event it is about, in words of each language."""
    at = row.at if row else question.asked_at
    return {"number": question.number, "at": {each: i18n.moment(each, at) for each in i18n.LOCALES}}


async def _locked(tx: Transaction, number: int, state: State) -> tuple[UUID, Question]:
    await stored.locked_settings_in(tx)
    row = await queries.of_event(tx, number)
    if row is None:
        raise NotFound
    (question,) = await _read(tx, [row])
    if not question.may_become(state):
        raise NotThisStep
    return row["question_id"], question


async def _question(tx: Transaction, number: int) -> Question:
    row = await queries.of_event(tx, number)
    if row is None:
        raise NotFound
    return (await _read(tx, [row]))[0]


async def _read(tx: Transaction, rows: list[asyncpg.Record]) -> list[Question]:
    steps: dict[UUID, list[Step]] = {}
    for row in await queries.steps(tx, [each["question_id"] for each in rows]):
        steps.setdefault(row["question_id"], []).append(
            Step(row["state"], row["words"], row["by_name"], row["recorded_at"], row["due_on"])
        )
    return [
        Question(each["number"], each["reason"], tuple(steps[each["question_id"]])) for each in rows
    ]
