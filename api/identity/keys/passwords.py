"""The other way in, for whoever has no passkey at hand: card, password and an authenticator app."""

import asyncio
import base64
import binascii
import hmac
import os
import time
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.crypto import base64url
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import attempts, service
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.devices import UNKNOWN, Device
from api.identity.errors import (
    EnrolmentThrottled,
    LastWayIn,
    PasswordFaults,
    PasswordSetupGone,
    SignInRefused,
)
from api.identity.keys import key_queries, password_hashing, password_queries, stepping_up
from api.identity.keys.passkeys import PRODUCT
from api.identity.keys.password_rules import fault_of, is_hashable, normalised
from api.identity.keys.ways_in import ways_in
from api.identity.service import OpenedSession
from api.identity.typed import is_digits, normalise_digits
from notifications import service as notifications

SETUP_VALID_FOR: Final = timedelta(minutes=15)
REFUSED_AT: Final = 0.25
STEP_SECONDS: Final = 30
# One step early or late: clocks of telephones differ.
DRIFT: Final = 1


class Setup(NamedTuple):
    """`secret` goes into an authenticator app; `sealed` comes back with its first number."""

    secret: str
    uri: str
    sealed: str


class _Sealed(msgspec.Struct):
    secret: str
    until: datetime


async def is_set(actor: Actor) -> bool:
    async with unit_of_work(actor) as tx:
        return await password_queries.is_set(tx)


async def begin(actor: Actor) -> Setup:
    """A new second factor, kept by nobody until it was proved. Raises `StepUpNeeded`, `Frozen`."""
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
    secret = pyotp.random_base32()
    sealed = _seal(actor, msgspec.json.encode(_Sealed(secret, clock.now() + SETUP_VALID_FOR)))
    uri = pyotp.TOTP(secret).provisioning_uri(name=PRODUCT, issuer_name=PRODUCT)
    return Setup(secret, uri, base64url(sealed))


async def set_password(actor: Actor, typed: str, sealed: str, number: str) -> None:
    """In place of an earlier one; other sessions opened with a password end.

    Raises `PasswordFaults`, `PasswordSetupGone`, `StepUpNeeded`, `Frozen`.
    """
    setup, password = _opened_setup(actor, sealed), normalised(typed)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        person = await key_queries.person_of_account(tx)
    card = (person and person["card"]) or ""
    is_common = is_hashable(password) and await password_hashing.is_known(password)
    fault = fault_of(password, card, is_common)
    step = _step_of(setup.secret, number, after=0)
    faults = {"password": fault} if fault else {}
    if step is None:
        faults["number"] = "error.password.number_wrong"
    if step is None or faults:
        raise PasswordFaults(faults)
    hashed = await password_hashing.hashed(password)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await password_queries.put(tx, hashed, _seal(actor, setup.secret.encode()), step)
        await key_queries.end_sessions_of_way(tx, "password", but=actor.session_id)
        await access_log.append(tx, EventName.PASSWORD_SET, detail={})
        await notifications.enqueue(tx, "password_set")


async def remove(actor: Actor) -> None:
    """Raises `NotFound`, `LastWayIn`, `StepUpNeeded`, `Frozen`."""
    async with unit_of_work(actor) as tx:
        await key_queries.lock_account(tx)
        await stepping_up.demand(tx, actor)
        ways = await ways_in(tx)
        if not (ways.passkeys or ways.has_card):
            raise LastWayIn
        if not await password_queries.remove(tx):
            raise NotFound
        await key_queries.end_sessions_of_way(tx, "password", but=None)
        await access_log.append(tx, EventName.PASSWORD_REMOVED, detail={})
        await notifications.enqueue(tx, "password_removed")


async def sign_in(
    card_text: str,
    typed: str,
    number: str,
    source_ip: str,
    *,
    scheme: CardScheme,
    device: Device = UNKNOWN,
    earlier_token: str | None = None,
) -> OpenedSession:
    """Raises `SignInRefused` for whatever did not fit, all alike, and `EnrolmentThrottled`.

    One password is checked whether the card is anybody's or not, and a refusal leaves at a full
    quarter of a second: writing somebody's log takes longer than nobody's, and nobody sees it.
    """
    began = time.monotonic()
    card, password = CardNumber.parse(card_text, scheme), normalised(typed)
    if isinstance(card, CardFault) or not is_hashable(password):
        raise SignInRefused
    tried = attempts.password_keys(card.digits, source_ip)
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(tx, tried)
        holder = None if wait else await password_queries.account_of_card(tx, card.digits)
        await attempts.sweep(tx)
    if wait:
        raise EnrolmentThrottled(wait)
    actor = service.actor_from(holder) if holder else ANONYMOUS
    async with unit_of_work(actor) as tx:
        row = await password_queries.stored(tx)
    is_right = await password_hashing.is_right(row and row["hash"], password)
    session: OpenedSession | None = None
    async with unit_of_work(actor) as tx:
        now = await password_queries.held(tx)
        # The row may have changed while the password was checked against the one before.
        if is_right and row and now and hmac.compare_digest(now["hash"], row["hash"]):
            secret = _unseal(actor, now["totp_sealed"]).decode()
            step = _step_of(secret, number, after=now["totp_step"])
            if step is not None:
                await password_queries.use_step(tx, step)
                session = await service.open_session(tx, actor, way="password", device=device)
                await attempts.refund(tx, tried)
        outcome = "permitted" if session else "denied"
        await service.log_session(tx, actor, EventName.SIGNED_IN, outcome=outcome)
    if session is None:  # raised here, so that the refusal's log row commits
        await asyncio.sleep(REFUSED_AT - (time.monotonic() - began) % REFUSED_AT)
        raise SignInRefused
    if earlier_token:
        await service.end_session(earlier_token)
    return session


def _step_of(secret: str, number: str, *, after: int) -> int | None:
    """Which step these six digits are of; None for none, or one not later than `after`."""
    digits = normalise_digits(number[:40])
    if not is_digits(digits, 6):
        return None
    factor, this = pyotp.TOTP(secret), int(clock.now().timestamp()) // STEP_SECONDS
    found = None
    for step in range(this - DRIFT, this + DRIFT + 1):
        if hmac.compare_digest(factor.generate_otp(step), digits) and step > after:
            found = step
    return found


def _seal(actor: Actor, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(runtime.keys().second_factor).encrypt(nonce, plain, _whose(actor))


def _unseal(actor: Actor, sealed: bytes) -> bytes:
    """Raises `InvalidTag` for another account's."""
    return AESGCM(runtime.keys().second_factor).decrypt(sealed[:12], sealed[12:], _whose(actor))


def _whose(actor: Actor) -> bytes:
    return (actor.account_id or UUID(int=0)).bytes


def _opened_setup(actor: Actor, sealed: str) -> _Sealed:
    try:
        padded = sealed[:2_000] + "=" * (-len(sealed[:2_000]) % 4)
        plain = _unseal(actor, base64.urlsafe_b64decode(padded))
        setup = msgspec.json.decode(plain, type=_Sealed)
    except (InvalidTag, binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise PasswordSetupGone from error
    if setup.until < clock.now():
        raise PasswordSetupGone
    return setup
