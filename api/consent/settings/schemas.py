"""Changes of settings as apps send them; every field that is not there by name is refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.consent.facts import Lived, Team
from api.consent.settings.record_changes import LEVELS, RecordChange
from api.consent.settings.switches import (
    ChooseScheme,
    Command,
    Exclude,
    Extend,
    RefuseSource,
    Scheme,
    SetAskFirst,
    SetCategory,
    SetCell,
    SetEveryone,
    SetFacility,
    SetFacilityType,
    SetLived,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
)

Version = Annotated[int, Meta(ge=0, description="The settings version the change was made from.")]
Code = Annotated[str, Meta(max_length=40)]
Until = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset, still to come.")]
Reach = Annotated[
    Literal["normal", "restricted"], Meta(description="The highest sensitivity reached.")
]
Row = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The id of a rule, as shown.")]


class _Change(Struct, tag_field="kind", forbid_unknown_fields=True):
    pass


class _Term(_Change, kw_only=True):
    """Lets in or not. Without `until` a grant keeps its end, and a new one lasts twelve months."""

    on: bool
    until: Until | None = None
    no_end: bool = False
    level: Reach = "normal"

    @property
    def reach(self) -> int:
        return LEVELS.index(self.level)


class FacilityChange(_Term, tag="facility"):
    id: UUID

    def command(self) -> Command:
        return SetFacility(
            self.id,
            self.on,
            until=self.until,
            is_endless=self.no_end,
            level=self.reach,
        )


class ProfessionalChange(_Term, tag="professional"):
    id: UUID

    def command(self) -> Command:
        return SetProfessional(
            self.id,
            self.on,
            until=self.until,
            is_endless=self.no_end,
            level=self.reach,
        )


class TeamChange(_Term, tag="team"):
    """On: the team is as given here from now on. Off: there is no such team any more."""

    id: UUID
    name: Annotated[str, Meta(max_length=60)]
    members: Annotated[list[UUID], Meta(min_length=1, max_length=30)]

    def command(self) -> Command:
        team = Team(self.id, self.name.strip(), tuple(sorted(set(self.members))))
        return SetTeam(team, self.on, until=self.until, is_endless=self.no_end, level=self.reach)


class RegionChange(_Change, tag="region"):
    code: Code
    on: bool

    def command(self) -> Command:
        return SetRegion(self.code, self.on)


class LivedChange(_Change, tag="lived"):
    """Where the participant lives now, lived within two years, or lived before that."""

    lived: Lived
    on: bool

    def command(self) -> Command:
        return SetLived(self.lived, self.on)


class FacilityTypeChange(_Change, tag="facility_type"):
    """In one region, or in all; while regions are on, the types narrow them."""

    code: Code
    on: bool
    region: Code | None = None

    def command(self) -> Command:
        return SetFacilityType(self.code, self.on, self.region)


class EveryoneChange(_Change, tag="everyone"):
    on: bool

    def command(self) -> Command:
        return SetEveryone(self.on)


class SchemeChange(_Change, tag="scheme"):
    code: Scheme

    def command(self) -> Command:
        return ChooseScheme(self.code)


class SecondaryUseChange(_Change, tag="secondary_use"):
    purpose: Code
    on: bool

    def command(self) -> Command:
        return SetSecondaryUse(self.purpose, self.on)


class ProfessionChange(_Change, tag="profession"):
    code: Code
    on: bool

    def command(self) -> Command:
        return SetProfession(self.code, self.on)


class CategoryChange(_Change, tag="category"):
    code: Code
    on: bool

    def command(self) -> Command:
        return SetCategory(self.code, self.on)


class CellChange(_Change, tag="cell"):
    """A rule for what it names together: at least a profession, category or source facility."""

    outcome: Literal["permit", "deny", "none"]
    profession: Code | None = None
    category: Code | None = None
    source_facility_id: UUID | None = None
    professional_id: UUID | None = None
    facility_id: UUID | None = None

    def command(self) -> Command:
        return SetCell(
            self.outcome,
            self.profession,
            self.category,
            self.source_facility_id,
            self.professional_id,
            self.facility_id,
        )


class ExclusionChange(_Change, tag="exclude"):
    """Shuts out one professional or one facility, in an emergency too."""

    on: bool
    professional_id: UUID | None = None
    facility_id: UUID | None = None

    def command(self) -> Command:
        return Exclude(self.on, self.professional_id, self.facility_id)


class SourceChange(_Change, tag="refuse_source"):
    """Takes no more records from this facility, or takes them again; what is there stays."""

    facility_id: UUID
    on: bool

    def command(self) -> Command:
        return RefuseSource(self.facility_id, self.on)


class AskFirstChange(_Change, tag="ask_first"):
    on: bool

    def command(self) -> Command:
        return SetAskFirst(self.on)


class ExtensionChange(_Change, tag="extend"):
    """A new end for a grant or share; without `until`, twelve months from today."""

    id: Row
    until: Until | None = None

    def command(self) -> Command:
        return Extend(self.id, self.until)


Change = (
    FacilityChange
    | ProfessionalChange
    | TeamChange
    | RegionChange
    | LivedChange
    | FacilityTypeChange
    | EveryoneChange
    | SchemeChange
    | SecondaryUseChange
    | ProfessionChange
    | CategoryChange
    | CellChange
    | ExclusionChange
    | SourceChange
    | AskFirstChange
    | ExtensionChange
    | RecordChange
)


class Changes(Struct, forbid_unknown_fields=True):
    """Applied together as one new version, or not at all."""

    version: Version
    commands: Annotated[list[Change], Meta(min_length=1, max_length=100)]


class Undo(Struct, forbid_unknown_fields=True):
    version: Version
