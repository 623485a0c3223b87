"""Signing in, joining, adding a way in and proving oneself again, with a My Number card.

A person is known by the issuer's name for them, (iss, sub), and by nothing else. The four items
are read at enrolment, find the participant, and are kept nowhere.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity import attempts
from api.identity import service as identity
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.devices import UNKNOWN, Device
from api.identity.enrolling import intake_queries
from api.identity.enrolling.enrolment import TICKET_VALID_FOR, IssuedTicket
from api.identity.errors import AlreadyEnrolled, EnrolmentThrottled, LastWayIn
from api.identity.keys import key_queries, stepping_up
from api.identity.keys.ways_in import ways_in
from api.identity.national import login, provider, queries
from api.identity.national.errors import (
    MyNumberCardFault,
    MyNumberElsewhere,
    MyNumberGone,
    MyNumberNoMatch,
    MyNumberNotOwn,
    MyNumberRefused,
    MyNumberUnknown,
)
from api.identity.national.login import Answer, Door, Proof, Purpose, WeaklyProved
from api.identity.service import OpenedSession
from notifications import service as notifications

PROOF_VALID_FOR: Final = timedelta(minutes=10)
WAY: Final = "my_number"
BY_CARD: Final = MappingProxyType({"way": WAY})


class Added(NamedTuple):
    added_at: datetime
    last_used_at: datetime | None


def is_offered() -> bool:
    return runtime.settings().national_login is not None


async def finish(
    token: str, answer: Answer, *, door: Door = "portal", session_id: UUID | None = None
) -> Proof:
    """As `login.finish`; a refusal that concerns a person known here stands in their log."""
    try:
        return await login.finish(token, answer, door=door, session_id=session_id)
    except WeaklyProved as weak:
        holder = await _holder(weak.iss, weak.sub)
        is_step_up = weak.purpose is Purpose.STEP_UP
        event = EventName.STEPPED_UP if is_step_up else EventName.SIGNED_IN
        if holder is not None:
            async with unit_of_work(holder) as tx:
                await identity.log_session(tx, holder, event, outcome="denied", detail=BY_CARD)
        raise


async def sign_in(
    proof: Proof,
    earlier_token: str | None = None,
    *,
    device: Device = UNKNOWN,
    jkt: bytes | None = None,
) -> OpenedSession:
    """Opens a session and ends the one the request came with. Raises `MyNumberUnknown`.

    `device` and `jkt` as in `identity.open_session`.
    """
    _demand(proof, Purpose.SIGN_IN, Purpose.ENROL)
    actor = await _holder(proof.iss, proof.sub)
    if actor is None:
        raise MyNumberUnknown
    async with unit_of_work(actor) as tx:
        if not await queries.identity_was_used(tx, proof.iss, proof.sub):
            raise MyNumberUnknown
        session = await identity.open_session(tx, actor, way=WAY, device=device, jkt=jkt)
        await identity.log_session(tx, actor, EventName.SIGNED_IN, detail=BY_CARD)
    if earlier_token:
        await identity.end_session(earlier_token)
    return session


async def enrol(proof: Proof) -> IssuedTicket | None:
    """A ticket for the one participant of this name, birth date and sex; None for somebody who is
    known by this card already: sign them in.

    Raises `MyNumberNoMatch` for none or several, and `AlreadyEnrolled`: an account that has a key
    gets another one from its holder alone, never from the likeness of a name.
    """
    _demand(proof, Purpose.ENROL)
    if proof.items is None:
        raise MyNumberRefused("items")
    if await _holder(proof.iss, proof.sub) is not None:
        return None
    items = proof.items
    async with unit_of_work(ANONYMOUS) as tx:
        found = await queries.participants_named(tx, items.name, items.birth_on, items.sex)
        if len(found) != 1:
            ids = [row["participant_id"] for row in found if not row["is_enrolled"]]
            kept_as = await _keep_candidates(tx, proof, ids)
    if len(found) != 1:
        raise MyNumberNoMatch(kept_as)
    if found[0]["is_enrolled"]:
        raise AlreadyEnrolled
    return await _ticket(found[0]["participant_id"], proof.iss, proof.sub)


async def choose(
    proof_token: str, card_text: str, source_ip: str, *, scheme: CardScheme
) -> IssuedTicket:
    """The card number says which of several of the same name and birth date it is.

    Raises `MyNumberCardFault`, `EnrolmentThrottled`, `MyNumberGone` and, for a card of anybody
    else or of nobody, `MyNumberNoMatch`.
    """
    card = CardNumber.parse(card_text, scheme)
    if isinstance(card, CardFault):
        raise MyNumberCardFault(card.value)
    proof_hash = sha256(proof_token.encode())
    tried = attempts.keys_of(card.digits, proof_token, source_ip)
    async with unit_of_work(ANONYMOUS) as tx:
        kept = await queries.candidates(tx, proof_hash)
        # Who has no proof slows nobody's card down.
        wait = await attempts.charge(tx, tried) if kept else 0
        holder = None if wait else await intake_queries.person_of_card(tx, card.digits)
    if kept is None:
        raise MyNumberGone
    if wait:
        raise EnrolmentThrottled(wait)
    if holder is None or holder not in kept["candidates"]:
        raise MyNumberNoMatch(proof_token)
    async with unit_of_work(ANONYMOUS) as tx:
        await attempts.refund(tx, tried)
        if not await queries.end_candidates(tx, proof_hash):
            raise MyNumberGone
    return await _ticket(holder, kept["iss"], kept["sub"])


async def add(actor: Actor, proof: Proof) -> None:
    """Whoever is signed in can sign in with this card from now on.

    Twice is no fault. Raises `MyNumberElsewhere` when the card opens another account or the
    account has another card; nothing is changed then, and nothing is ever joined. Raises also
    `StepUpNeeded`, `Frozen`: the card shown proves nothing about the account it is added to.
    """
    _demand(proof, Purpose.ADD)
    if actor.kind is not ActorKind.PARTICIPANT:
        raise NotFound
    known = await _holder(proof.iss, proof.sub)
    if known is not None and known.account_id == actor.account_id:
        return
    if known is not None:
        raise MyNumberElsewhere
    try:
        async with unit_of_work(actor) as tx:
            await key_queries.lock_account(tx)
            await stepping_up.demand(tx, actor)
            await queries.add_identity(tx, proof.iss, proof.sub)
            await access_log.append(tx, EventName.MY_NUMBER_ADDED, detail={})
            await notifications.enqueue(tx, "my_number_added")
    except asyncpg.UniqueViolationError as error:
        raise MyNumberElsewhere from error


async def remove(actor: Actor) -> None:
    """From now on this card opens nothing, and what it opened is closed.

    Raises `NotFound`, `LastWayIn`, `StepUpNeeded`, and `Frozen` for a card from before a recovery.
    """
    login = provider.settings()
    async with unit_of_work(actor) as tx:
        await key_queries.lock_account(tx)
        row = await queries.own_identity(tx, login.issuer)
        if row is None:
            raise NotFound
        await stepping_up.demand(tx, actor, heeds_freeze=False)
        # As with a passkey: who recovered the account does not shut out who had it before.
        await stepping_up.demand_newer(tx, actor, row["added_at"])
        ways = await ways_in(tx)
        if not (ways.passkeys or ways.has_password):
            raise LastWayIn
        await queries.remove_identity(tx, login.issuer)
        await key_queries.end_sessions_of_way(tx, WAY, but=None)
        await access_log.append(tx, EventName.MY_NUMBER_REMOVED, detail={})
        await notifications.enqueue(tx, "my_number_removed")


async def step_up(actor: Actor, proof: Proof) -> OpenedSession:
    """The actor's own card, shown just now, makes their session fresh.

    Raises `MyNumberNotOwn` for anybody else's card, logged, and `NotFound`.
    """
    _demand(proof, Purpose.STEP_UP)
    if actor.session_id is None:
        raise NotFound
    session: OpenedSession | None = None
    async with unit_of_work(actor) as tx:
        if await queries.identity_was_used(tx, proof.iss, proof.sub):
            session = await stepping_up.stepped_up(tx, actor.session_id)
        outcome = "permitted" if session else "denied"
        await identity.log_session(tx, actor, EventName.STEPPED_UP, outcome=outcome, detail=BY_CARD)
    if session is None:  # raised here, so that the refusal's log row commits
        raise MyNumberNotOwn
    return session


async def own(actor: Actor) -> Added | None:
    """When the actor's account got its My Number login; None without one."""
    login = provider.settings()
    async with unit_of_work(actor) as tx:
        row = await queries.own_identity(tx, login.issuer)
    return Added(row["added_at"], row["last_used_at"]) if row else None


async def _holder(iss: str, sub: str) -> Actor | None:
    async with unit_of_work(ANONYMOUS) as tx:
        row = await queries.holder_of_identity(tx, iss, sub)
    return identity.actor_from(row) if row else None


async def _keep_candidates(tx: Transaction, proof: Proof, ids: Sequence[UUID]) -> str:
    token = new_token()
    await queries.add_candidates(
        tx, sha256(token.encode()), proof.iss, proof.sub, ids, clock.now() + PROOF_VALID_FOR
    )
    return token


async def _ticket(participant_id: UUID, iss: str, sub: str) -> IssuedTicket:
    token, expires_at = new_token(), clock.now() + TICKET_VALID_FOR
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=participant_id)
    async with unit_of_work(actor) as tx:
        await queries.add_ticket(tx, sha256(token.encode()), iss, sub, expires_at)
    return IssuedTicket(token, expires_at)


def _demand(proof: Proof, *purposes: Purpose) -> None:
    """A proof got for one thing serves for nothing else."""
    if proof.purpose not in purposes:
        raise MyNumberGone
