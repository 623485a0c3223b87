"""What a decision is made of, and the answer it gives: frozen values and nothing else."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

Outcome = Literal["permit", "deny"]
Instant = Annotated[datetime, Meta(tz=True)]
ParticipationState = Literal["unanswered", "participating", "refused", "withdrawn"]

# The places in the order of evaluation at which a decision stops, in that order. Break-glass
# sessions will answer at emergency_closed; a one-off share between it and recipient.
Step = Literal[
    "facility_standing",
    "professional",
    "profession_unknown",
    "purpose",
    "participation",
    "excluded",
    "own_record",
    "secret",
    "emergency_closed",
    "recipient",
    "filter",
    "sensitivity",
    "data_from",
    "granted",
]

NORMAL: Final = 0
RESTRICTED: Final = 1
SECRET: Final = 2

TREATMENT: Final = "TREAT"
EMERGENCY: Final = frozenset({"ETREAT", "BTG"})


class Provision(Struct, frozen=True, omit_defaults=True):
    """One row of a directive.

    `recipient` rows name one professional, facility or care team, or a facility type and/or a
    region; `filter` rows name any of profession, category and source facility. The rule is in
    force in `[valid_from, valid_to)`. Without `purposes` a permit serves treatment alone and a
    deny binds for every purpose. `level` is the highest sensitivity a permit for a professional,
    facility or care team reaches. `origin` says how the row came to be (`participant`,
    `desk_code`, `delegation`, ...) and never changes what it does.

    Raises ValueError for a row that could not be read in one way only.
    """

    id: int
    kind: Literal["permit", "deny", "exclusion"]
    axis: Literal["recipient", "filter"]
    professional_id: UUID | None = None
    facility_id: UUID | None = None
    team_id: UUID | None = None
    facility_type: str | None = None
    region: str | None = None
    profession: str | None = None
    category: str | None = None
    source_facility_id: UUID | None = None
    level: int = NORMAL
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    purposes: tuple[str, ...] = ()
    origin: str = "participant"

    def __post_init__(self) -> None:
        one = (self.professional_id, self.facility_id, self.team_id)
        area = (self.facility_type, self.region)
        sieve = (self.profession, self.category, self.source_facility_id)
        named = sum(x is not None for x in one) + any(x is not None for x in area)
        sieved = any(x is not None for x in sieve)
        if self.axis == "recipient" and (named != 1 or sieved):
            raise ValueError("a recipient row names exactly one recipient")
        if self.axis == "filter" and (named or not sieved or self.kind == "exclusion"):
            raise ValueError("a filter row permits or denies by profession, category or source")
        if self.kind == "exclusion" and (
            self.purposes or (self.professional_id is None and self.facility_id is None)
        ):
            raise ValueError("an exclusion blocks one professional or facility, for every purpose")

    def applies(self, purpose_of_use: str, now: datetime) -> bool:
        """In its period, which ends just before `valid_to`, and for this purpose."""
        if self.valid_from is not None and now < self.valid_from:
            return False
        if self.valid_to is not None and now >= self.valid_to:
            return False
        if self.purposes:
            return purpose_of_use in self.purposes
        return self.kind != "permit" or purpose_of_use == TREATMENT


class Directive(Struct, frozen=True):
    """One version of a participant's settings; version 0 is "never chosen anything".

    Raises ValueError if two provisions share an id.
    """

    version: int = 0
    provisions: tuple[Provision, ...] = ()

    def __post_init__(self) -> None:
        if len({rule.id for rule in self.provisions}) != len(self.provisions):
            raise ValueError("two provisions of one directive share an id")


class Participation(Struct, frozen=True):
    """Records before `data_from` stay out of reach; None opens all of them."""

    state: ParticipationState = "unanswered"
    data_from: date | None = None
    terms_version: str | None = None


class NetworkRules(Struct, frozen=True):
    """What the network profile lays down for everybody.

    `matrix` maps every profession the network knows to the categories it sees by default.
    Raises ValueError if it names a category that is not among `categories`.
    """

    profile_id: str
    profile_version: int
    categories: tuple[str, ...]
    matrix: dict[str, frozenset[str]]
    purposes: frozenset[str] = frozenset({TREATMENT})
    recipient_default: Outcome = "deny"

    def __post_init__(self) -> None:
        if not set().union(*self.matrix.values()) <= set(self.categories):
            raise ValueError("the matrix names a category the network does not know")

    @property
    def professions(self) -> tuple[str, ...]:
        return tuple(self.matrix)


class Requester(Struct, frozen=True):
    """Who asks, as the directory knows them now; a system speaks for one profession."""

    kind: Literal["professional", "system"]
    facility_id: UUID
    professional_id: UUID | None = None
    profession: str | None = None
    facility_type: str | None = None
    regions: tuple[str, ...] = ()
    team_ids: tuple[UUID, ...] = ()
    facility_is_active: bool = False
    professional_is_active: bool = False
    is_trained: bool = False


class Request(Struct, frozen=True):
    requester: Requester
    purpose_of_use: str
    now: Instant


class RecordFacts(Struct, frozen=True):
    """`source_facility_id` is None for what the participant or a device entered."""

    category: str
    recorded_on: date
    effective_on: date | None = None
    source_facility_id: UUID | None = None
    sensitivity: int = NORMAL


class Ruling(Struct, frozen=True, omit_defaults=True):
    """How one axis was decided: by a row of the settings, the network, or for want of any."""

    outcome: Outcome
    by: Literal["provision", "network_default", "nothing_matches"]
    provision: Provision | None = None


class Basis(Struct, frozen=True, omit_defaults=True):
    """Why: enough to replay the decision and to say it in one sentence, by codes and ids only.

    `recipient` (for an exclusion: the exclusion), `filter` and `level` are set from the step on
    at which they were asked; `category` is empty where the answer did not look at a record.
    """

    step: Step
    settings_version: int
    profile_id: str
    profile_version: int
    purpose_of_use: str
    facility_id: UUID
    professional_id: UUID | None = None
    profession: str | None = None
    participation: ParticipationState = "participating"
    data_from: date | None = None
    recipient: Ruling | None = None
    level: int = NORMAL
    category: str | None = None
    filter: Ruling | None = None


class Decision(Struct, frozen=True):
    outcome: Outcome
    basis: Basis
