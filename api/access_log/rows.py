"""An event of the log as its participant may read it."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID


class Withheld(NamedTuple):
    """One field that is not told until a day; `reason` is a message key or a plain text."""

    name: str
    reason: str
    until: date


class LogRow(NamedTuple):
    """One event as its participant may read it; `detail` never holds untold records.

    `record_ids` are those of the told records; `commit` is what stands in the tree. Where the body
    was erased, `detail` is empty.
    """

    number: int
    eid: UUID
    at: datetime
    event: str
    outcome: str
    actor_kind: str
    actor_id: UUID | None
    facility_id: UUID | None
    purpose_of_use: str | None
    detail: dict[str, Any]
    record_ids: tuple[UUID, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    is_erased: bool = False
    commit: bytes = b""
