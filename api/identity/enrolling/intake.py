"""Who enters: a person from a paper form with card and activation code; a facility's system."""

import os
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.identity.card import CardNumber
from api.identity.enrolling import intake_queries, paper_enrolment_queries
from api.identity.enrolling.activation_code import (
    CODE_RANDOM_BYTES,
    CODE_VALID_FOR,
    ActivationCode,
    new_activation_code,
)
from api.identity.enrolling.insurance import Insurance
from api.identity.tokens import system_keys
from api.identity.tokens.system_keys import BadKeys


class Person(NamedTuple):
    participant_id: UUID
    name: str
    birth_on: date


class Paper(NamedTuple):
    """What the participation paper says of a person; `sex` is a FHIR AdministrativeGender."""

    name: str
    name_kana: str
    sex: str
    birth_on: date


async def admit(
    actor: Actor, paper: Paper, card: CardNumber, insurance: Insurance | None = None
) -> UUID:
    """Writes down a person, the card handed to them and, where they say it, their insurance; they
    have answered nothing yet."""
    participant_id = uuid7()
    async with unit_of_work(actor, subject=participant_id) as tx:
        await intake_queries.add_participant(tx, participant_id, *paper)
        await intake_queries.add_card(tx, participant_id, card.digits)
        if insurance is not None:
            said = (insurance.insurer, insurance.symbol, insurance.number, insurance.branch)
            await paper_enrolment_queries.set_registration(tx, "", "", "", "", *said)
    return participant_id


async def issue_code(actor: Actor, participant_id: UUID) -> ActivationCode:
    """A fresh activation code, to be printed once; only its keyed hash is kept."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        return await issue_code_in(tx, participant_id)


async def issue_code_in(tx: Transaction, participant_id: UUID) -> ActivationCode:
    code = new_activation_code(os.urandom(CODE_RANDOM_BYTES))
    await intake_queries.add_code(
        tx,
        participant_id,
        runtime.keys().keyed_hash("activation_code", code.text),
        clock.now() + CODE_VALID_FOR,
    )
    return code


async def open_account(actor: Actor, *, account_id: UUID, kind: str, person_id: UUID) -> None:
    """An account for a participant, a professional or an officer; it has no key yet."""
    subject = person_id if kind == "participant" else None
    async with unit_of_work(Actor(kind=actor.kind, account_id=account_id), subject=subject) as tx:
        await intake_queries.add_account(tx, account_id, kind, person_id)


async def add_system(
    actor: Actor,
    facility_id: UUID,
    *,
    client_id: str,
    name: str,
    jwks: str | None = None,
    jwks_uri: str | None = None,
) -> None:
    """One of the two: `jwks`, the system's public key set (RFC 7517) as JSON text, or where it
    publishes it. Raises `BadKeys`."""
    jwks, jwks_uri = _checked_keys(jwks, jwks_uri)
    async with unit_of_work(actor) as tx:
        try:
            await intake_queries.add_system(tx, client_id, facility_id, name, jwks, jwks_uri)
        except asyncpg.UniqueViolationError as error:
            raise BadKeys(f"there is a system called {client_id} already") from error
        await _log_system(tx, EventName.SYSTEM_ADDED, client_id, facility_id)


async def change_system_keys(
    actor: Actor, client_id: str, *, jwks: str | None = None, jwks_uri: str | None = None
) -> None:
    """In place of those before, from the next token on. Raises `BadKeys`, `NotFound`."""
    jwks, jwks_uri = _checked_keys(jwks, jwks_uri)
    async with unit_of_work(actor) as tx:
        facility_id = await intake_queries.change_system_keys(tx, client_id, jwks, jwks_uri)
        if facility_id is None:
            raise NotFound
        await _log_system(tx, EventName.SYSTEM_KEYS_CHANGED, client_id, facility_id)


async def let_system_export(actor: Actor, client_id: str, *, may: bool) -> None:
    """Whether it may take out the records of its facility's own patients in bulk; without this it
    may not. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        facility_id = await intake_queries.let_system_export(tx, client_id, may)
        if facility_id is None:
            raise NotFound
        event = EventName.SYSTEM_MAY_EXPORT if may else EventName.SYSTEM_MAY_NOT_EXPORT
        await _log_system(tx, event, client_id, facility_id)


async def end_system(actor: Actor, client_id: str) -> None:
    """It gets no token any more; those it has live five minutes at most. Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        facility_id = await intake_queries.end_system(tx, client_id)
        if facility_id is None:
            raise NotFound
        await _log_system(tx, EventName.SYSTEM_ENDED, client_id, facility_id)


def _checked_keys(jwks: str | None, jwks_uri: str | None) -> tuple[str | None, str | None]:
    if (jwks is None) == (jwks_uri is None):
        raise BadKeys("a system has a key set or the address of one")
    if jwks_uri is not None:
        return None, system_keys.checked_uri(jwks_uri)
    return system_keys.checked_jwks(jwks or ""), None


async def _log_system(tx: Transaction, event: EventName, client_id: str, facility_id: UUID) -> None:
    detail = {"client": client_id, "facility": facility_id}
    await access_log.append_system(tx, event, outcome="permitted", detail=detail)


async def person_of(actor: Actor, card: CardNumber, birth_on: date) -> UUID | None:
    """Whose card this is, if they were born then; which of the two is wrong is never said."""
    async with unit_of_work(actor) as tx:
        found = await intake_queries.person_of_card(tx, card.digits)
    async with unit_of_work(actor, subject=found or UUID(int=0)) as tx:
        return found if await intake_queries.birth_of_subject(tx) == birth_on else None


async def holder_of(card: CardNumber) -> Person | None:
    """Whose card this is; as many look-ups for a card that is nobody's, or of somebody who closed
    their account."""
    async with unit_of_work(ANONYMOUS) as tx:
        found = await intake_queries.person_of_card(tx, card.digits)
    async with unit_of_work(ANONYMOUS, subject=found or UUID(int=0)) as tx:
        row = await intake_queries.subject_as_admitted(tx)
        return Person(*row) if row else None


async def birth_in(tx: Transaction) -> date | None:
    """Of the transaction's subject."""
    return await intake_queries.birth_of_subject(tx)
