"""What an emergency nominee may know of a viewing: that it happens, and where."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.core.actor import Actor, ActorKind
from api.core.database import Transaction
from api.emergency import queries, rules
from api.emergency.acting import BREAK_GLASS
from api.emergency.rules import Session
from api.emergency.stored import session_in

# So long after its end a viewing is still shown; documents are not, they are read while it runs.
AFTERWARDS: Final = timedelta(hours=72)
_MOST: Final = 20


class Happening(NamedTuple):
    """Nothing of who opened it, or why. `until` is its end, or will be."""

    session_id: UUID
    facility_id: UUID
    opened_at: datetime
    until: datetime
    is_running: bool


def is_shown(session: Session, now: datetime) -> bool:
    spanned = rules.span(session)
    return spanned is not None and now < spanned[1] + AFTERWARDS


async def happening_in(tx: Transaction) -> list[Happening]:
    """Viewings of the subject's records, the newest first. What is held is not among them: row
    security hides it from whoever is on the participant's side."""
    found, now = [], await queries.now(tx)
    for row in await queries.newest(tx, _MOST):
        session = await session_in(tx, row)
        spanned = rules.span(session)
        if spanned is not None and is_shown(session, now):
            is_running = rules.fold(session.steps, now).state in rules.ACTIVE
            found.append(Happening(row["session_id"], row["facility_id"], *spanned, is_running))
    return found


async def opener_in(tx: Transaction, session_id: UUID) -> Actor | None:
    """Who opened it, as who reads in it: what they reach is the most that a nominee sees."""
    row = await queries.session(tx, session_id)
    if row is None:
        return None
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        professional_id=row["professional_id"],
        facility_id=row["facility_id"],
        purpose_of_use=BREAK_GLASS,
    )
