"""What a participant gave on enrolling, and what the counter may know and do of their account."""

from datetime import datetime
from typing import NamedTuple

from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.identity.enrolling import paper_enrolment_queries as queries


class Registration(NamedTuple):
    """What a participant gave on enrolling; empty texts for what they did not."""

    address: str
    phone: str
    email: str
    family_doctor: str
    insurer: str
    insurance_symbol: str
    insurance_number: str
    insurance_branch: str
    recorded_at: datetime


async def registration(actor: Actor) -> Registration | None:
    """The actor's own; None for who enrolled otherwise, and for proxies."""
    async with unit_of_work(actor) as tx:
        return await registration_in(tx)


async def registration_in(tx: Transaction) -> Registration | None:
    row = await queries.registration(tx)
    return Registration(*row.values()) if row else None


async def has_key_in(tx: Transaction) -> bool:
    """Whether the transaction's subject signs in with a key of their own."""
    return await queries.subject_has_key(tx)


async def end_sessions_in(tx: Transaction) -> int:
    """Of the transaction's subject, every one; how many there were. For officers."""
    return await queries.end_sessions(tx)
