"""What an emergency nominee sees while records are open: where, and the advance directives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.commitments import OnBehalf
from api.access_log.events import EventName
from api.consent import policies
from api.consent.decide import Exceptions
from api.consent.facts import RecordFacts, Request
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency import nominees
from api.emergency import service as emergency
from api.emergency.nominees import Happening
from api.phr.entries import service as own_entries
from api.proxies import service as proxies
from api.records import parse
from api.records.emergency import queries
from api.records.parse import Json

DIRECTIVE: Final = "directive"


class Nominated(NamedTuple):
    """Viewings of one person's records who named the actor for that."""

    principal: str
    viewings: list[Happening]


class Line(NamedTuple):
    record_id: UUID
    title: str
    on: date
    facility_id: UUID


class Directives(NamedTuple):
    """One viewing that runs, and the directives it reaches."""

    principal: str
    viewing: Happening
    lines: list[Line]


async def viewings(actor: Actor) -> list[Nominated]:
    """Of everybody who named the actor, where there is something to see; each look is in the log of
    whoever it is about."""
    found = []
    for principal_id, name in await proxies.nominated(actor):
        async with unit_of_work(actor, subject=principal_id) as tx:
            if not await proxies.is_nominee_in(tx, actor):
                continue
            shown = await nominees.happening_in(tx)
            if shown:
                await _note(tx, actor, OnBehalf(principal_id, name), EventName.NOMINEE_LOOKED, {})
                found.append(Nominated(name, shown))
    return found


async def directives(actor: Actor, session_id: UUID) -> Directives:
    """Raises `NotFound` once the viewing is over, as for one that concerns the actor not."""
    async with _running(actor, session_id) as (tx, behalf, viewing):
        rows = await _reached_in(tx, session_id)
        lines = [
            Line(row["record_id"], row["title"], row["effective_on"], row["source_facility_id"])
            for row in rows
        ]
        await _note(tx, actor, behalf, EventName.NOMINEE_LOOKED, {}, session_id)
    return Directives(behalf.name, viewing, lines)


async def directive(actor: Actor, session_id: UUID, record_id: UUID) -> Json:
    """One of them in full, as it came; read for whom, and by whom, is in that person's log."""
    async with _running(actor, session_id) as (tx, behalf, _):
        rows = {row["record_id"]: row for row in await _reached_in(tx, session_id)}
        row = rows.get(record_id)
        if row is None:
            raise NotFound
        told = {
            "resources": [{"type": row["resource_type"], "category": DIRECTIVE, "count": 1}],
            "ids": [record_id],
        }
        await _note(tx, actor, behalf, EventName.NOMINEE_READ, told, session_id)
        text = await own_entries.opened_in(tx, row["body"])
    body = text.encode()
    return parse.decode(body, max_bytes=len(body))


@asynccontextmanager
async def _running(
    actor: Actor, session_id: UUID
) -> AsyncIterator[tuple[Transaction, OnBehalf, Happening]]:
    for principal_id, name in await proxies.nominated(actor):
        async with unit_of_work(actor, subject=principal_id) as tx:
            if not await proxies.is_nominee_in(tx, actor):
                continue
            for viewing in await nominees.happening_in(tx):
                if viewing.session_id == session_id and viewing.is_running:
                    yield tx, OnBehalf(principal_id, name), viewing
                    return
    raise NotFound


async def _reached_in(tx: Transaction, session_id: UUID) -> list[Any]:
    """The directives that whoever opened it reaches, not by their own writing but as a session
    does: nothing secret, nothing beyond the participant's choice."""
    opener = await nominees.opener_in(tx, session_id)
    known = await policies.locked_policy_in(tx)
    if opener is None or known is None:
        raise NotFound
    standing = await directory.standing_in(tx, opener)
    grant = await emergency.seen_in(tx, opener, session_id, known, standing)
    if grant is None:
        return []
    who = policies.requester(opener, standing)
    asked = Request(who, emergency.BREAK_GLASS, clock.now(), grant.reach)
    hidden = known.policy.scope(asked).exceptions
    return [
        row
        for row in await queries.directives(tx)
        if known.policy.decide(asked, _facts(row)).outcome == "permit" and not _hides(hidden, row)
    ]


def _facts(row: Any) -> RecordFacts:
    """Of no source: what the opener's own facility wrote is decided as any other's."""
    return RecordFacts(
        DIRECTIVE,
        clock.day_in_japan(row["recorded_at"]),
        row["effective_on"],
        None,
        row["sensitivity"],
        row["record_id"],
    )


def _hides(hidden: Exceptions, row: Any) -> bool:
    """By its source too, which the decision was not told."""
    day = row["effective_on"] or clock.day_in_japan(row["recorded_at"])
    return any(
        period.source_facility_id in (None, row["source_facility_id"])
        and period.category in (None, DIRECTIVE)
        and (period.data_from is None or period.data_from <= day)
        and (period.data_to is None or day < period.data_to)
        for period in hidden.hidden_periods
    )


async def _note(
    tx: Transaction,
    actor: Actor,
    behalf: OnBehalf,
    event: EventName,
    told: dict[str, Any],
    session_id: UUID | None = None,
) -> None:
    detail = {"actor": {"name": actor.name}, "told": {"name": actor.name or ""}} | told
    await access_log.append(
        tx,
        event,
        detail=detail,
        on_behalf=behalf,
        emergency=str(session_id) if session_id else None,
    )
