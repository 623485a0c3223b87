"""Hanako with a fresh card and a participation paper, for each test anew."""

import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core.actor import OPERATOR
from api.directory import service as directory
from api.identity import service as identity
from api.identity.card import CardNumber, CardScheme, issue
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.activation_code import ActivationCode
from api.identity.enrolling.enrolment import Birth
from api.identity.service import OpenedSession
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator


class Paper(NamedTuple):
    """What lies on the table when somebody registers."""

    participant_id: UUID
    card: CardNumber
    code: ActivationCode
    birth: Birth = Birth("15", "4", "9", "showa")

    async def begin(self, *, code: str | None = None, source: str | None = None) -> str:
        """A ticket; by default from an address nobody else uses."""
        issued = await enrolment.begin(
            self.card.grouped,
            self.birth,
            code or self.code.printed,
            source or some_address(),
            scheme=directory.profile().card_scheme,
        )
        return issued.token

    async def accepted(self) -> str:
        ticket = await self.begin()
        await joining.accept(ticket, consent.terms_in_force())
        return ticket

    async def register(self, device: Authenticator) -> OpenedSession:
        ticket = await self.accepted()
        return await joining.finish(ticket, device.create(await enrolment.passkey_options(ticket)))


def some_address() -> str:
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


def some_card(scheme: CardScheme) -> CardNumber:
    payload = str(secrets.randbelow(10**13) + 2 * 10**13)
    return issue(payload.ljust(16 - scheme.check_length, "0"), scheme)


@pytest_asyncio.fixture
async def hanako(database: Deployment) -> Paper:
    card = some_card(directory.profile().card_scheme)
    person = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", date(1940, 4, 9))
    participant_id = await intake.admit(OPERATOR, person, card)
    return Paper(participant_id, card, await intake.issue_code(OPERATOR, participant_id))


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest_asyncio.fixture
async def admin(database: Deployment) -> AsyncIterator[asyncpg.Connection]:
    """The administrator's eye, which no row security closes."""
    connection = await asyncpg.connect(database.admin_dsn)
    yield connection
    await connection.close()


async def sign_in(device: Authenticator, *, verified: bool = True) -> OpenedSession:
    return await identity.sign_in(device.get(await identity.sign_in_options(), verified=verified))
