"""Signing in, joining, adding a way in and proving oneself again, with a My Number card.

A person is known by the issuer's name for them, (iss, sub), and by nothing else. The four items
are read at enrolment, find the participant, and are kept nowhere.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from api.identity import attempts, intake_queries
from api.identity import service as identity
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.enrolment import TICKET_VALID_FOR, IssuedTicket
from api.identity.errors import AlreadyEnrolled, EnrolmentThrottled
from api.identity.national import login, provider, queries
from api.identity.national.errors import (
    MyNumberCardFault,
    MyNumberElsewhere,
    MyNumberGone,
    MyNumberNoMatch,
    MyNumberRefused,
    MyNumberUnknown,
)
from api.identity.national.login import Answer, Door, Proof, Purpose, WeaklyProved
from api.identity.service import OpenedSession

PROOF_VALID_FOR: Final = timedelta(minutes=10)


class Added(NamedTuple):
    added_at: datetime
    last_used_at: datetime | None


def is_offered() -> bool:
    return runtime.settings().national_login is not None


async def finish(
    token: str, answer: Answer, *, door: Door = "portal", session_token: str | None = None
) -> Proof:
    """As `login.finish`; a refusal that concerns a person known here stands in their log."""
    try:
        return await login.finish(token, answer, door=door, session_token=session_token)
    except WeaklyProved as weak:
        holder = await _holder(weak.iss, weak.sub)
        if holder is not None:
            async with unit_of_work(holder) as tx:
                await access_log.append(
                    tx, EventName.SIGNED_IN, outcome="denied", detail={"way": "my_number"}
                )
        raise


async def sign_in(proof: Proof, earlier_token: str | None = None) -> OpenedSession:
    """Opens a session and ends the one the request came with. Raises `MyNumberUnknown`."""
    _demand(proof, Purpose.SIGN_IN, Purpose.ENROL)
    actor = await _holder(proof.iss, proof.sub)
    if actor is None:
        raise MyNumberUnknown
    async with unit_of_work(actor) as tx:
        await queries.identity_was_used(tx, proof.iss)
        session = await identity.open_session(tx, actor)
        await access_log.append(tx, EventName.SIGNED_IN, detail={"way": "my_number"})
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
    account has another card; nothing is changed then, and nothing is ever joined.
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
            await queries.add_identity(tx, proof.iss, proof.sub)
            await access_log.append(tx, EventName.MY_NUMBER_ADDED, detail={})
    except asyncpg.UniqueViolationError as error:
        raise MyNumberElsewhere from error


async def step_up(
    actor: Actor, token: str, answer: Answer, session_token: str, *, door: Door = "portal"
) -> Proof:
    """Proof that the holder of this session showed their own card just now.

    To be recorded on the session by whoever asked. Raises what `finish` raises, and
    `MyNumberUnknown` for anybody else's card.
    """
    proof = await finish(token, answer, door=door, session_token=session_token)
    _demand(proof, Purpose.STEP_UP)
    return await stepped_up(actor, proof)


async def stepped_up(actor: Actor, proof: Proof) -> Proof:
    """The proof, if it is of the actor's own card. Raises `MyNumberUnknown`."""
    _demand(proof, Purpose.STEP_UP)
    known = await _holder(proof.iss, proof.sub)
    if known is None or known.account_id != actor.account_id:
        raise MyNumberUnknown
    return proof


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
