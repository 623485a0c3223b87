"""What is sent and by whom, and what became of it."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from api.core.actor import Actor, ActorKind
from api.core.database import Transaction
from api.core.errors import Forbidden, NotFound
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.records.errors import NotStored
from api.records.incoming.conditions import UNCONDITIONAL, Conditions
from api.records.incoming.planned import Kind
from api.records.incoming.versions import Change, Version

# A facility learns no more than this of a person it may not send records of.
NOT_TAKEN: Final = "not_taken"
UNKNOWN: Final = "unknown_subject"
MY_NUMBER: Final = "my_number"


class StoredRecord(NamedTuple):
    """`resource_id` is the id in its URL: a Patient has the participant's."""

    resource_type: str
    resource_id: UUID
    version: Version
    change: Change


class Stored(NamedTuple):
    """One entry per entry sent; None lives on inside the records that refer to it.

    Only a batch has refused entries among stored ones.
    """

    kind: Kind
    entries: tuple[StoredRecord | NotStored | None, ...]


class Asked(NamedTuple):
    """What the sender's request says beside its body. `key_hash` is of the key under which it wants
    one answer however often it asks, `request_hash` of all it sent."""

    resource_type: str | None = None
    resource_id: str | None = None
    conditions: Conditions = UNCONDITIONAL
    key_hash: bytes | None = None
    request_hash: bytes = b""


class Sending(NamedTuple):
    """`subjects`: whom a name stands for, on the operator's word. `subject`: whom all is about."""

    actor: Actor
    name: str
    subjects: Mapping[str, UUID] = {}
    is_file: bool = False
    subject: UUID | None = None
    asked: Asked = Asked()


def check_actor(actor: Actor, *kinds: ActorKind) -> None:
    """Source is always the acting facility: nobody writes in another's name."""
    if actor.kind not in (ActorKind.SYSTEM, ActorKind.OPERATOR, *kinds) or not actor.facility_id:
        raise NotFound


async def acting_facility_in(tx: Transaction) -> FacilityLine:
    """Raises `Forbidden` for one that has left."""
    found = await directory.facilities_in(tx, [tx.acting.facility_id or UUID(int=0)])
    if not found or not found[0].is_active:
        raise Forbidden
    return found[0]
