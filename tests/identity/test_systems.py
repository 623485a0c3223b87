"""A facility's system gets a token only for a purpose there is, and a reader only by name."""

from typing import Any

import pytest

from api import demo
from api.identity.errors import TokenRequestRefused
from api.identity.tokens import systems
from tests.conftest import Deployment


async def ask(database: Deployment, person: dict[str, Any], scope: str) -> systems.SystemAccess:
    assertion = demo.client_assertion(
        database.settings.home, demo.CLINIC, person=person, audience=systems.token_endpoint()
    )
    issued = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, scope
    )
    return systems.access_of(issued.access_token)


async def test_a_reading_system_names_its_acting_person(database: Deployment, people):
    with pytest.raises(TokenRequestRefused):
        await ask(database, {"subject_role": "physician"}, "system/*.read")
    by_id = {"person_id": str(people["sato"].person_id)}
    access = await ask(database, by_id, "system/*.read")
    assert access.actor.professional_id == people["sato"].person_id
    by_name = {"subject_name": "佐藤 健一", "subject_role": "physician"}
    access = await ask(database, by_name, "system/*.read")
    assert (access.actor.name, access.actor.profession) == ("佐藤 健一", "physician")
    assert (await ask(database, {}, "system/*.write")).scopes == ("system/*.write",)


async def test_the_purpose_of_use_is_signed_for_and_must_be_a_code(database: Deployment, people):
    person = {"subject_name": "佐藤 健一", "subject_role": "physician"}
    access = await ask(database, person | {"purpose_of_use": "ETREAT"}, "system/*.read")
    assert access.actor.purpose_of_use == "ETREAT"
    for purpose in ("", "treat", "TREAT|x", "CURIOSITY"):
        with pytest.raises(TokenRequestRefused):
            await ask(database, person | {"purpose_of_use": purpose}, "system/*.read")
