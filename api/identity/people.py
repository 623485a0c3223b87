"""Entering people: participants with card and code, staff with an account."""

import os
from datetime import date
from typing import NamedTuple
from uuid import UUID

from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.identity import queries
from api.identity.activation_code import (
    CODE_RANDOM_BYTES,
    CODE_VALID_FOR,
    ActivationCode,
    new_activation_code,
)
from api.identity.card import CardNumber
from api.identity.enrolment import code_hmac


class Person(NamedTuple):
    """`sex` is `female`, `male`, `other` or `unknown`."""

    name: str
    name_kana: str
    sex: str
    birth_on: date


async def add_participant(actor: Actor, person: Person, card: CardNumber) -> UUID:
    participant_id = uuid7()
    async with unit_of_work(actor, subject=participant_id) as tx:
        await queries.add_participant(tx, *person)
        await queries.add_card(tx, card.digits)
    return participant_id


async def issue_activation_code(actor: Actor, participant_id: UUID) -> ActivationCode:
    """For the participation paper: shown once, kept as a keyed hash only."""
    code = new_activation_code(os.urandom(CODE_RANDOM_BYTES))
    async with unit_of_work(actor, subject=participant_id) as tx:
        await queries.add_activation_code(tx, code_hmac(code), clock.now() + CODE_VALID_FOR)
    return code


async def add_staff_account(
    actor: Actor, *, professional_id: UUID | None = None, officer_id: UUID | None = None
) -> UUID:
    """An account for one professional or one support officer; answers its id."""
    kind = ActorKind.PROFESSIONAL if professional_id else ActorKind.SUPPORT
    account_id = uuid7()
    async with unit_of_work(Actor(kind=actor.kind, account_id=account_id)) as tx:
        await queries.add_staff_account(tx, kind, professional_id, officer_id)
    return account_id
