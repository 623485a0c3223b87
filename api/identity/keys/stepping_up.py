"""Proving again who is there, before what cannot simply be taken back.

A session is fresh for five minutes after its holder showed a passkey or My Number. Whatever opens
records to others, takes them out or changes the keys asks for a fresh session, and is refused
while the account is frozen.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity import service
from api.identity.errors import Frozen, SignInRefused, StepUpNeeded
from api.identity.keys import key_queries, passkeys
from api.identity.service import CHALLENGE_VALID_FOR, OpenedSession

FRESH_FOR: Final = timedelta(minutes=5)
# How long a recovery keeps an account from opening records to others or taking them out.
FREEZE: Final = timedelta(hours=72)
STEP_UP: Final = "step_up"


def is_fresh(stepped_up_at: datetime | None, now: datetime) -> bool:
    return stepped_up_at is not None and stepped_up_at <= now < stepped_up_at + FRESH_FOR


async def demand(tx: Transaction, actor: Actor, *, heeds_freeze: bool = True) -> None:
    """Inside the transaction that does it: nothing is done by a session that is not fresh.

    `heeds_freeze`: also refused while the account is frozen. Raises `Frozen`, `StepUpNeeded`.
    """
    if actor.session_id is None:
        return  # the service's own work; every door gives its actor the session it came with
    row = await key_queries.standing(tx, actor.session_id)
    now = clock.now()
    if row is not None and heeds_freeze and row["frozen_until"] and row["frozen_until"] > now:
        raise Frozen(until=row["frozen_until"])
    # The people of a demo have no keys to show; their links exist in a demo's database alone.
    is_demo = row is not None and row["way"] == "demo" and runtime.settings().is_demo
    if row is None or not (is_demo or is_fresh(row["stepped_up_at"], now)):
        raise StepUpNeeded


async def demand_now(actor: Actor, *, heeds_freeze: bool = True) -> None:
    """As `demand`, for a page that only leads to what needs it."""
    async with unit_of_work(actor) as tx:
        await demand(tx, actor, heeds_freeze=heeds_freeze)


async def demand_newer(tx: Transaction, actor: Actor, made_at: datetime) -> None:
    """Raises `Frozen`, while the account is, for what was made before it was."""
    row = await key_queries.standing(tx, actor.session_id)
    until = row and row["frozen_until"]
    if until and until > clock.now() and made_at < until - FREEZE:
        raise Frozen(until=until)


async def stepped_up(tx: Transaction, session_id: UUID) -> OpenedSession:
    """After any proof that is good enough: the transaction's account is there, in this session.

    The token changes with it, so that one seen before opens nothing (ASVS 7.2.4). Raises
    `NotFound` for a session that has ended.
    """
    token = new_token()
    ends_at = await key_queries.step_up(tx, session_id, sha256(token.encode()))
    if ends_at is None:
        raise NotFound
    return OpenedSession(token, ends_at, tx.acting.kind)


async def options(actor: Actor) -> dict[str, Any]:
    """WebAuthn request options for the actor's own passkeys; they serve once."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(actor) as tx:
        await key_queries.add_challenge(tx, challenge, STEP_UP, clock.now() + CHALLENGE_VALID_FOR)
        own = [row["credential_id"] for row in await key_queries.passkeys(tx)]
    return passkeys.request_options(challenge, own)


async def verify(actor: Actor, credential: Mapping[str, Any]) -> OpenedSession:
    """The actor's own passkey makes their session fresh. Raises `SignInRefused`, logged."""
    credential_id, challenge = passkeys.named_by(credential)
    if actor.session_id is None:
        raise NotFound
    session: OpenedSession | None = None
    async with unit_of_work(actor) as tx:
        try:
            if not await key_queries.use_challenge(tx, challenge, STEP_UP):
                raise SignInRefused
            await service.prove_in(tx, credential, credential_id, challenge)
        except SignInRefused:
            await service.log_session(tx, actor, EventName.STEPPED_UP, outcome="denied")
        else:
            session = await stepped_up(tx, actor.session_id)
            await service.log_session(tx, actor, EventName.STEPPED_UP)
    if session is None:  # raised here, so that the refusal's log row commits
        raise SignInRefused
    return session
