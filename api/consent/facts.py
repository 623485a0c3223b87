"""What a decision is made of, and the answer it gives: frozen values and nothing else."""

from datetime import date, datetime
from sys import intern
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct, structs

Outcome = Literal["permit", "deny"]
RecipientDefault = Literal["permit", "deny", "home_area"]
Instant = Annotated[datetime, Meta(tz=True)]
# "lapsed" is never stored: new terms were not answered by their date.
ParticipationState = Literal["unanswered", "participating", "refused", "withdrawn", "lapsed"]
Lived = Literal["now", "recent", "before"]

# The places in the order of evaluation at which a decision stops, in that order. With a running
# break-glass session the record alone decides there, and nothing below is asked.
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
    "emergency_reach",
    "emergency",
    "shared",
    "recipient",
    "filter",
    "sensitivity",
    "data_from",
    "granted",
]

NORMAL: Final = 0
RESTRICTED: Final = 1
SECRET: Final = 2

Origin = Literal["participant", "scheme", "desk_code", "delegation", "request", "paper", "import"]

TREATMENT: Final = "TREAT"
EMERGENCY: Final = frozenset({"ETREAT", "BTG"})
PROCEDURE: Final = "procedure"
PRESCRIPTION: Final = "prescription"


class Provision(Struct, frozen=True, omit_defaults=True, gc=False):
    """One row of a directive.

    `recipient` rows name one recipient: a professional, a facility, a care team, everyone, or an
    area: a facility type and/or a region, the region by its code or by when the participant
    `lived` there. `filter` rows name any of profession, category and source facility, and may
    bind for one professional or facility only; a deny may also name single records, or the
    period `[data_from, data_to)` of the data, and then stands whatever else permits. `share` rows
    open listed records or one category to one professional or facility until `valid_to`.

    The rule is in force in `[valid_from, valid_to)`. Without `purposes` a permit serves treatment
    alone and a deny binds for every purpose. `level` is the highest sensitivity a permit for a
    professional, facility or care team reaches. `set_at` says when the row was chosen: a facility
    that joined later comes under an area or everyone only after its notice. `origin` says how the
    row came to be, `delegated_by` which professional passed their own access on; neither ever
    changes what it does.

    Raises ValueError for a row that could not be read in one way only.
    """

    id: int
    kind: Literal["permit", "deny", "exclusion"]
    axis: Literal["recipient", "filter", "share"]
    professional_id: UUID | None = None
    facility_id: UUID | None = None
    team_id: UUID | None = None
    facility_type: str | None = None
    region: str | None = None
    lived: Lived | None = None
    everyone: bool = False
    profession: str | None = None
    category: str | None = None
    source_facility_id: UUID | None = None
    record_ids: tuple[UUID, ...] = ()
    data_from: date | None = None
    data_to: date | None = None
    level: int = NORMAL
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    purposes: tuple[str, ...] = ()
    set_at: Instant | None = None
    origin: Origin = "participant"
    delegated_by: UUID | None = None

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault:
            raise ValueError(fault)
        # Thousands of compiled policies are kept in memory, and their codes are few.
        for name in ("facility_type", "region", "profession", "category"):
            code = getattr(self, name)
            if code is not None:
                structs.force_setattr(self, name, intern(code))

    def _fault(self) -> str:
        ones = [x is not None for x in (self.professional_id, self.facility_id, self.team_id)]
        area = (self.facility_type, self.region, self.lived)
        recipients = sum(ones) + any(x is not None for x in area) + self.everyone
        is_sieved = any(x is not None for x in (self.profession, self.source_facility_id))
        of_records = (self.category, self.source_facility_id, self.data_from, self.data_to)
        hides = bool(self.record_ids) or self.data_from is not None or self.data_to is not None
        if not NORMAL <= self.level <= SECRET:
            return "a level is 0, 1 or 2"
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            return "a rule ends after it begins"
        if self.data_from and self.data_to and self.data_to <= self.data_from:
            return "a period of data ends after it begins"
        if self.kind == "exclusion" and (
            self.axis != "recipient"
            or self.purposes
            or (self.professional_id is None and self.facility_id is None)
        ):
            return "an exclusion blocks one professional or facility, for every purpose"
        match self.axis:
            case "recipient":
                if recipients != 1 or (self.region is not None and self.lived is not None):
                    return "a recipient row names exactly one recipient"
                if is_sieved or hides or self.category is not None:
                    return "a recipient row says nothing about the records"
            case "filter":
                if recipients > 1 or recipients != ones[0] + ones[1]:
                    return "a filter row binds for one professional or facility, or for all"
                if not (is_sieved or hides or self.category is not None):
                    return "a filter row names a profession, category, source, record or period"
                if self.record_ids and any(x is not None for x in of_records):
                    return "a row that names records says nothing else of them"
                if hides and self.kind != "deny":
                    return "single records and periods of data are hidden by a filter, or shared"
            case "share":
                if self.kind != "permit" or recipients != 1 or recipients != ones[0] + ones[1]:
                    return "a share opens to one professional or facility"
                if is_sieved or self.data_from is not None or self.data_to is not None:
                    return "a share names records or one category"
                if bool(self.record_ids) == (self.category is not None):
                    return "a share names records or one category"
                if self.valid_to is None:
                    return "a share has an end"
        return ""

    def applies(self, purpose_of_use: str, now: datetime) -> bool:
        """In its period, which ends just before `valid_to`, and for this purpose."""
        if self.valid_from is not None and now < self.valid_from:
            return False
        if self.valid_to is not None and now >= self.valid_to:
            return False
        if self.purposes:
            return purpose_of_use in self.purposes
        return self.kind != "permit" or purpose_of_use == TREATMENT


class Team(Struct, frozen=True):
    """The people who care for one participant together, of any professions and facilities."""

    id: UUID
    name: str
    professional_ids: tuple[UUID, ...]


class Mark(Struct, frozen=True, gc=False):
    """The participant's own sensitivity for one record, in place of the one it came with."""

    record_id: UUID
    level: int

    def __post_init__(self) -> None:
        if not NORMAL <= self.level <= SECRET:
            raise ValueError("a level is 0, 1 or 2")


class Directive(Struct, frozen=True):
    """One version of a participant's settings; version 0 is "never chosen anything".

    `incoming_level` is the least sensitivity of records that arrive from now on. Of facilities
    that joined since `asks_first_since` none comes under an area or everyone unasked. From
    `refused_sources` no more records are taken; what is there stays, and reading is not changed.
    Raises ValueError if two provisions share an id, two teams an id, or two marks a record.
    """

    version: int = 0
    provisions: tuple[Provision, ...] = ()
    teams: tuple[Team, ...] = ()
    marks: tuple[Mark, ...] = ()
    incoming_level: int = NORMAL
    asks_first_since: Instant | None = None
    refused_sources: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        if len({rule.id for rule in self.provisions}) != len(self.provisions):
            raise ValueError("two provisions of one directive share an id")
        if len({mark.record_id for mark in self.marks}) != len(self.marks):
            raise ValueError("two marks of one directive name one record")
        if len({team.id for team in self.teams}) != len(self.teams):
            raise ValueError("two teams of one directive share an id")
        if not NORMAL <= self.incoming_level <= SECRET:
            raise ValueError("a level is 0, 1 or 2")


class Residence(Struct, frozen=True):
    """Where the participant lived in `[from_on, until_on)`, as a region's code.

    Raises ValueError if it ends before it begins.
    """

    region: str
    from_on: date | None = None
    until_on: date | None = None

    def __post_init__(self) -> None:
        if self.from_on and self.until_on and self.until_on <= self.from_on:
            raise ValueError("a residence ends after it begins")


class Participation(Struct, frozen=True):
    """Records before `data_from` stay out of reach; None opens all of them.

    `joined_at`: the network's default covers facilities that joined later after their notice.
    `ends_at`: it lapses then unless newer terms are accepted.
    """

    state: ParticipationState = "unanswered"
    data_from: date | None = None
    terms_version: str | None = None
    joined_at: Instant | None = None
    ends_at: Instant | None = None
    residences: tuple[Residence, ...] = ()


class NetworkRules(Struct, frozen=True):
    """What the network profile lays down for everybody.

    `matrix` maps every profession the network knows to the categories it sees by default;
    `recipient_default` "home_area" lets in, for treatment, the facilities where the participant
    lives now.
    Raises ValueError if it names a category that is not among `categories`.
    """

    profile_id: str
    profile_version: int
    categories: tuple[str, ...]
    matrix: dict[str, frozenset[str]]
    purposes: frozenset[str] = frozenset({TREATMENT})
    recipient_default: RecipientDefault = "deny"

    def __post_init__(self) -> None:
        if not set().union(*self.matrix.values()) <= set(self.categories):
            raise ValueError("the matrix names a category the network does not know")

    @property
    def professions(self) -> tuple[str, ...]:
        return tuple(self.matrix)


class Requester(Struct, frozen=True):
    """Who asks, as the directory knows them now; a system speaks for one profession.

    `regions` is the facility's own region and those around it.
    """

    kind: Literal["professional", "system"]
    facility_id: UUID
    professional_id: UUID | None = None
    profession: str | None = None
    facility_type: str | None = None
    regions: tuple[str, ...] = ()
    facility_joined_at: Instant | None = None
    facility_is_active: bool = False
    professional_is_active: bool = False
    is_trained: bool = False


class EmergencyReach(Struct, frozen=True, omit_defaults=True):
    """What a running break-glass session reaches: its tier, within what the participant chose.

    Records of `categories` up to `level`, of some only those dated `since` a day; `operations` are
    procedures whatever their date, `ongoing` medicines that are still taken. Hidden records only
    if it `shows_hidden`. What is `timeless`, and these two, reach back past the day from which the
    participant shares.
    """

    categories: tuple[str, ...] = ()
    level: int = NORMAL
    shows_hidden: bool = False
    since: tuple[tuple[str, date], ...] = ()
    operations: tuple[UUID, ...] = ()
    timeless: tuple[str, ...] = ()
    ongoing: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        if not NORMAL <= self.level < SECRET:
            raise ValueError("secret records stay shut in an emergency")

    @property
    def exempt(self) -> tuple[UUID, ...]:
        """What no other limit of the participant's could shut, whatever its date."""
        if self.level != RESTRICTED or not self.shows_hidden:
            return ()
        found = {PROCEDURE: self.operations, PRESCRIPTION: self.ongoing}
        return tuple(
            i for category, ids in found.items() if category in self.categories for i in ids
        )


class Request(Struct, frozen=True, omit_defaults=True):
    """`emergency` for a request in a running break-glass session, of an emergency purpose."""

    requester: Requester
    purpose_of_use: str
    now: Instant
    emergency: EmergencyReach | None = None


class RecordFacts(Struct, frozen=True):
    """`source_facility_id` is None for what the participant or a device entered."""

    category: str
    recorded_on: date
    effective_on: date | None = None
    source_facility_id: UUID | None = None
    sensitivity: int = NORMAL
    record_id: UUID | None = None


class Ruling(Struct, frozen=True, omit_defaults=True, gc=False):
    """How one axis was decided: by a row of the settings, the network, or for want of any.

    "home_area" is the network's default for where the participant lives now. "awaits_notice" and
    "asks_first" refuse a facility too new for the `provision`, or for the network's default, that
    would let it in.
    """

    outcome: Outcome
    by: Literal[
        "provision",
        "network_default",
        "home_area",
        "nothing_matches",
        "awaits_notice",
        "asks_first",
    ]
    provision: Provision | None = None


class Basis(Struct, frozen=True, omit_defaults=True, gc=False):
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
    emergency: EmergencyReach | None = None


class Decision(Struct, frozen=True, gc=False):
    outcome: Outcome
    basis: Basis
