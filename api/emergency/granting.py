"""What a running session lets its opener read now, and its end where somebody has ended it."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.holding import embargo_in
from api.access_log.service import Embargo
from api.consent.facts import EmergencyReach
from api.consent.policies import CompiledPolicy
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.directory import service as directory
from api.directory.service import Standing
from api.emergency import queries, rules
from api.emergency.acting import STANDING_STEPS, has_right, ids_of, stops_at
from api.emergency.reach import Tier, reach
from api.emergency.rules import Ending, Opener, Session
from api.emergency.stored import acted, choice_in, session_in


class Grant(NamedTuple):
    """What a running session lets its opener read now. Of `operations_since` on, operations are
    within `reach` too: their ids are the reader's to add. `embargo` holds for what is logged."""

    session_id: UUID
    tier: Tier
    reach: EmergencyReach
    operations_since: date | None
    expires_at: datetime
    embargo: Embargo | None


class _Over(NamedTuple):
    """A session that the participant, or the network, has ended; no step says so yet."""

    session: Session
    ending: Ending


async def grant_in(
    tx: Transaction, acting: Actor, session_id: UUID, known: CompiledPolicy, standing: Standing
) -> Grant | None:
    """What may be read now; None once it is over. A session that the participant, or the network,
    has ended meanwhile ends here. The caller holds the head's lock."""
    found = await _found_in(tx, acting, session_id, known, standing)
    if isinstance(found, _Over):
        detail = {"actor": acted(acting, standing)}
        await end_in(tx, found.session, session_id, found.ending, detail)
        return None
    return found


async def seen_in(
    tx: Transaction, opener: Actor, session_id: UUID, known: CompiledPolicy, standing: Standing
) -> Grant | None:
    """What its opener may read now, for who looks on: it ends nothing, and writes nothing."""
    found = await _found_in(tx, opener, session_id, known, standing)
    return found if isinstance(found, Grant) else None


async def _found_in(
    tx: Transaction, acting: Actor, session_id: UUID, known: CompiledPolicy, standing: Standing
) -> Grant | _Over | None:
    row = await queries.session(tx, session_id)
    if row is None:
        return None
    session, now = await session_in(tx, row), await queries.now(tx)
    reader = Opener(*ids_of(acting), row["participant_id"])
    if not rules.may_read(session, reader, "t1", now):
        return None
    _, chosen = await choice_in(tx)
    step = stops_at(acting, known, standing, now)
    is_excluded, is_off = step == "excluded", chosen.kind == "refuse" or step == "participation"
    may_practise = has_right(standing) and step not in STANDING_STEPS
    ending = rules.ends_by(not is_off, is_excluded, may_practise)
    if ending is not None:
        return _Over(session, ending)
    folded = rules.fold(session.steps, now)
    tier: Tier = "t2" if rules.may_read(session, reader, "t2", now) else "t1"
    reached = reach(
        tier,
        chosen,
        (category.code for category in directory.profile().categories),
        clock.day_in_japan(now),
    )
    if folded.expires_at is None:
        return None
    return Grant(
        session_id,
        tier,
        reached.open,
        reached.operations_since,
        folded.expires_at,
        await embargo_in(tx),
    )


async def end_in(
    tx: Transaction, session: Session, session_id: UUID, ending: Ending, detail: dict[str, Any]
) -> None:
    before = rules.fold(session.steps, session.steps[-1].at).state
    await queries.add_step(tx, session_id, len(session.steps) + 1, ending, "ended", before)
    await access_log.append(
        tx,
        EventName.EMERGENCY_ENDED,
        detail=detail | {"because": ending},
        emergency=str(session_id),
        embargo=await embargo_in(tx),
    )
