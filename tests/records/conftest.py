"""A fresh Hanako for each test that stores, and the systems that send for her."""

import os
from typing import NamedTuple
from uuid import UUID

import pytest

from api import demo
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.directory import service as directory
from api.fhir.codes import CARD, patient_in_facility
from api.identity.card import CardNumber, issue
from api.identity.enrolling import intake
from api.identity.tokens import systems
from api.records.incoming import service as ingest
from tests.conftest import Deployment

Json = dict[str, object]


class Person(NamedTuple):
    """`number` is her patient number at the clinic."""

    id: UUID
    card: CardNumber
    number: str

    @property
    def as_patient(self) -> Json:
        return {"identifier": {"system": patient_in_facility(demo.CLINIC), "value": self.number}}

    @property
    def as_card(self) -> Json:
        return {"identifier": {"system": CARD, "value": self.card.digits}}


async def facility_id(code: str) -> UUID:
    async with unit_of_work(OPERATOR):
        found = await directory.facility_of_code(code)
    assert found is not None
    return found


@pytest.fixture
async def clinic(people: dict[str, demo.Cast]) -> Actor:
    return Actor(
        kind=ActorKind.SYSTEM,
        facility_id=await facility_id(demo.CLINIC),
        purpose_of_use="TREAT",
        client_id=f"emr-{demo.CLINIC}",
    )


@pytest.fixture
async def hospital(people: dict[str, demo.Cast]) -> Actor:
    return Actor(kind=ActorKind.SYSTEM, facility_id=await facility_id(demo.HOSPITAL))


@pytest.fixture
async def hanako(clinic: Actor) -> Person:
    """Known to the clinic by number; she has not answered whether she takes part."""
    payload = str(20_000_000_000_000 + int.from_bytes(os.urandom(5)))
    card = issue(payload, directory.profile().card_scheme)
    birth_on, sex = demo._BIRTHS["hanako"]
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", sex, birth_on)
    person = Person(await intake.admit(OPERATOR, paper, card), card, f"N{payload[-8:]}")
    operator = Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)
    await ingest.link_local_id(operator, person.id, person.number)
    return person


@pytest.fixture
async def clinic_token(database: Deployment, people: dict[str, demo.Cast]) -> str:
    assertion = demo.client_assertion(
        database.settings.home,
        demo.CLINIC,
        person={"subject_name": "佐藤 健一"},
        audience=systems.token_endpoint(),
    )
    scopes = "system/*.read system/*.write"
    issued = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, scopes
    )
    return issued.access_token
