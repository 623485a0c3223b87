"""Questions and their steps in SQL: written once, never changed."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from api.core.database import Transaction


async def add(tx: Transaction, number: int, reason: str) -> UUID:
    question_id: UUID = await tx.fetchval(
        "INSERT INTO log_question (participant_id, number, reason)"
        " VALUES (app.subject(), $1, $2) RETURNING question_id",
        number,
        reason,
    )
    return question_id


async def add_step(
    tx: Transaction,
    question_id: UUID,
    step: int,
    state: str,
    after: str | None,
    words: str,
    due_on: date | None,
    by_name: str,
) -> None:
    await tx.execute(
        "INSERT INTO log_question_step (participant_id, question_id, step, state, after, words,"
        " due_on, by_name) VALUES (app.subject(), $1, $2, $3, $4, $5, $6, $7)",
        question_id,
        step,
        state,
        after,
        words,
        due_on,
        by_name,
    )


async def of_event(tx: Transaction, number: int) -> asyncpg.Record | None:
    return await tx.fetchrow(
        "SELECT question_id, number, reason FROM log_question"
        " WHERE participant_id = (SELECT app.subject()) AND number = $1",
        number,
    )


async def steps(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Of each question in their order."""
    return await tx.fetch(
        "SELECT question_id, state, words, by_name, recorded_at, due_on FROM log_question_step"
        " WHERE participant_id = (SELECT app.subject()) AND question_id = ANY ($1)"
        " ORDER BY question_id, step",
        list(ids),
    )


async def newest(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT question_id, number, reason FROM log_question"
        " WHERE participant_id = (SELECT app.subject())"
        " ORDER BY asked_at DESC, question_id DESC LIMIT $1",
        limit,
    )


async def of_events(tx: Transaction, numbers: Sequence[int]) -> list[asyncpg.Record]:
    """The last step of each question about one of these events."""
    return await tx.fetch(
        "SELECT DISTINCT ON (q.number) q.number, s.state, s.due_on FROM log_question q"
        " JOIN log_question_step s USING (participant_id, question_id)"
        " WHERE q.participant_id = (SELECT app.subject()) AND q.number = ANY ($1)"
        " ORDER BY q.number, s.step DESC",
        list(numbers),
    )


async def case(tx: Transaction, case_id: UUID) -> asyncpg.Record | None:
    """The case of a question; it names whose it is and about which event."""
    return await tx.fetchrow(
        "SELECT participant_id, params::text AS params, opened_at, due_on, closed_at"
        " FROM support_case WHERE case_id = $1 AND kind = 'log_question'",
        case_id,
    )
