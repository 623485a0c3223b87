"""Eight digits told at a desk: whoever types them in time lets their facility in for a day."""

import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries, stored
from api.consent.agreeing import amending
from api.consent.agreeing import queries as asking_queries
from api.consent.agreeing.asking import DESK_CODE_DIGITS, DESK_CODE_LIVES, DESK_CODE_OPENS, opened
from api.consent.errors import DeskCodeRefused, DeskCodeThrottled
from api.consent.facts import Provision
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity import attempts
from api.identity.keys import stepping_up
from api.identity.throttle import ThrottleKey
from api.identity.typed import is_digits, normalise_digits
from api.proxies import safety as proxy_safety

TRIES = 10


class DeskCode(NamedTuple):
    """`digits` are known once, to whoever made it."""

    digits: str
    level: int
    expires_at: datetime

    @property
    def grouped(self) -> str:
        return f"{self.digits[:4]}-{self.digits[4:]}"


class LiveCode(NamedTuple):
    level: int
    expires_at: datetime


async def make(actor: Actor, *, level: int) -> DeskCode:
    """A new code in place of an earlier one; whichever facility is told it may look.

    Raises `NotFound` for who does not take part, `StepUpNeeded` and `Frozen`, since whoever hears
    it is let in, and `OwnWorkplace` for a proxy who works at a facility.
    """
    expires_at = clock.now() + DESK_CODE_LIVES
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        if (await stored.settings_in(tx)).participation.state != "participating":
            raise NotFound
        await stepping_up.demand(tx, actor)
        await proxy_safety.refuse_own_workplace_in(tx, (), is_everyone=True)
        await asking_queries.end_desk_code(tx)
        for _ in range(TRIES):
            digits = f"{secrets.randbelow(10**DESK_CODE_DIGITS):0{DESK_CODE_DIGITS}}"
            if await asking_queries.add_desk_code(tx, _hmac(digits), level, expires_at):
                await access_log.append(tx, EventName.DESK_CODE_MADE, detail={"level": level})
                return DeskCode(digits, level, expires_at)
    raise RuntimeError("no free desk code")


async def cancel(actor: Actor) -> None:
    """Ends the code that waits, if any."""
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        expires_at = await asking_queries.end_desk_code(tx)
        if expires_at is not None and expires_at > clock.now():
            await access_log.append(tx, EventName.DESK_CODE_ENDED, detail={})


async def waiting(actor: Actor) -> LiveCode | None:
    async with unit_of_work(actor) as tx:
        row = await asking_queries.desk_code_of_subject(tx)
    return LiveCode(*row.values()) if row else None


async def redeem(actor: Actor, typed: str) -> UUID:
    """Lets the professional's facility in for 24 hours; answers whom the code was of.

    Raises `DeskCodeRefused` for a code that is wrong, used, expired or of somebody whose settings
    shut this professional out, all alike, and `DeskCodeThrottled`.
    """
    digits = normalise_digits(typed)
    if actor.professional_id is None or actor.facility_id is None:
        raise NotFound
    if not is_digits(digits, DESK_CODE_DIGITS):
        raise DeskCodeRefused
    tried = attempts.desk_keys(actor.professional_id, actor.facility_id)
    subject = None
    async with unit_of_work(actor) as tx:
        wait = await attempts.charge(tx, tried)
        if not wait:
            subject = await asking_queries.participant_of_desk_code(tx, _hmac(digits))
            if subject is None:
                await access_log.append_system(
                    tx, EventName.DESK_CODE_TRIED, outcome="denied", detail={"name": actor.name}
                )
        await attempts.sweep(tx)
    if wait:
        raise DeskCodeThrottled(wait)
    if subject is None:
        raise DeskCodeRefused
    async with unit_of_work(actor, subject=subject) as tx:
        is_open = await _open(tx, actor, _hmac(digits), tried)
    if not is_open:
        raise DeskCodeRefused
    return subject


async def _open(
    tx: Transaction, actor: Actor, code_hmac: bytes, tried: tuple[ThrottleKey, ...]
) -> bool:
    """Of two who type it at once, the second finds it used: both wait for the head's lock."""
    await queries.lock(tx)
    level = await asking_queries.desk_code_level(tx, code_hmac)
    if level is None:
        return False
    state = await stored.settings_in(tx)
    standing = await directory.standing_in(tx, actor)
    until = clock.now() + DESK_CODE_OPENS
    row = Provision(
        0,
        "permit",
        "recipient",
        facility_id=actor.facility_id,
        level=level,
        valid_to=until,
        origin="desk_code",
    )
    following = opened(state.directive, row, stored.network_rules(), lifts_denies=True)
    who = amending.party(actor, standing)
    if not amending.is_let_in(state._replace(directive=following), actor, standing):
        await access_log.append(
            tx, EventName.DESK_CODE_TRIED, outcome="denied", detail={"actor": who}
        )
        return False
    await asking_queries.use_desk_code(tx, code_hmac)
    await amending.amend_in(
        tx, actor, state, following, "desk_code", who=who, told={"until": amending.moment(until)}
    )
    await attempts.refund(tx, tried)
    return True


def _hmac(digits: str) -> bytes:
    return runtime.keys().keyed_hash("desk_code", digits)
