"""Every key is lost: a printed code, or two officers at a counter, open the making of a new one.

Nobody sets a credential for somebody else: a code only lets its holder make a passkey. From then
on the account is frozen for 72 hours, and its holder is told, so that whoever it really belongs to
can object before anything is opened or taken out.
"""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity import attempts, closed, service
from api.identity.apps import connected
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.devices import UNKNOWN, Device
from api.identity.enrolling import intake
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.errors import (
    EnrolmentFaults,
    EnrolmentThrottled,
    NoMatch,
    RecoveryRefused,
    RecoveryTicketGone,
    SecondOfficerNeeded,
)
from api.identity.keys import key_queries, own_keys, passkeys, recovery_queries, stepping_up
from api.identity.keys.recovery_code import (
    CODE_RANDOM_BYTES,
    RecoveryCode,
    RecoveryCodeFault,
    new_recovery_code,
    normalise_recovery_code,
)
from api.identity.my_number import is_my_number
from api.identity.service import OpenedSession
from notifications import service as notifications

FREEZE: Final = stepping_up.FREEZE
TICKET_VALID_FOR: Final = timedelta(minutes=30)
CONFIRMED_WITHIN: Final = timedelta(hours=24)
COUNTER_CODE_VALID_FOR: Final = timedelta(hours=24)
EVIDENCE: Final = ("my_number_card", "driving_licence", "passport", "two_papers")


class IssuedTicket(NamedTuple):
    token: str
    expires_at: datetime


class Waiting(NamedTuple):
    """A counter recovery that a second officer has still to confirm."""

    participant_id: UUID
    recovery_id: UUID
    card_end: str
    evidence: str
    started_by: UUID
    started_by_name: str
    started_at: datetime


async def code_made_at(actor: Actor) -> datetime | None:
    """When the actor's live recovery code was made; None where there is none."""
    async with unit_of_work(actor) as tx:
        return await recovery_queries.code_made_at(tx)


async def make_code(actor: Actor) -> RecoveryCode:
    """A new code in place of an earlier one, known once. Raises `StepUpNeeded`, `Frozen`."""
    code = _new_code()
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await key_queries.lock_account(tx)
        await recovery_queries.replace_code(tx, _hmac(code))
        await access_log.append(tx, EventName.RECOVERY_CODE_MADE, detail={})
        await notifications.enqueue(tx, "recovery_code_made")
    return code


async def begin(
    card_text: str, code_text: str, source_ip: str, *, scheme: CardScheme
) -> IssuedTicket:
    """Raises `EnrolmentFaults` for what cannot be right, `EnrolmentThrottled`, `RecoveryRefused`.

    Absent and present cards meet the same steps, the same waits and the same answer.
    """
    card, code = _read(card_text, code_text, scheme)
    tried = attempts.keys_of(card.digits, code.text, source_ip)
    hmac = _hmac(code)
    found = None
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(tx, tried)
        if not wait:
            found = await recovery_queries.check(tx, card.digits, hmac)
        await attempts.sweep(tx)
    if wait:
        raise EnrolmentThrottled(wait)
    if found is None:
        raise RecoveryRefused
    token, expires_at = new_token(), clock.now() + TICKET_VALID_FOR
    async with unit_of_work(_actor(found["account_id"], found["participant_id"])) as tx:
        await recovery_queries.add_ticket(tx, sha256(token.encode()), hmac, expires_at)
        await attempts.refund(tx, tried)
    return IssuedTicket(token, expires_at)


async def passkey_options(token: str) -> dict[str, Any]:
    """WebAuthn creation options. Raises `RecoveryTicketGone`."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(await _holder(token)) as tx:
        await _open_ticket(tx, token)
        await recovery_queries.set_challenge(tx, sha256(token.encode()), challenge)
        own = [row["credential_id"] for row in await key_queries.passkeys(tx)]
        return await own_keys.options_for(tx, challenge, own)


async def finish(
    token: str, credential: Mapping[str, Any], *, device: Device = UNKNOWN
) -> OpenedSession:
    """A new passkey, every other session and app ended, the account frozen and its holder told.

    One transaction; sent twice, the second raises `RecoveryTicketGone` and changes nothing. Raises
    also `PasskeyRefused`, and `RecoveryRefused` for a code used or replaced meanwhile.
    """
    actor = await _holder(token)
    async with unit_of_work(actor) as tx:
        await key_queries.lock_account(tx)
        ticket = await _open_ticket(tx, token)
        if not await recovery_queries.use_code(tx, ticket["code_hmac"]):
            raise RecoveryRefused
        passkey_id = await own_keys.store_passkey(tx, credential, ticket["challenge"] or b"", "")
        await recovery_queries.finish_ticket(tx, sha256(token.encode()))
        await key_queries.end_sessions_but(tx, None)
        await connected.end_all_in(tx, "recovery")
        until = await recovery_queries.freeze(tx, FREEZE)
        await access_log.append(tx, EventName.RECOVERED, detail={"until": until.isoformat()})
        await notifications.enqueue(tx, "account_recovered")
        return await service.open_session(tx, actor, device=device, passkey_id=passkey_id)


async def start_at_counter(
    actor: Actor, card_text: str, birth: Birth, evidence: str, *, scheme: CardScheme
) -> UUID:
    """An officer has seen who is there; a second one confirms. The participant is told at once.

    Raises `EnrolmentFaults`, `AccountClosed`, and `NoMatch` for a card, birth date or account that
    is not there.
    """
    card = CardNumber.parse(card_text, scheme)
    birth_on = birth_of(birth)
    faults = {
        field: value.value
        for field, value in {"card": card, "birth": birth_on}.items()
        if isinstance(value, CardFault | BirthDateFault)
    }
    if evidence not in EVIDENCE:
        faults["evidence"] = "error.recovery.evidence"
    if faults or isinstance(card, CardFault) or isinstance(birth_on, BirthDateFault):
        raise EnrolmentFaults(faults)
    person = await intake.person_of(actor, card, birth_on)
    if person is None:
        raise NoMatch
    async with unit_of_work(actor, subject=person) as tx:
        await closed.refuse_closed_in(tx)
        started = await recovery_queries.start(tx, card.digits[-4:], evidence, actor.name or "")
        await access_log.append(tx, EventName.RECOVERY_STARTED, detail={"evidence": evidence})
        await notifications.enqueue(tx, "recovery_started")
        return started


async def waiting(actor: Actor) -> list[Waiting]:
    """For the officers, the oldest first."""
    async with unit_of_work(actor) as tx:
        rows = await recovery_queries.waiting(tx, clock.now() - CONFIRMED_WITHIN)
        return [Waiting(*row.values()) for row in rows]


async def confirm_at_counter(actor: Actor, participant_id: UUID, recovery_id: UUID) -> RecoveryCode:
    """A code on paper for the participant, known once, for 24 hours.

    Raises `SecondOfficerNeeded` for the officer who started it, `AccountClosed` and `NotFound`.
    """
    code = _new_code()
    now = clock.now()
    async with unit_of_work(actor, subject=participant_id) as tx:
        started_by = await recovery_queries.lock_waiting(tx, recovery_id, now - CONFIRMED_WITHIN)
        if started_by is None:
            raise NotFound
        if started_by == actor.account_id:
            raise SecondOfficerNeeded
        await closed.refuse_closed_in(tx)
        await recovery_queries.confirm(tx, recovery_id, _hmac(code), now + COUNTER_CODE_VALID_FOR)
        await access_log.append(tx, EventName.RECOVERY_CONFIRMED, detail={})
    return code


def _actor(account_id: UUID, participant_id: UUID) -> Actor:
    return Actor(kind=ActorKind.PARTICIPANT, account_id=account_id, participant_id=participant_id)


async def _holder(token: str) -> Actor:
    async with unit_of_work(ANONYMOUS) as tx:
        row = await recovery_queries.holder_of_ticket(tx, sha256(token.encode()))
    if row is None:
        raise RecoveryTicketGone
    return service.actor_from(row)


async def _open_ticket(tx: Transaction, token: str) -> asyncpg.Record:
    row = await recovery_queries.lock_ticket(tx, sha256(token.encode()))
    if row is None:
        raise RecoveryTicketGone
    return row


def _new_code() -> RecoveryCode:
    return new_recovery_code(os.urandom(CODE_RANDOM_BYTES))


def _hmac(code: RecoveryCode) -> bytes:
    return runtime.keys().keyed_hash("recovery_code", code.text)


def _read(card_text: str, code_text: str, scheme: CardScheme) -> tuple[CardNumber, RecoveryCode]:
    card = CardNumber.parse(card_text, scheme)
    code = normalise_recovery_code(code_text)
    if isinstance(card, CardFault) or isinstance(code, RecoveryCodeFault):
        faults = {
            field: value.value
            for field, value in {"card": card, "code": code}.items()
            if isinstance(value, CardFault | RecoveryCodeFault)
        }
        if is_my_number(code_text):
            faults["code"] = CardFault.MY_NUMBER.value
        raise EnrolmentFaults(faults)
    return card, code
