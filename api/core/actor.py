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
    FACILITY_ADMIN = "facility_admin"
    ANONYMOUS = "anonymous"


class Power(StrEnum):
    """What a proxy may be trusted with; each route names the one it needs."""

    VIEW = "view"
    UPLOAD = "upload"
    LOG = "log"
    SETTINGS = "settings"
    CONSENT = "consent"
    PROXY_ADMIN = "proxy_admin"
    NOTICES = "notices"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is for the log row only; it never goes to the operator's logs.

    A proxy acts as the principal: `participant_id` is the principal, `account_id` and `name` are
    the representative's own. `powers` is None for whoever acts for themselves alone.
    `is_safe`: in safe mode; what leaves the portal's pages names no places then.
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
    own_participant_id: UUID | None = None
    principal_name: str | None = None
    powers: frozenset[Power] | None = None
    is_shown_restricted: bool = True
    is_safe: bool = False
    session_id: UUID | None = None

    @property
    def is_proxy(self) -> bool:
        return self.powers is not None


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)
OPERATOR = Actor(kind=ActorKind.OPERATOR)
