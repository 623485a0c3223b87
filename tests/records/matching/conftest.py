"""Participants with an address and a certificate, and officers who decide."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.directory import service as directory
from api.fhir.codes import CARD, INSURANCE_MEMBER, patient_in_facility
from api.identity.card import issue
from api.identity.enrolling import intake
from api.records.matching.persons import Demographics, Insured
from tests.portal import scene
from tests.records.conftest import clinic, facility_id, hanako, hospital

__all__ = ("clinic", "hanako", "hospital")

Enrol = Callable[..., Awaitable["Enrolled"]]
LETTERS = "安以宇衣於加幾久計己左之寸世曽太知川天止奈仁奴祢乃"
KANA = "アイウエカキクケサシスセソタチツテトナニヌネノ"


class Enrolled:
    """A participant whom nobody knows by number yet."""

    def __init__(self, participant_id: UUID, person: Demographics) -> None:
        self.id = participant_id
        self.person = person

    def as_patient(self, number: str, code: str, **changes: Any) -> dict[str, Any]:
        """As a facility of this code writes them down."""
        return patient(self.person, number, code, **changes)


def patient(person: Demographics, number: str, code: str, **changes: Any) -> dict[str, Any]:
    identifiers = [{"system": patient_in_facility(code), "value": number}]
    insured = person.insured
    if insured is not None:
        value = ":".join((insured.insurer, insured.symbol, insured.number, insured.branch))
        identifiers.append({"system": INSURANCE_MEMBER, "value": value})
    if person.card:
        identifiers.append({"system": CARD, "value": person.card})
    wire = {
        "resourceType": "Patient",
        "identifier": identifiers,
        "name": [{"text": person.name}, {"text": person.name_kana}],
        "gender": person.sex,
        "birthDate": person.birth_on.isoformat() if person.birth_on else None,
        "address": [{"text": person.address}],
        **changes,
    }
    return {name: value for name, value in wire.items() if value}


def somebody(**changes: Any) -> Demographics:
    """New in every test, so that nobody of another one is like them."""
    family, given = ("".join(secrets.choice(LETTERS) for _ in range(3)) for _ in range(2))
    kana = " ".join("".join(secrets.choice(KANA) for _ in range(6)) for _ in range(2))
    born = date(1930 + secrets.randbelow(80), 1 + secrets.randbelow(12), 1 + secrets.randbelow(9))
    number = str(secrets.randbelow(10_000_000_000))
    fields = {
        "name": f"{family} {given}",
        "name_kana": kana,
        "sex": "female",
        "birth_on": born,
        "address": f"熊本県天草市本町新休{secrets.randbelow(5000)}番地{secrets.randbelow(90)}",
        "insured": Insured("00430017", "天", number, "01"),
    }
    return Demographics(**(fields | changes))


@pytest.fixture
def enrol(people: object) -> Enrol:
    async def enrolled(person: Demographics | None = None, **changes: Any) -> Enrolled:
        person = person or somebody(**changes)
        payload = str(30_000_000_000_000 + secrets.randbelow(9_000_000_000_000))
        card = issue(payload, directory.profile().card_scheme)
        assert person.birth_on is not None
        paper = intake.Paper(person.name, person.name_kana, person.sex, person.birth_on)
        participant_id = await intake.admit(OPERATOR, paper, card)
        insured = person.insured or Insured("", "", "", "")
        async with unit_of_work(OPERATOR, subject=participant_id) as tx:
            await tx.execute(
                "INSERT INTO registration (participant_id, address, insurer, insurance_symbol,"
                " insurance_number, insurance_branch)"
                " VALUES (app.subject(), $1, $2, $3, $4, $5)",
                person.address,
                insured.insurer,
                insured.symbol,
                insured.number,
                insured.branch,
            )
        return Enrolled(participant_id, person)

    return enrolled


@pytest.fixture
async def ueda(people: object) -> Actor:
    return await scene.officer("上田 まもる")


@pytest.fixture
async def second_officer(people: object) -> Actor:
    return await scene.officer("第二 担当")


async def place_of(code: str) -> UUID:
    return await facility_id(code)
