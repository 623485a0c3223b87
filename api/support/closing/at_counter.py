"""An account closed at the counter, for who has no phone: begun by two officers, called off by one.

The days, the end and the certificate are the same as for who begins it alone. PostgreSQL shows an
officer a closing, and lets them begin or call it off, in a visit of theirs alone.
"""

import os
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.support import counter
from api.support.closing import queries
from api.support.closing.errors import ClosingAlready, InPersonOnly, MetByOne, NotClosing
from api.support.closing.rules import CODE_RANDOM_BYTES, Closing, new_claim_code
from api.support.closing.service import Begun, claim_hash, closing_of
from notifications import service as notifications


class AtCounter(NamedTuple):
    """`closing`: the newest that was not called off, carried out or not. `is_in_person`: the
    participant is here; `is_met_by_two`: another officer met them too, within a day."""

    closing: Closing | None
    is_in_person: bool
    is_met_by_two: bool

    @property
    def may_begin(self) -> bool:
        return self.closing is None and self.is_in_person and self.is_met_by_two


async def state(actor: Actor, participant_id: UUID, visit_id: UUID) -> AtCounter:
    """Raises `NotFound` for another officer's visit, and for one that is over."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        return await _state_in(tx, visit_id)


async def begin(actor: Actor, participant_id: UUID, visit_id: UUID, *, erases_log: bool) -> Begun:
    """The participant is here and wishes it: from now on there are fourteen days to call it off.

    Raises `NotFound`, `ClosingAlready`, `InPersonOnly`, `MetByOne`; nothing is changed then.
    """
    code = new_claim_code(os.urandom(CODE_RANDOM_BYTES))
    try:
        async with unit_of_work(actor, subject=participant_id) as tx:
            found = await _state_in(tx, visit_id)
            if found.closing is not None:
                raise ClosingAlready
            if not found.is_in_person:
                raise InPersonOnly
            if not found.is_met_by_two:
                raise MetByOne
            row = await queries.begin_at_counter(tx, visit_id, erases_log, claim_hash(code))
            closing = closing_of(row)
            day = clock.day_in_japan(closing.ends_at).isoformat()
            await access_log.append(
                tx,
                EventName.CLOSING_ASKED,
                detail={
                    "ends_on": day,
                    "erases_log": erases_log,
                    "actor": {"name": actor.name},
                },
            )
            await counter.did_in(tx, "closing", is_told=True)
            await notifications.enqueue(tx, "closing_begun", day=day)
    except asyncpg.UniqueViolationError as error:
        raise ClosingAlready from error
    return Begun(closing, code)


async def call_off(actor: Actor, participant_id: UUID, visit_id: UUID) -> None:
    """Everything is as it was. Raises `NotFound`, `NotClosing`."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        await counter.way_in(tx, visit_id)
        if not await queries.call_off_at_counter(tx, visit_id):
            raise NotClosing
        await access_log.append(
            tx, EventName.CLOSING_CALLED_OFF, detail={"actor": {"name": actor.name}}
        )
        await counter.did_in(tx, "closing_off", is_told=True)
        await notifications.enqueue(tx, "closing_called_off")


async def _state_in(tx: Transaction, visit_id: UUID) -> AtCounter:
    await counter.way_in(tx, visit_id)
    row = await queries.at_counter(tx, visit_id)
    if row is None:
        raise NotFound
    return AtCounter(
        None if row["asked_at"] is None else closing_of(row),
        row["is_in_person"],
        row["is_met_by_two"],
    )
