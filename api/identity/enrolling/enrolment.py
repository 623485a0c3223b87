"""Enrolment: from the card and the code on paper to a ticket, and from a ticket to an account.

Absent and present cards meet the same steps, the same statements and the same answer.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.crypto import new_token, sha256
from api.core.database import Transaction, unit_of_work
from api.identity import attempts, closed, queries
from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.enrolling.activation_code import (
    ActivationCode,
    ActivationCodeFault,
    normalise_activation_code,
)
from api.identity.enrolling.birth_date import BirthDateFault, parse_birth_date
from api.identity.errors import (
    AlreadyEnrolled,
    EnrolmentFaults,
    EnrolmentThrottled,
    NoMatch,
    NotAccepted,
    TicketGone,
)
from api.identity.keys import passkeys
from api.identity.my_number import is_my_number
from api.identity.national import queries as national_queries
from api.identity.service import masked_name

TICKET_VALID_FOR: Final = timedelta(minutes=60)
_ERAS: Final = {"taisho": "大正", "showa": "昭和", "heisei": "平成", "reiwa": "令和"}


class Birth(NamedTuple):
    """As typed. `era` is `western`, `taisho`, `showa`, `heisei` or `reiwa`; a year that names
    its own era wins.
    """

    year: str
    month: str
    day: str
    era: str = "western"


class Enrolling(NamedTuple):
    """What the holder of a ticket sees of the person it stands for."""

    name: str
    birth_on: date
    card: str
    terms_version: str | None


class TicketHolder(NamedTuple):
    """`account_id` where one stands already; one without a key was opened at a counter.

    `has_passkey`: or is signed in to with a My Number card.
    """

    participant_id: UUID
    account_id: UUID | None
    has_passkey: bool


class Finished(NamedTuple):
    """`scheme`: the one picked with the terms; no passkey for whoever joined with their card."""

    scheme: str | None
    passkey_id: UUID | None


class IssuedTicket(NamedTuple):
    token: str
    expires_at: datetime


def code_hmac(code: ActivationCode) -> bytes:
    return runtime.keys().keyed_hash("activation_code", code.text)


async def begin(
    card_text: str, birth: Birth, code_text: str, source_ip: str, *, scheme: CardScheme
) -> IssuedTicket:
    """Raises `EnrolmentFaults` for what cannot be right, `EnrolmentThrottled`, `NoMatch`."""
    card, birth_on, code = _read(card_text, birth, code_text, scheme)
    tried = attempts.keys_of(card.digits, code.text, source_ip)
    hmac = code_hmac(code)
    participant_id = None
    async with unit_of_work(ANONYMOUS) as tx:
        wait = await attempts.charge(tx, tried)
        if not wait:
            participant_id = await queries.check_enrolment(tx, card.digits, birth_on, hmac)
        await queries.sweep_throttles(tx)
    if wait:
        raise EnrolmentThrottled(wait)
    if participant_id is None:
        raise NoMatch
    token, expires_at = new_token(), clock.now() + TICKET_VALID_FOR
    async with unit_of_work(_participant(participant_id)) as tx:
        await queries.add_ticket(tx, sha256(token.encode()), hmac, expires_at)
        await attempts.refund(tx, tried)
    return IssuedTicket(token, expires_at)


async def ticket(token: str) -> Enrolling:
    """Raises `TicketGone` or `AlreadyEnrolled`."""
    async with unit_of_work(_acting(await holder_of(token))) as tx:
        row = await _open_ticket(tx, token)
        return await ticket_in(tx, row["terms_version"])


async def accept(token: str, terms_version: str, scheme: str | None = None) -> None:
    async with unit_of_work(_acting(await holder_of(token))) as tx:
        await _open_ticket(tx, token)
        await queries.accept_terms(tx, sha256(token.encode()), terms_version, scheme)


async def passkey_options(token: str) -> dict[str, Any]:
    """WebAuthn creation options (JSON form). Raises `NotAccepted` before the terms were."""
    challenge = passkeys.new_challenge()
    holder = await holder_of(token)
    async with unit_of_work(_acting(holder)) as tx:
        row = await _open_ticket(tx, token)
        if row["terms_version"] is None:
            raise NotAccepted
        person = await ticket_in(tx, row["terms_version"])
        await queries.set_ticket_challenge(tx, sha256(token.encode()), challenge)
    return passkeys.creation_options(
        challenge, holder.participant_id.bytes, person.card, person.name
    )


async def holder_of(token: str) -> TicketHolder:
    """Whatever became of the ticket. Raises `TicketGone`."""
    async with unit_of_work(ANONYMOUS) as tx:
        row = await queries.holder_of_ticket(tx, sha256(token.encode()))
    if row is None:
        raise TicketGone
    return TicketHolder(*row.values())


async def finish_in(
    tx: Transaction,
    token: str,
    holder: TicketHolder,
    credential: Mapping[str, Any],
    *,
    terms_version: str,
) -> Finished:
    """Gives the transaction's account this passkey and uses up ticket and code, all or nothing.

    `credential` is the JSON form of a new WebAuthn credential. Raises `PasskeyRefused`,
    `NotAccepted`, `TicketGone`, `AlreadyEnrolled`.
    """
    row = await _open_ticket(tx, token)
    if holder.has_passkey:
        raise AlreadyEnrolled
    if row["terms_version"] != terms_version or row["challenge"] is None or not row["code_hmac"]:
        raise NotAccepted
    passkey = passkeys.created(credential, row["challenge"])
    if not await queries.use_activation_code(tx, row["code_hmac"]):
        raise AlreadyEnrolled
    try:
        if holder.account_id is None:
            await queries.add_account(tx)
        passkey_id = await queries.add_passkey(
            tx,
            passkey.credential_id,
            passkey.credential_public_key,
            passkey.sign_count,
            passkey.credential_backed_up,
            "",
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyEnrolled from error
    await queries.finish_ticket(tx, sha256(token.encode()))
    return Finished(row["scheme"], passkey_id)


async def stands_on_my_number(token: str) -> bool:
    """Whether no passkey is needed to finish: the holder signs in with their card.

    Raises `TicketGone` or `AlreadyEnrolled`.
    """
    async with unit_of_work(_acting(await holder_of(token))) as tx:
        return (await _open_ticket(tx, token))["sub"] is not None


async def finish_by_my_number_in(
    tx: Transaction, token: str, holder: TicketHolder, *, terms_version: str
) -> Finished:
    """As `finish_in`: the card of the ticket becomes the key of the transaction's account.

    Raises `NotAccepted`, `TicketGone`, `AlreadyEnrolled`, `ClosingGoesOn`.
    """
    row = await _open_ticket(tx, token)
    if holder.has_passkey:
        raise AlreadyEnrolled
    if row["terms_version"] != terms_version or row["sub"] is None:
        raise NotAccepted
    await closed.open_anew_in(tx)
    try:
        if holder.account_id is None:
            await queries.add_account(tx)
        await national_queries.add_identity(tx, row["iss"], row["sub"])
    except asyncpg.UniqueViolationError as error:
        raise AlreadyEnrolled from error
    await national_queries.use_every_code(tx)
    await queries.finish_ticket(tx, sha256(token.encode()))
    return Finished(row["scheme"], None)


async def assist_in(tx: Transaction, token: str, holder: TicketHolder, terms: str) -> None:
    """The terms are agreed to by who registers the subject; `use_up_in` ends the ticket.

    Raises `TicketGone` and `AlreadyEnrolled`.
    """
    await _open_ticket(tx, token)
    if holder.has_passkey:
        raise AlreadyEnrolled
    await queries.accept_terms(tx, sha256(token.encode()), terms, None)


async def use_up_in(tx: Transaction, token: str) -> None:
    """Ticket and code are spent and no key is made: the counter prints another code."""
    row = await _open_ticket(tx, token)
    if not await queries.use_activation_code(tx, row["code_hmac"]):
        raise AlreadyEnrolled
    await queries.finish_ticket(tx, sha256(token.encode()))


async def refuse_in(tx: Transaction, token: str) -> None:
    """The code stays good: whoever refuses today may come back with the same paper."""
    await _open_ticket(tx, token)
    await queries.refuse_ticket(tx, sha256(token.encode()))


def _participant(participant_id: UUID) -> Actor:
    """Whoever holds a ticket has proved to be this participant, and may have no account yet."""
    return Actor(kind=ActorKind.PARTICIPANT, participant_id=participant_id)


def _acting(holder: TicketHolder) -> Actor:
    return _participant(holder.participant_id)


async def _open_ticket(tx: Transaction, token: str) -> asyncpg.Record:
    row = await queries.lock_ticket(tx, sha256(token.encode()))
    if row and row["is_finished"] and row["terms_version"]:
        raise AlreadyEnrolled
    if row is None or row["is_finished"] or not row["is_fresh"]:
        raise TicketGone
    return row


async def ticket_in(tx: Transaction, terms_version: str | None) -> Enrolling:
    person = await queries.enrolling_person(tx)
    return Enrolling(
        masked_name(person["name"]),
        person["birth_on"],
        CardNumber(person["number"]).masked,
        terms_version,
    )


def birth_of(birth: Birth) -> date | BirthDateFault:
    year = birth.year.strip()
    if year[:1].isdigit():
        year = _ERAS.get(birth.era, "") + year
    return parse_birth_date(year, birth.month, birth.day, clock.today_in_japan())


def _read(
    card_text: str, birth: Birth, code_text: str, scheme: CardScheme
) -> tuple[CardNumber, date, ActivationCode]:
    card = CardNumber.parse(card_text, scheme)
    birth_on = birth_of(birth)
    code = normalise_activation_code(code_text)
    if (
        isinstance(card, CardFault)
        or isinstance(birth_on, BirthDateFault)
        or isinstance(code, ActivationCodeFault)
    ):
        read = {"card": card, "birth": birth_on, "code": code}
        faults = {
            field: value.value
            for field, value in read.items()
            if isinstance(value, CardFault | BirthDateFault | ActivationCodeFault)
        }
        if is_my_number(code_text):
            faults["code"] = CardFault.MY_NUMBER.value
        raise EnrolmentFaults(faults)
    return card, birth_on, code
