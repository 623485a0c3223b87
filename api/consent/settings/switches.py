"""What a participant can say of their settings, and the version of them that follows."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct, structs

from api.consent.facts import (
    NORMAL,
    SECRET,
    TREATMENT,
    Directive,
    Lived,
    Mark,
    NetworkRules,
    Outcome,
    Provision,
    Team,
)
from api.consent.settings import areas, grants, sieves

FIRST_YEAR: Final = 1850
Scheme = Literal["named", "all_facilities", "home_area", "care_team"]


class _Command(Struct, frozen=True, tag_field="kind", omit_defaults=True):
    pass


class _Grant(_Command, frozen=True, kw_only=True):
    """Turned on without `until`, the end it has stays, and a new one lasts twelve months."""

    until: datetime | None = None
    is_endless: bool = False
    level: int = NORMAL


class SetFacility(_Grant, frozen=True, tag="facility"):
    """`until` and `level` (the highest sensitivity reached) are for turning on alone."""

    facility_id: UUID
    on: bool


class SetProfessional(_Grant, frozen=True, tag="professional"):
    professional_id: UUID
    on: bool


class SetTeam(_Grant, frozen=True, tag="team"):
    """On: the team is as given from now on. Off: there is no such team any more."""

    team: Team
    on: bool


class SetRegion(_Command, frozen=True, tag="region"):
    code: str
    on: bool


class SetLived(_Command, frozen=True, tag="lived"):
    """Regions by when the participant lived there."""

    lived: Lived
    on: bool


class SetFacilityType(_Command, frozen=True, tag="facility_type"):
    """In one region, or in all."""

    code: str
    on: bool
    region: str | None = None


class SetEveryone(_Command, frozen=True, tag="everyone"):
    on: bool


class ChooseScheme(_Command, frozen=True, tag="scheme"):
    code: Scheme


class SetSecondaryUse(_Command, frozen=True, tag="secondary_use"):
    purpose: str
    on: bool


class SetProfession(_Command, frozen=True, tag="profession"):
    code: str
    on: bool


class SetCategory(_Command, frozen=True, tag="category"):
    code: str
    on: bool


class SetCell(_Command, frozen=True, tag="cell"):
    """A rule for what it names together; "none" leaves it to the rest."""

    outcome: Outcome | Literal["none"]
    profession: str | None = None
    category: str | None = None
    source_facility_id: UUID | None = None
    professional_id: UUID | None = None
    facility_id: UUID | None = None


class Exclude(_Command, frozen=True, tag="exclude"):
    """One professional, or one facility: for every purpose, in an emergency too."""

    on: bool
    professional_id: UUID | None = None
    facility_id: UUID | None = None


class HideRecords(_Command, frozen=True, tag="hide_records"):
    record_ids: tuple[UUID, ...]
    on: bool


class HidePeriod(_Command, frozen=True, tag="hide_period"):
    """Records dated in `[data_from, data_to)`, of this source and category or of any."""

    on: bool
    source_facility_id: UUID | None = None
    data_from: date | None = None
    data_to: date | None = None
    category: str | None = None


class MarkRecord(_Command, frozen=True, tag="mark"):
    """None takes the participant's own mark off."""

    record_id: UUID
    level: int | None


class SetIncomingLevel(_Command, frozen=True, tag="incoming_level"):
    level: int


class RefuseSource(_Command, frozen=True, tag="refuse_source"):
    """No more records are taken from this facility, or they are again."""

    facility_id: UUID
    on: bool


class SetAskFirst(_Command, frozen=True, tag="ask_first"):
    on: bool


class Share(_Command, frozen=True, tag="share"):
    """Opens records, or one category, to one professional or facility once, until then."""

    until: datetime
    professional_id: UUID | None = None
    facility_id: UUID | None = None
    record_ids: tuple[UUID, ...] = ()
    category: str | None = None


class Remove(_Command, frozen=True, tag="remove"):
    """`row` is what was removed, once it was."""

    provision_id: int
    row: Provision | None = None


class Extend(_Command, frozen=True, tag="extend"):
    """A new end for a grant or a share; without `until`, twelve months from now.

    `row` is what was extended, once it was.
    """

    provision_id: int
    until: datetime | None = None
    row: Provision | None = None


Command = (
    SetFacility
    | SetProfessional
    | SetTeam
    | SetRegion
    | SetLived
    | SetFacilityType
    | SetEveryone
    | ChooseScheme
    | SetSecondaryUse
    | SetProfession
    | SetCategory
    | SetCell
    | Exclude
    | HideRecords
    | HidePeriod
    | MarkRecord
    | SetIncomingLevel
    | RefuseSource
    | SetAskFirst
    | Share
    | Remove
    | Extend
)


def apply(
    directive: Directive,
    command: Command,
    network: NetworkRules,
    now: datetime,
    workplaces: Mapping[UUID, UUID] = {},
) -> Directive:
    """The next version, or the same one where the command changes nothing.

    A switch owns one row, which keeps its id. Off is no row where nothing wider lets its
    recipient in, else a deny. `workplaces` are the facilities of professionals the settings or
    the command name: what people delegated ends with the grant they had it from.
    Raises ValueError for what could not be meant: an end that is past, two recipients, a level
    no grant reaches.
    """
    following = _said(directive, command, network, now, workplaces)
    if following is not directive:
        rules = grants.without_orphans(directive, following, now, workplaces)
        following = structs.replace(following, provisions=rules)
    if structs.replace(following, version=directive.version) == directive:
        return directive
    return structs.replace(following, version=directive.version + 1)


def _said(
    directive: Directive,
    command: Command,
    network: NetworkRules,
    now: datetime,
    workplaces: Mapping[UUID, UUID],
) -> Directive:
    rules = directive.provisions
    match command:
        case MarkRecord(record_id, level):
            return _marked(directive, record_id, level)
        case SetIncomingLevel(level):
            return structs.replace(directive, incoming_level=_known(level))
        case RefuseSource(facility_id, on):
            refused = set(directive.refused_sources) - {facility_id}
            refused |= {facility_id} if on else set()
            return structs.replace(directive, refused_sources=tuple(sorted(refused)))
        case SetAskFirst(on):
            since = directive.asks_first_since or now
            return structs.replace(directive, asks_first_since=since if on else None)
        case SetTeam(team, on):
            others = tuple(each for each in directive.teams if each.id != team.id)
            if on and not team.professional_ids:
                raise ValueError("a team has members")
            term = grants.Term(command.until, command.is_endless, command.level)
            rules = grants.team(rules, team.id, on, term, now)
            kept = tuple(sorted((*others, team), key=lambda each: each.id)) if on else others
            return structs.replace(directive, provisions=rules, teams=kept)
        case Remove(provision_id):
            gone = {rule.team_id for rule in rules if rule.id == provision_id}
            rules = grants.without(rules, provision_id)
            still = gone & {rule.team_id for rule in rules}
            teams = tuple(each for each in directive.teams if each.id not in gone - still)
            return structs.replace(directive, provisions=rules, teams=teams)
        case SetFacility(facility_id, on):
            term = grants.Term(command.until, command.is_endless, command.level)
            rules = grants.facility(rules, facility_id, on, term, network, now)
        case SetProfessional(professional_id, on):
            term = grants.Term(command.until, command.is_endless, command.level)
            rules = grants.professional(
                directive, professional_id, on, term, network, now, workplaces
            )
        case Exclude(on, professional_id, facility_id):
            rules = grants.exclude(rules, on, professional_id, facility_id)
        case Share(until, professional_id, facility_id, record_ids, category):
            rules = grants.share(
                rules, professional_id, facility_id, record_ids, category, until, now
            )
        case Extend(provision_id, until):
            rules = grants.extend(rules, provision_id, until, now)
        case SetRegion(code, on):
            rules = areas.turn(rules, areas.row(region=code), on, network, now)
        case SetLived(lived, on):
            rules = areas.turn(rules, areas.row(lived=lived), on, network, now)
        case SetFacilityType(code, on, region):
            row = areas.row(facility_type=code, region=region)
            rules = areas.turn(rules, row, on, network, now)
        case SetEveryone(on):
            rules = areas.turn(rules, areas.row(everyone=True), on, network, now)
        case ChooseScheme(code):
            rules = areas.choose(rules, code, network, now)
        case SetSecondaryUse(purpose, on):
            if purpose == TREATMENT or purpose not in network.purposes:
                raise ValueError("a purpose of its own, and one this network has")
            rules = areas.secondary_use(rules, purpose, on, now)
        case SetProfession(code, on):
            rules = sieves.turn(rules, "none" if on else "deny", profession=code)
        case SetCategory(code, on):
            rules = sieves.turn(rules, "none" if on else "deny", category=code)
        case SetCell(outcome):
            names = structs.asdict(command)
            del names["outcome"]
            rules = sieves.turn(rules, outcome, **names)
        case HideRecords(record_ids, on):
            rules = sieves.hide(rules, record_ids, on)
        case HidePeriod(on):
            names = structs.asdict(command)
            del names["on"]
            if command.data_from is None and command.data_to is None:
                raise ValueError("a period begins or ends")
            if any(day and day.year < FIRST_YEAR for day in (command.data_from, command.data_to)):
                raise ValueError("no record is that old")
            rules = sieves.turn(rules, "deny" if on else "none", **names)
    return structs.replace(directive, provisions=rules)


def _marked(directive: Directive, record_id: UUID, level: int | None) -> Directive:
    marks = [mark for mark in directive.marks if mark.record_id != record_id]
    if level is not None:
        marks.append(Mark(record_id, _known(level)))
    marks.sort(key=lambda mark: mark.record_id)
    return structs.replace(directive, marks=tuple(marks))


def _known(level: int) -> int:
    if not NORMAL <= level <= SECRET:
        raise ValueError("a level is 0, 1 or 2")
    return level
