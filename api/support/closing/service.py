"""A participant closes their account: asks for it, calls it off, and has the certificate of it.

It is carried out in `carrying_out`, when its days are over. Nobody who acts for somebody else
closes an account; two officers do for who stands before them, in `at_counter`.
"""

import os
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import stored
from api.consent.exchange.receipts import payload_of
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.keys import stepping_up
from api.support.closing import queries
from api.support.closing.errors import ClosingAlready, NotClosing, UnknownClaim
from api.support.closing.rules import (
    CODE_RANDOM_BYTES,
    ClaimCode,
    Closing,
    claim_code_of,
    new_claim_code,
)
from notifications import service as notifications

PURPOSE: Final = "closing certificate"


class Begun(NamedTuple):
    """`code` is shown once: it opens the certificate when all is over."""

    closing: Closing
    code: ClaimCode


async def begin(actor: Actor, *, erases_log: bool) -> Begun:
    """From now on there are fourteen days to call it off. Raises `StepUpNeeded`, `Frozen`,
    `ClosingAlready`; `NotFound` for whoever acts for somebody."""
    _oneself(actor)
    code = new_claim_code(os.urandom(CODE_RANDOM_BYTES))
    try:
        async with unit_of_work(actor) as tx:
            await stepping_up.demand(tx, actor)
            row = await queries.add(tx, erases_log, claim_hash(code))
            closing = closing_of(row)
            day = clock.day_in_japan(closing.ends_at).isoformat()
            await access_log.append(
                tx,
                EventName.CLOSING_ASKED,
                detail={"ends_on": day, "erases_log": erases_log},
            )
            await notifications.enqueue(tx, "closing_begun", day=day)
    except asyncpg.UniqueViolationError as error:
        raise ClosingAlready from error
    return Begun(closing, code)


async def call_off(actor: Actor) -> None:
    """Everything is as it was. Raises `NotClosing`; `NotFound` as `begin`."""
    _oneself(actor)
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)  # in the order of who carries it out
        if not await queries.call_off(tx):
            raise NotClosing
        await access_log.append(tx, EventName.CLOSING_CALLED_OFF, detail={})
        await notifications.enqueue(tx, "closing_called_off")


async def running(actor: Actor) -> Closing | None:
    """What was asked for and not called off; None for whoever acts for somebody."""
    if actor.is_proxy or actor.participant_id is None:
        return None
    async with unit_of_work(actor) as tx:
        row = await queries.running(tx)
    return None if row is None else closing_of(row)


async def certificate(typed: str) -> str:
    """As compact JWS, for whoever has the code. Raises `UnknownClaim`."""
    code = claim_code_of(typed)
    if code is None:
        raise UnknownClaim
    async with unit_of_work(ANONYMOUS) as tx:
        found = await queries.certificate_of(tx, claim_hash(code))
    if found is None:
        raise UnknownClaim
    return found


def claim_hash(code: ClaimCode) -> bytes:
    return runtime.keys().keyed_hash(PURPOSE, code.text)


def payload(jws: str) -> bytes:
    """What a certificate of ours says; nothing is checked."""
    return payload_of(jws)


def closing_of(row: asyncpg.Record) -> Closing:
    at: datetime | None = row["carried_out_at"]
    return Closing(
        asked_at=row["asked_at"],
        ends_at=row["ends_at"],
        erases_log=row["erases_log"],
        carried_out_at=at,
    )


def _oneself(actor: Actor) -> None:
    if actor.is_proxy or actor.participant_id is None:
        raise NotFound
