"""What the log can be narrowed to: by kind of event, and by the columns that stay readable."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from api.access_log.events import EventName
from api.core.actor import ActorKind


class Kind(StrEnum):
    """Kinds as people look for them; one event may be of several."""

    READS = "reads"  # seen, looked up, asked for, and refused
    SETTINGS = "settings"
    SIGN_INS = "sign_ins"
    RECEIVED = "received"
    SUPPORT = "support"  # also whatever else the support centre or the operator did
    PROXIES = "proxies"
    EXPORTS = "exports"
    EMERGENCY = "emergency"


# By the event's source; what stands below goes before it.
_SOURCES: Final = {
    "records": Kind.READS,
    "consent": Kind.SETTINGS,
    "identity": Kind.SIGN_INS,
    "directory": Kind.SUPPORT,
    "support": Kind.SUPPORT,
    "operator": Kind.SUPPORT,
    "access_log": Kind.SUPPORT,
    "proxies": Kind.PROXIES,
    "emergency": Kind.EMERGENCY,
    "notifications": Kind.SETTINGS,
}
_EVENTS: Final = {
    EventName.RECORD_STORED: Kind.RECEIVED,
    EventName.RECORD_WITHDRAWN: Kind.RECEIVED,
    EventName.OWN_RECORD_ADDED: Kind.RECEIVED,
    EventName.OWN_RECORD_REMOVED: Kind.RECEIVED,
    EventName.CHILD_BOOK_OFFERED: Kind.SETTINGS,
    EventName.CHILD_BOOK_CALLED_OFF: Kind.SETTINGS,
    EventName.CHILD_BOOK_LEFT: Kind.RECEIVED,
    EventName.CHILD_BOOK_TAKEN: Kind.RECEIVED,
    EventName.ENROLLED: Kind.SETTINGS,
    EventName.ENROLLED_BY_FAMILY: Kind.SETTINGS,
    EventName.PAPER_TYPED: Kind.SUPPORT,
    EventName.PAPER_WITHDRAWN: Kind.SUPPORT,
    EventName.PAPER_CONFIRMED: Kind.SUPPORT,
    EventName.PAPER_SCAN_SEEN: Kind.SUPPORT,
    EventName.LOOK_ALIKE_DECIDED: Kind.SUPPORT,
    EventName.CODE_ISSUED: Kind.SUPPORT,
    EventName.NUMBER_ASKED: Kind.SETTINGS,
    EventName.NUMBER_LINKED: Kind.SETTINGS,
    EventName.NUMBER_REFUSED: Kind.SETTINGS,
    EventName.NOTICE_RETRIED: Kind.SUPPORT,
}
_EXPORTED: Final = ":exported"
_STAFF: Final = [ActorKind.SUPPORT.value, ActorKind.OPERATOR.value]
# v3-ActReason: emergency treatment, break the glass.
EMERGENCY_PURPOSES: Final = ["ETREAT", "BTG"]


class Wanted(NamedTuple):
    """What is left out does not narrow. `[since, until)` is a time; `upto` the last number."""

    kind: Kind | None = None
    facility_id: UUID | None = None
    professional_id: UUID | None = None
    purpose_of_use: str | None = None
    emergency_only: bool = False
    denied_only: bool = False
    since: datetime | None = None
    until: datetime | None = None
    upto: int | None = None

    @property
    def asks_what(self) -> bool:
        """More than when it was: who, where, why, or what came of it."""
        return self._replace(since=None, until=None, upto=None) != EVERYTHING


class Said(Protocol):
    """What a row says of itself, once it is opened."""

    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def event(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_id(self) -> UUID | None: ...
    @property
    def facility_id(self) -> UUID | None: ...
    @property
    def purpose_of_use(self) -> str | None: ...


EVERYTHING: Final = Wanted()


def kind_of(event: EventName) -> Kind:
    """Raises LookupError for an event whose source says nothing."""
    if event.endswith(_EXPORTED):
        return Kind.EXPORTS
    return _EVENTS.get(event) or _SOURCES[event.partition(":")[0]]


def events_of(kinds: Iterable[Kind]) -> list[str]:
    wanted = set(kinds)
    return [event.value for event in EventName if kind_of(event) in wanted]


def matches(row: Said, wanted: Wanted) -> bool:
    """As the database answers it for a row whose columns say what the row says."""
    emergency = row.event in events_of([Kind.EMERGENCY]) or row.purpose_of_use in EMERGENCY_PURPOSES
    of_kind = (
        wanted.kind is None
        or row.event in events_of([wanted.kind])
        or (wanted.kind is Kind.SUPPORT and row.actor_kind in _STAFF)
        or (wanted.kind is Kind.EMERGENCY and emergency)
    )
    return (
        of_kind
        and wanted.facility_id in (None, row.facility_id)
        and wanted.professional_id in (None, row.actor_id)
        and wanted.purpose_of_use in (None, row.purpose_of_use)
        and (row.outcome == "denied" or not wanted.denied_only)
        and (emergency or not wanted.emergency_only)
        and (wanted.since is None or row.at >= wanted.since)
        and (wanted.until is None or row.at < wanted.until)
        and (wanted.upto is None or row.number <= wanted.upto)
    )


def bounds(wanted: Wanted, opened: Sequence[int] = ()) -> tuple[object, ...]:
    """As `queries` takes them, in its order. `opened`: numbers of rows whose columns say nothing,
    and that match all the same."""
    emergency = events_of([Kind.EMERGENCY])
    return (
        None if wanted.kind is None else events_of([wanted.kind]),
        _STAFF if wanted.kind is Kind.SUPPORT else [],
        EMERGENCY_PURPOSES if wanted.kind is Kind.EMERGENCY else [],
        wanted.facility_id,
        wanted.professional_id,
        wanted.purpose_of_use,
        "denied" if wanted.denied_only else None,
        wanted.since,
        wanted.until,
        wanted.upto,
        emergency if wanted.emergency_only else None,
        EMERGENCY_PURPOSES,
        list(opened) if wanted.asks_what else None,
    )
