"""What the rows of the table name in {braces}: Tarō's things, or things of nobody."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from api.core import clock
from api.fhir.codes import CARD, patient_in_facility
from tests.attacks.conftest import World
from tests.portal import scene


def filled(template: Any, named: dict[str, str]) -> Any:
    """A row's address or body with what it names put in."""
    if isinstance(template, dict):
        return {key: filled(value, named) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, named) for value in template]
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], template)
    return template


def his(world: World) -> dict[str, str]:
    """What rows name in {braces}, as it is Tarō's."""
    system = patient_in_facility(world.hospital.code)
    return {
        "taro": str(world.taro.participant_id),
        "account": str(world.taro.account_id),
        "record": str(world.record_id),
        "case": str(world.case_id),
        "request": str(world.request_id),
        "notice": str(world.notice_id),
        "his_event": str(world.event_id),
        "his_key": str(world.passkey_id),
        "his_session": str(world.session_id),
        "his_app": str(world.grant_id),
        "his_phone": str(world.phone_id),
        "month": f"{clock.today_in_japan():%Y-%m}",
        "tomorrow": (clock.now() + timedelta(days=1)).isoformat(),
        "card": f"{CARD}|{world.card.digits}",
        "card_digits": world.card.digits,
        "number": f"{system}|{world.number}",
        "number_system": system,
        "number_value": world.number,
        "clinic": str(world.clinic.facility_id),
        "doctor": str(world.sato.professional_id),
        "his_doctor": str(world.mori.professional_id),
        "absent": str(uuid4()),
    }


def nobodys(world: World) -> dict[str, str]:
    """The same of things that are not there."""
    nobody = scene.issue(
        f"{uuid4().int % 10**14:014}", scene.directory.profile().card_scheme
    ).digits
    system = patient_in_facility(world.hospital.code)
    return his(world) | {
        "taro": str(uuid4()),
        "record": str(uuid4()),
        "his_doctor": str(uuid4()),
        "case": str(uuid4()),
        "request": str(uuid4()),
        "notice": str(uuid4()),
        "his_event": str(uuid4()),
        "his_key": str(uuid4()),
        "his_session": str(uuid4()),
        "his_app": str(uuid4()),
        "his_phone": str(uuid4()),
        "card": f"{CARD}|{nobody}",
        "card_digits": nobody,
        "number": f"{system}|T{uuid4().hex[:10]}",
        "number_value": f"T{uuid4().hex[:10]}",
    }
