"""What was refused and is kept aside, for its facility alone."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from api.core import clock
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory.service import FacilityLine
from api.fhir import codes
from api.identity.my_number import contains_my_number
from api.records import sending_queries
from api.records.incoming import queries
from api.records.incoming.conditions import UNCONDITIONAL, Conditions
from api.records.incoming.sending import UNKNOWN, Asked, Sending, acting_facility_in
from api.records.incoming.unkept import holds_my_number
from api.records.mapping import Identifier
from api.records.parse import Fault

CASE_DAYS: Final = 3
# A case is read at a glance: so many patient numbers, each no longer than a number is.
_MOST_NUMBERS: Final = 5
_LONGEST_NUMBER: Final = 64


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a request what is needed to do later just what it asked."""

    resource_type: str | None = None
    resource_id: str | None = None
    conditions: Conditions = UNCONDITIONAL


async def keep(
    sending: Sending,
    body: bytes,
    faults: Sequence[Fault],
    cases: Sequence[str] = (UNKNOWN,),
    named: Sequence[Identifier] = (),
) -> bool:
    """Puts a refused body aside, once; `cases` are the reasons the support centre looks into, and
    `named` by what the sender knows who is sought.

    False, and nothing is kept, where the body, its name or its conditions hold a 個人番号, whatever
    it was refused for.
    """
    asked = _written(sending.asked)
    if contains_my_number(f"{sending.name}\n{asked}"):
        return False
    if await asyncio.to_thread(holds_my_number, body):
        return False
    async with unit_of_work(sending.actor) as tx:
        facility = await acting_facility_in(tx)
        if await queries.is_in_quarantine(tx, sending.name, asked, body):
            return True
        submission_id = uuid7()
        detail = [{"reason": f.reason, "path": f.path, "params": f.params} for f in faults]
        await sending_queries.add_submission(
            tx, submission_id, sending.name, stored=0, quarantined=1
        )
        await queries.quarantine(
            tx,
            submission_id,
            sending.name,
            faults[0].reason,
            msgspec.json.encode(detail).decode(),
            body,
            asked,
        )
        why = next((fault.key for fault in faults if fault.reason in cases), None)
        if why is not None:
            own = codes.patient_in_facility(facility.code)
            numbers = [each.value for each in named if each.system == own]
            params = case_params(facility, why, 1, numbers, submission_id)
            due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
            await sending_queries.open_quarantine_case(tx, params, due_on)
    return True


def case_params(
    facility: FacilityLine,
    why: str,
    count: int,
    numbers: Iterable[str] = (),
    submission_id: UUID | None = None,
) -> str:
    """What an officer is told: whose, why (a text's key), how many, and the facility's own patient
    numbers by which it asks."""
    said = [
        each
        for each in dict.fromkeys(numbers)
        if each.isprintable() and len(each) <= _LONGEST_NUMBER
    ]
    params: dict[str, object] = {"facility": facility.name, "reason": why, "count": count}
    if said:
        params["numbers"] = said[:_MOST_NUMBERS]
    if submission_id is not None:
        params["submission"] = str(submission_id)
    params["facility_id"] = str(facility.facility_id)
    return msgspec.json.encode(params).decode()


def asked_of(text: str) -> Asked:
    """What a sending in quarantine asked."""
    kept = msgspec.json.decode(text, type=_Asked)
    return Asked(kept.resource_type, kept.resource_id, kept.conditions)


def _written(asked: Asked) -> str:
    kept = _Asked(asked.resource_type, asked.resource_id, asked.conditions)
    return msgspec.json.encode(kept).decode()
