"""Reviewing every opening to the end, and counting from the log."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import embargo_in
from api.consent import policies
from api.core import clock, i18n
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import queries, reviewing
from api.emergency.acting import in_emergency, officer_only, words_of
from api.emergency.errors import NotThisReviewStep
from api.emergency.reviewing import Review, State, may_take
from api.emergency.running import subject_of
from api.emergency.stored import acted, review_in
from notifications import service as notifications

MOST_WORDS: Final = 2000
_EVENTS: Final[dict[State, EventName]] = {
    "queried": EventName.EMERGENCY_QUERIED,
    "answered": EventName.EMERGENCY_ANSWERED,
    "doubted": EventName.EMERGENCY_DOUBTED,
    "justified": EventName.EMERGENCY_JUDGED,
    "not_justified": EventName.EMERGENCY_JUDGED,
}


class Waiting(NamedTuple):
    """A review in the queue; whom it is about takes a `look`."""

    session_id: UUID
    facility_id: UUID
    by_name: str
    reason: str
    opened_at: datetime
    state: State
    is_overdue: bool


class Awaiting(NamedTuple):
    """A session that takes a second officer to open, until `expires_at`."""

    session_id: UUID
    facility_id: UUID
    by_name: str
    reason: str
    requested_at: datetime
    expires_at: datetime


class Said(NamedTuple):
    state: State
    words: str
    by_name: str
    at: datetime


class Reviewed(NamedTuple):
    """One opening with all that was said of it; `may` is what this officer may do next."""

    session_id: UUID
    facility_id: UUID
    by_name: str
    reason: str
    words: str
    identification: str
    said: tuple[Said, ...]
    state: State
    due_at: datetime
    is_overdue: bool
    may: tuple[State, ...]


class Figure(NamedTuple):
    """How often a facility's log rows say this, of all participants."""

    facility_id: UUID
    event: str
    outcome: str
    events: int


async def queue(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Waiting], int]:
    """The oldest first; none for whoever may not see them."""
    async with unit_of_work(officer_only(actor)) as tx:
        rows = await queries.queue(tx, (page - 1) * count, count)
        length = await queries.queue_length(tx)
    return [waiting_of(row, clock.now()) for row in rows], length


def waiting_of(row: asyncpg.Record, now: datetime) -> Waiting:
    return Waiting(
        row["session_id"],
        row["facility_id"],
        row["by_name"],
        row["reason"],
        row["opened_at"],
        row["state"],
        now >= row["opened_at"] + reviewing.DUE,
    )


async def awaiting(actor: Actor) -> list[Awaiting]:
    async with unit_of_work(officer_only(actor)) as tx:
        return [Awaiting(*row.values()) for row in await queries.awaiting(tx)]


async def look(actor: Actor, session_id: UUID) -> Reviewed:
    """What an officer sees of it, and no record; that they looked is in the participant's log."""
    subject = await _subject(officer_only(actor), session_id)
    async with unit_of_work(actor, subject=subject) as tx:
        row, review = await _review(tx, session_id)
        await access_log.append(
            tx,
            EventName.EMERGENCY_LOOKED,
            detail={"actor": {"name": actor.name}},
            emergency=str(session_id),
            embargo=await embargo_in(tx),
        )
        return await _reviewed(tx, row, review, actor)


async def about_me(actor: Actor) -> list[Reviewed]:
    """The participant's own: every session about them, and where its review stands."""
    async with unit_of_work(actor) as tx:
        found = []
        for row in await queries.newest(tx, 50):
            review = await review_in(tx, row)
            if review.steps:
                found.append(await _reviewed(tx, row, review, actor))
        return found


async def asked_of(actor: Actor, session_id: UUID) -> Reviewed:
    """The opener's own session, with what the reviewer asks."""
    subject = await subject_of(actor, session_id)
    async with unit_of_work(in_emergency(actor), subject=subject) as tx:
        row, review = await _review(tx, session_id)
        return await _reviewed(tx, row, review, actor)


async def query(actor: Actor, session_id: UUID, words: str) -> None:
    """Asks the opener. Raises `WordsNeeded`, `NotThisReviewStep`."""
    subject = await _subject(officer_only(actor), session_id)
    await _take(actor, subject, session_id, "queried", words)


async def answer(actor: Actor, session_id: UUID, words: str) -> None:
    """By the opener. Raises `WordsNeeded`, `NotThisReviewStep`."""
    subject = await subject_of(actor, session_id)
    await _take(in_emergency(actor), subject, session_id, "answered", words)


async def judge(actor: Actor, session_id: UUID, is_justified: bool, words: str) -> State:
    """Justified is told at once. That it was not takes a second officer: the first one's finding
    waits for theirs. Raises `WordsNeeded`, `NotThisReviewStep`."""
    subject = await _subject(officer_only(actor), session_id)
    return await _take(
        actor, subject, session_id, "justified" if is_justified else "not_justified", words
    )


async def figures(actor: Actor, since: datetime, until: datetime) -> list[Figure]:
    """Counted anew from the log each time; kept nowhere. Raises `NotFound` for others."""
    if actor.kind not in (ActorKind.SUPPORT, ActorKind.AUDITOR, ActorKind.OPERATOR):
        raise NotFound
    async with unit_of_work(actor) as tx:
        return [Figure(*row.values()) for row in await queries.figures(tx, since, until)]


async def _take(actor: Actor, subject: UUID, session_id: UUID, state: State, words: str) -> State:
    words = words_of(words, MOST_WORDS)
    async with unit_of_work(actor, subject=subject) as tx:
        if await policies.locked_policy_in(tx) is None:
            raise NotFound
        _, review = await _review(tx, session_id)
        by = actor.account_id or actor.professional_id
        if state == "not_justified" and reviewing.state_of(review) != "doubted":
            state = "doubted"
        if state == "answered":
            by = review.opener  # the session's own door let nobody else come here
        if not may_take(review, state, by):
            raise NotThisReviewStep
        before = reviewing.state_of(review)
        at = len(review.steps) + 1
        name = actor.name or ""
        await queries.add_review_step(tx, session_id, at, state, before, words, name)
        said: dict[str, Any] = {"actor": {"name": name}, "said": words}
        if state == "answered":
            said["actor"] = acted(actor, await directory.standing_in(tx, actor))
        if state in ("justified", "not_justified"):
            said["outcome"] = state
        await access_log.append(
            tx,
            _EVENTS[state],
            detail=said,
            emergency=str(session_id),
            embargo=await embargo_in(tx),
        )
        if state in ("justified", "not_justified"):
            await queries.add_review_step(tx, session_id, at + 1, "told", state, "", name)
            found = {each: i18n.text(each, f"emergency.outcome.{state}") for each in i18n.LOCALES}
            await notifications.enqueue(tx, "emergency_reviewed", found=found)
        return state


async def _review(tx: Transaction, session_id: UUID) -> tuple[asyncpg.Record, Review]:
    row = await queries.session(tx, session_id)
    if row is None:
        raise NotFound
    review = await review_in(tx, row)
    if not review.steps:
        raise NotFound
    return row, review


async def _reviewed(tx: Transaction, row: asyncpg.Record, review: Review, actor: Actor) -> Reviewed:
    steps = await queries.review_steps(tx, [row["session_id"]])
    is_officer = actor.kind is ActorKind.SUPPORT
    offered: tuple[State, ...] = ("queried", "justified", "doubted", "not_justified")
    return Reviewed(
        row["session_id"],
        row["facility_id"],
        row["by_name"],
        row["reason"],
        row["words"],
        row["identification"],
        tuple(Said(r["state"], r["words"], r["by_name"], r["recorded_at"]) for r in steps),
        reviewing.state_of(review),
        reviewing.due_at(review),
        reviewing.is_overdue(review, clock.now()),
        tuple(s for s in offered if is_officer and may_take(review, s, actor.account_id)),
    )


async def _subject(officer: Actor, session_id: UUID) -> UUID:
    async with unit_of_work(officer_only(officer)) as tx:
        subject = await queries.whose(tx, session_id)
    if subject is None:
        raise NotFound
    return subject
