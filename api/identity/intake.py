"""Participants enter here: a person from a paper form, their card, their activation code."""

import os
from datetime import date
from typing import NamedTuple
from uuid import UUID

from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.database import Transaction, unit_of_work
from api.core.ids import uuid7
from api.identity import intake_queries
from api.identity.activation_code import (
    CODE_RANDOM_BYTES,
    CODE_VALID_FOR,
    ActivationCode,
    new_activation_code,
)
from api.identity.card import CardNumber


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


async def admit(actor: Actor, paper: Paper, card: CardNumber) -> UUID:
    """Writes down a person and the card handed to them; they have answered nothing yet."""
    participant_id = uuid7()
    async with unit_of_work(actor, subject=participant_id) as tx:
        await intake_queries.add_participant(tx, participant_id, *paper)
        await intake_queries.add_card(tx, participant_id, card.digits)
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
    actor: Actor, facility_id: UUID, *, client_id: str, name: str, jwks: str
) -> None:
    """`jwks` is the system's public key set (RFC 7517) as JSON text."""
    async with unit_of_work(actor) as tx:
        await intake_queries.add_system(tx, client_id, facility_id, name, jwks)


async def person_of(actor: Actor, card: CardNumber, birth_on: date) -> UUID | None:
    """Whose card this is, if they were born then; which of the two is wrong is never said."""
    async with unit_of_work(actor) as tx:
        found = await intake_queries.person_of_card(tx, card.digits)
    async with unit_of_work(actor, subject=found or UUID(int=0)) as tx:
        return found if await intake_queries.birth_of_subject(tx) == birth_on else None


async def holder_of(card: CardNumber) -> Person | None:
    """Whose card this is; as many look-ups for a card that is nobody's."""
    async with unit_of_work(ANONYMOUS) as tx:
        found = await intake_queries.person_of_card(tx, card.digits)
    async with unit_of_work(ANONYMOUS, subject=found or UUID(int=0)) as tx:
        row = await intake_queries.subject_as_admitted(tx)
        return Person(*row) if row else None


async def birth_in(tx: Transaction) -> date | None:
    """Of the transaction's subject."""
    return await intake_queries.birth_of_subject(tx)
