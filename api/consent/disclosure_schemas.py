"""Changes of settings as apps send them; every field that is not there by name is refused."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.consent.facts import Lived, Team
from api.consent.switches import (
    ChooseScheme,
    Command,
    Exclude,
    Extend,
    HidePeriod,
    HideRecords,
    MarkRecord,
    Remove,
    Scheme,
    SetAskFirst,
    SetCategory,
    SetCell,
    SetEveryone,
    SetFacility,
    SetFacilityType,
    SetIncomingLevel,
    SetLived,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
    Share,
)

Version = Annotated[int, Meta(ge=0, description="The settings version the change was made from.")]
Code = Annotated[str, Meta(max_length=40)]
Until = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset, still to come.")]
Reach = Annotated[int, Meta(ge=0, le=1, description="0: normal records; 1: restricted ones too.")]
Level = Annotated[int, Meta(ge=0, le=2, description="0 normal, 1 restricted, 2 secret.")]
Row = Annotated[int, Meta(ge=1, le=2**31, description="`row` of what the settings show.")]
Records = Annotated[list[UUID], Meta(max_length=1000)]


class _Change(Struct, tag_field="kind", forbid_unknown_fields=True):
    pass


class _Term(_Change, kw_only=True):
    """Lets in or not. Without `until` a grant keeps its end, and a new one lasts twelve months."""

    on: bool
    until: Until | None = None
    no_end: bool = False
    level: Reach = 0


class FacilityChange(_Term, tag="facility"):
    id: UUID

    def command(self) -> Command:
        return SetFacility(
            self.id, self.on, until=self.until, is_endless=self.no_end, level=self.level
        )


class ProfessionalChange(_Term, tag="professional"):
    id: UUID

    def command(self) -> Command:
        return SetProfessional(
            self.id, self.on, until=self.until, is_endless=self.no_end, level=self.level
        )


class TeamChange(_Term, tag="team"):
    """On: the team is as given here from now on. Off: there is no such team any more."""

    id: UUID
    name: Annotated[str, Meta(max_length=60)]
    members: Annotated[list[UUID], Meta(min_length=1, max_length=30)]

    def command(self) -> Command:
        team = Team(self.id, self.name.strip(), tuple(sorted(set(self.members))))
        return SetTeam(team, self.on, until=self.until, is_endless=self.no_end, level=self.level)


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
    source: UUID | None = None
    professional: UUID | None = None
    facility: UUID | None = None

    def command(self) -> Command:
        return SetCell(
            self.outcome,
            self.profession,
            self.category,
            self.source,
            self.professional,
            self.facility,
        )


class ExclusionChange(_Change, tag="exclude"):
    """Shuts out one professional or one facility, in an emergency too."""

    on: bool
    professional: UUID | None = None
    facility: UUID | None = None

    def command(self) -> Command:
        return Exclude(self.on, self.professional, self.facility)


class HiddenRecordsChange(_Change, tag="hide_records"):
    records: Records
    on: bool

    def command(self) -> Command:
        return HideRecords(tuple(self.records), self.on)


class HiddenPeriodChange(_Change, tag="hide_period"):
    """Records dated from `data_from` on and before `data_to`; at least one of them."""

    on: bool
    source: UUID | None = None
    data_from: date | None = None
    data_to: date | None = None
    category: Code | None = None

    def command(self) -> Command:
        return HidePeriod(self.on, self.source, self.data_from, self.data_to, self.category)


class MarkChange(_Change, tag="mark"):
    """The participant's own sensitivity for one record; null takes it off."""

    record: UUID
    level: Level | None

    def command(self) -> Command:
        return MarkRecord(self.record, self.level)


class IncomingLevelChange(_Change, tag="incoming_level"):
    level: Level

    def command(self) -> Command:
        return SetIncomingLevel(self.level)


class AskFirstChange(_Change, tag="ask_first"):
    on: bool

    def command(self) -> Command:
        return SetAskFirst(self.on)


class ShareChange(_Change, tag="share"):
    """Records, or one category, once, to one professional or one facility."""

    until: Until
    professional: UUID | None = None
    facility: UUID | None = None
    records: Records = []
    category: Code | None = None

    def command(self) -> Command:
        return Share(
            self.until, self.professional, self.facility, tuple(self.records), self.category
        )


class RemovalChange(_Change, tag="remove"):
    row: Row

    def command(self) -> Command:
        return Remove(self.row)


class ExtensionChange(_Change, tag="extend"):
    """A new end for a grant or share; without `until`, twelve months from today."""

    row: Row
    until: Until | None = None

    def command(self) -> Command:
        return Extend(self.row, self.until)


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
    | HiddenRecordsChange
    | HiddenPeriodChange
    | MarkChange
    | IncomingLevelChange
    | AskFirstChange
    | ShareChange
    | RemovalChange
    | ExtensionChange
)


class Changes(Struct, forbid_unknown_fields=True):
    """Applied together as one new version, or not at all."""

    version: Version
    commands: Annotated[list[Change], Meta(min_length=1, max_length=100)]


class Undo(Struct, forbid_unknown_fields=True):
    version: Version


class ParticipationWish(Struct, forbid_unknown_fields=True):
    """`undo` takes the last change back, with the date records were shown from."""

    state: Literal["participating", "withdrawn"]
    undo: bool = False
