"""What was refused and is kept aside, for its facility alone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from api.core import clock
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.identity.my_number import contains_my_number
from api.records import sending_queries
from api.records.incoming import queries
from api.records.incoming.conditions import UNCONDITIONAL, Conditions
from api.records.incoming.sending import UNKNOWN, Asked, Sending, acting_facility_in
from api.records.incoming.unkept import holds_my_number
from api.records.parse import Fault

CASE_DAYS: Final = 3


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a request what is needed to do later just what it asked."""

    resource_type: str | None = None
    resource_id: str | None = None
    conditions: Conditions = UNCONDITIONAL


async def keep(
    sending: Sending, body: bytes, faults: Sequence[Fault], cases: Sequence[str] = (UNKNOWN,)
) -> bool:
    """Puts a refused body aside, once; `cases` are the reasons the support centre looks into.

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
        if any(fault.reason in cases for fault in faults):
            params = {"facility": facility.name, "submission": str(submission_id)}
            due_on = clock.today_in_japan() + timedelta(days=CASE_DAYS)
            await sending_queries.open_quarantine_case(
                tx, msgspec.json.encode(params).decode(), due_on
            )
    return True


def asked_of(text: str) -> Asked:
    """What a sending in quarantine asked."""
    kept = msgspec.json.decode(text, type=_Asked)
    return Asked(kept.resource_type, kept.resource_id, kept.conditions)


def _written(asked: Asked) -> str:
    kept = _Asked(asked.resource_type, asked.resource_id, asked.conditions)
    return msgspec.json.encode(kept).decode()
