"""A code on paper with which somebody of a facility's staff makes their first passkey.

Whoever invites never sets a credential: the code lets its holder make a passkey, once, on a device
that asks who is there. With the key both factors of a professional's sign-in stand.
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
from api.core.ids import uuid7
from api.identity import attempts, service
from api.identity.card import CardFault
from api.identity.devices import UNKNOWN, Device
from api.identity.errors import (
    EnrolmentFaults,
    HasKey,
    InvitationGone,
    InvitationRefused,
    InvitationThrottled,
)
from api.identity.keys import own_keys, passkeys
from api.identity.keys.recovery_code import (
    CODE_RANDOM_BYTES,
    RecoveryCode,
    RecoveryCodeFault,
    new_recovery_code,
    normalise_recovery_code,
)
from api.identity.my_number import is_my_number
from api.identity.service import OpenedSession
from api.identity.staff import invitation_queries

INVITED_FOR: Final = timedelta(days=14)
TICKET_VALID_FOR: Final = timedelta(minutes=30)


class Invitation(NamedTuple):
    """What is printed or sent; known once."""

    code: RecoveryCode
    expires_at: datetime

    @property
    def link(self) -> str:
        """The code is in the fragment, which no server is sent."""
        return f"{runtime.settings().public_url}/join#code={self.code.text}"


class Invited(NamedTuple):
    """Whom a ticket is for; an officer and an auditor are of no facility."""

    kind: ActorKind
    name: str
    facility_id: UUID | None
    profession: str | None


class StaffAccount(NamedTuple):
    """`invited_until`: the end of a code not used yet."""

    account_id: UUID
    has_key: bool
    invited_until: datetime | None


class IssuedTicket(NamedTuple):
    token: str
    expires_at: datetime


async def open_account_in(tx: Transaction, professional_id: UUID) -> UUID:
    """For a professional of the transaction's own facility; it has no key yet."""
    account_id = uuid7()
    await invitation_queries.add_account(tx, account_id, professional_id)
    return account_id


async def open_administrator_in(tx: Transaction, administrator_id: UUID) -> UUID:
    """By an operator, for somebody who will invite a facility's people."""
    account_id = uuid7()
    await invitation_queries.add_administrator_account(tx, account_id, administrator_id)
    return account_id


async def open_officer_in(tx: Transaction, account_id: UUID, kind: str, officer_id: UUID) -> None:
    """By an operator, in the account's own context; `kind` is support or auditor."""
    await invitation_queries.add_officer_account(tx, account_id, kind, officer_id)


async def officer_accounts_in(tx: Transaction) -> dict[UUID, tuple[UUID, str]]:
    """For operators: every officer's and auditor's account, and its kind."""
    return {
        row["officer_id"]: (row["account_id"], row["kind"])
        for row in await invitation_queries.officer_accounts(tx)
    }


async def administrator_accounts_in(tx: Transaction) -> dict[UUID, UUID]:
    """For operators: every administrator's account."""
    return dict(tuple(row) for row in await invitation_queries.administrator_accounts(tx))


async def invite_in(tx: Transaction, account_id: UUID) -> Invitation:
    """In place of an earlier code. Raises `HasKey` for an account that is not without one."""
    code = new_recovery_code(os.urandom(CODE_RANDOM_BYTES))
    expires_at = clock.now() + INVITED_FOR
    if not await invitation_queries.invite(tx, account_id, _hmac(code), expires_at):
        raise HasKey
    await access_log.append_system(
        tx, EventName.STAFF_INVITED, outcome="permitted", detail={"account": account_id}
    )
    return Invitation(code, expires_at)


async def shut_out_in(tx: Transaction, account_id: UUID) -> bool:
    """Ends every session and token, every key and code; False for another's to look after."""
    return await invitation_queries.shut_out(tx, account_id)


async def staff_accounts_in(tx: Transaction) -> dict[UUID, StaffAccount]:
    """Of the administrator's own facility, by professional."""
    return {
        row["professional_id"]: StaffAccount(*tuple(row)[1:])
        for row in await invitation_queries.staff_accounts(tx)
    }


async def begin(code_text: str, source_ip: str) -> IssuedTicket:
    """Raises `EnrolmentFaults` for what is no code, `InvitationThrottled`, `InvitationRefused`."""
    code = normalise_recovery_code(code_text)
    if is_my_number(code_text):
        raise EnrolmentFaults({"code": CardFault.MY_NUMBER.value})
    if isinstance(code, RecoveryCodeFault):
        raise EnrolmentFaults({"code": f"error.invitation.{code.name.lower()}"})
    tried, hmac = attempts.invitation_keys(code.text, source_ip), _hmac(code)
    found = None
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(tx, tried)
        if not wait:
            found = await invitation_queries.holder(tx, code_hmac=hmac)
        await attempts.sweep(tx)
    if wait:
        raise InvitationThrottled(wait)
    if found is None:
        raise InvitationRefused
    token, expires_at = new_token(), clock.now() + TICKET_VALID_FOR
    async with unit_of_work(service.actor_from(found)) as tx:
        if not await invitation_queries.give_ticket(tx, hmac, sha256(token.encode()), expires_at):
            raise InvitationRefused
        await attempts.refund(tx, tried)
    return IssuedTicket(token, expires_at)


async def invited(token: str) -> Invited:
    """Raises `InvitationGone`."""
    actor = await _holder(token)
    return Invited(actor.kind, actor.name or "", actor.facility_id, actor.profession)


async def passkey_options(token: str) -> dict[str, Any]:
    """WebAuthn creation options; the device must ask who is there. Raises `InvitationGone`."""
    challenge = passkeys.new_challenge()
    async with unit_of_work(await _holder(token)) as tx:
        ticket = await _open(tx, token)
        await invitation_queries.set_challenge(tx, ticket["invitation_id"], challenge)
        return await own_keys.options_for(tx, challenge, [])


async def finish(
    token: str, credential: Mapping[str, Any], *, device: Device = UNKNOWN
) -> OpenedSession:
    """The first passkey, and a session opened with it; the code is used up.

    One transaction; sent twice, the second raises `InvitationGone` and changes nothing. Raises
    also `PasskeyRefused`.
    """
    actor = await _holder(token)
    async with unit_of_work(actor) as tx:
        ticket = await _open(tx, token)
        await invitation_queries.use(tx, ticket["invitation_id"])
        passkey_id = await own_keys.store_passkey(tx, credential, ticket["challenge"] or b"", "")
        await access_log.append_system(
            tx, EventName.STAFF_JOINED, outcome="permitted", detail={"account": actor.account_id}
        )
        return await service.open_session(tx, actor, device=device, passkey_id=passkey_id)


async def _holder(token: str) -> Actor:
    async with unit_of_work(ANONYMOUS) as tx:
        row = await invitation_queries.holder(tx, ticket_hash=sha256(token.encode()))
    if row is None:
        raise InvitationGone
    return service.actor_from(row)


async def _open(tx: Transaction, token: str) -> asyncpg.Record:
    row = await invitation_queries.lock_ticket(tx, sha256(token.encode()))
    if row is None:
        raise InvitationGone
    return row


def _hmac(code: RecoveryCode) -> bytes:
    return runtime.keys().keyed_hash("invitation", code.text)
