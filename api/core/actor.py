"""Who is acting: decided once at the door, passed to every service as its first argument."""

from enum import StrEnum
from uuid import UUID

import msgspec


class ActorKind(StrEnum):
    PARTICIPANT = "participant"
    PROFESSIONAL = "professional"
    SYSTEM = "system"
    SUPPORT = "support"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ANONYMOUS = "anonymous"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is for the log row only; it never goes to the operator's logs.

    `session_id`: the session at the door; None for the service's own work (console, workers).
    """

    kind: ActorKind
    account_id: UUID | None = None
    participant_id: UUID | None = None
    professional_id: UUID | None = None
    facility_id: UUID | None = None
    profession: str | None = None
    purpose_of_use: str | None = None
    client_id: str | None = None
    name: str | None = None
    session_id: UUID | None = None


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)
OPERATOR = Actor(kind=ActorKind.OPERATOR)
