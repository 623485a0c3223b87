"""The log of everybody as an auditor sees it: the columns searches go by, under no name."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.access_log import queries
from api.access_log.appending import append_system
from api.access_log.events import EventName
from api.access_log.rows import LogRow
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.crypto import base64url
from api.core.database import Transaction, unit_of_work

MOST: Final = 200
# Looked through in pieces, so that a page near the end of a long log costs what a page costs.
_PIECES: Final = tuple(timedelta(days=days) for days in (1, 7, 31, 366, 3660, 36600))


class Place(NamedTuple):
    """Where an event stands among all."""

    at: datetime
    eid: UUID


class AuditRow(NamedTuple):
    """`pseudonym`: always the same for the same participant, None for an event about nobody."""

    row: LogRow
    pseudonym: str | None


class AuditPage(NamedTuple):
    """Newest first; `before` is where the next page begins, None at the end."""

    rows: list[AuditRow]
    before: Place | None


async def page(actor: Actor, *, before: Place | None = None, count: int = 50) -> AuditPage:
    """For auditors; that they looked is in the system's log."""
    count = min(max(count, 1), MOST)
    async with unit_of_work(actor) as tx:
        rows = await _rows(tx, before, count + 1)
        detail = {"before": before.at.isoformat() if before else None, "events": len(rows[:count])}
        await append_system(tx, EventName.LOG_AUDITED, "permitted", detail)
    shown = rows[:count]
    last = shown[-1].row if len(rows) > count else None
    return AuditPage(shown, Place(last.at, last.eid) if last else None)


async def _rows(tx: Transaction, before: Place | None, count: int) -> list[AuditRow]:
    until = before.at if before else clock.now()
    began_at = await queries.log_began_at(tx)
    found: list[AuditRow] = []
    for piece in _PIECES:
        rows = await queries.audited(tx, until - piece, until + timedelta(seconds=1), before, count)
        found = [_audited(row) for row in rows]
        if len(found) >= count or began_at is None or until - piece <= began_at:
            break
    return found


def _audited(row: queries.Record) -> AuditRow:
    whose: UUID | None = row["participant_id"]
    return AuditRow(
        LogRow(
            number=row["pseq"] or 0,
            eid=row["eid"],
            at=row["at"],
            event=row["event"],
            outcome=row["outcome"],
            actor_kind=row["actor_kind"],
            actor_id=row["actor_id"],
            facility_id=row["facility_id"],
            purpose_of_use=row["purpose_of_use"],
            detail={},
            commit=row["commit"],
        ),
        None if whose is None else pseudonym(whose),
    )


def pseudonym(participant_id: UUID) -> str:
    """Nobody without the key can tell whose it is."""
    return base64url(runtime.keys().keyed_hash("auditor", str(participant_id))[:16])
