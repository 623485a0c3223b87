"""Whether everything a command names is there, and the participant's to name."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from api.consent import queries
from api.consent.errors import (
    Contradiction,
    NoLongerHere,
    ShareTooLong,
    TooManyRules,
    UnknownChoice,
)
from api.consent.facts import EMERGENCY, RESTRICTED, TREATMENT, Directive, NetworkRules
from api.consent.settings import contradictions
from api.consent.settings.changes import facilities_named, professionals_named
from api.consent.settings.switches import (
    ChooseScheme,
    Command,
    Extend,
    HideRecords,
    MarkRecord,
    Remove,
    SetCategory,
    SetFacility,
    SetFacilityType,
    SetIncomingLevel,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
    Share,
)
from api.core import clock
from api.core.database import Transaction
from api.directory import service as directory
from api.directory.service import FacilityLine, PersonLine

LARGEST_TEAM = 30
LONGEST_NAME = 60
MOST_SHARE_DAYS = 90
# Every version keeps all of it, and every read carries it along.
MOST_RULES = 2_000
MOST_TEAMS = 50
MOST_RECORDS_NAMED = 20_000


class Known:
    """What the directory has of everybody some commands and the settings name."""

    def __init__(self, facilities: Iterable[FacilityLine], people: Iterable[PersonLine]) -> None:
        self.facilities = {each.facility_id: each for each in facilities}
        self.people = {each.professional_id: each for each in people}

    @property
    def workplaces(self) -> dict[UUID, UUID]:
        return {each: person.facility_id for each, person in self.people.items()}


async def known(tx: Transaction, directive_now: Directive, commands: Sequence[Command]) -> Known:
    """Reads them once; who delegated is among them."""
    people = professionals_named(commands)
    people |= {rule.delegated_by for rule in directive_now.provisions if rule.delegated_by}
    facilities = facilities_named(commands)
    return Known(
        await directory.facilities_in(tx, sorted(facilities)) if facilities else (),
        await directory.people_in(tx, sorted(people)) if people else (),
    )


async def check(
    tx: Transaction,
    found: Known,
    network: NetworkRules,
    directive_now: Directive,
    commands: Sequence[Command],
) -> None:
    """Raises `UnknownChoice` for what is not there, alike for what is another participant's, and
    `NoLongerHere` for letting in who left, `Contradiction` for a team without name or members and
    for commands that do not go together."""
    contradictions.check(commands)
    if not facilities_named(commands) <= found.facilities.keys():
        raise UnknownChoice
    if not professionals_named(commands) <= found.people.keys():
        raise UnknownChoice
    for command in commands:
        _check_codes(network, command)
        _check_present(found, directive_now, command)
        _check_bounds(directive_now, command)
    await _check_records(tx, commands)


def check_size(before: Directive, after: Directive) -> None:
    """Raises `TooManyRules` for settings larger than anyone means, unless they only shrank."""
    limits = MOST_RULES, MOST_TEAMS, MOST_RECORDS_NAMED
    sizes = zip(_sizes(before), _sizes(after), limits, strict=True)
    if any(now > most and now > then for then, now, most in sizes):
        raise TooManyRules


def _sizes(directive: Directive) -> tuple[int, int, int]:
    named = sum(len(rule.record_ids) for rule in directive.provisions)
    return len(directive.provisions), len(directive.teams), named + len(directive.marks)


def _check_codes(network: NetworkRules, command: Command) -> None:
    profile, values = directory.profile(), _fields(command)
    professions, categories = network.matrix.keys(), network.categories
    regions = {region.code for region in profile.regions}
    kinds: list[tuple[str | None, Iterable[str]]] = [
        (values.get("profession"), professions),
        (values.get("category"), categories),
        (values.get("region"), regions),
    ]
    match command:
        case SetProfession(code):
            kinds.append((code, professions))
        case SetRegion(code):
            kinds.append((code, regions))
        case SetFacilityType(code):
            kinds.append((code, {each.code for each in profile.facility_types}))
        case SetSecondaryUse(purpose):
            kinds.append((purpose, network.purposes - EMERGENCY - {TREATMENT}))
        case SetCategory(code):
            kinds.append((code, categories))
        case ChooseScheme(code):
            kinds.append((code, {each.code.value for each in profile.consent.schemes}))
    if any(code is not None and code not in of for code, of in kinds):
        raise UnknownChoice


def _check_present(found: Known, directive_now: Directive, command: Command) -> None:
    match command:
        case SetFacility(facility_id, True):
            _let_in(found, facility_id=facility_id)
        case SetProfessional(professional_id, True):
            _let_in(found, professional_id=professional_id)
        case Share(_, professional_id, facility_id):
            _let_in(found, professional_id, facility_id)
        case SetTeam(team, True):
            before = next((each for each in directive_now.teams if each.id == team.id), None)
            new = set(team.professional_ids) - set(before.professional_ids if before else ())
            for each in new:
                _let_in(found, each)
            if not 0 < len(team.professional_ids) <= LARGEST_TEAM or not is_a_name(team.name):
                raise Contradiction
        case Remove(provision_id) | Extend(provision_id):
            if all(rule.id != provision_id for rule in directive_now.provisions):
                raise UnknownChoice


def _check_bounds(directive_now: Directive, command: Command) -> None:
    shares = {rule.id for rule in directive_now.provisions if rule.axis == "share"}
    match command:
        case Share(until=until):
            _check_short(until)
        case Extend(provision_id, until) if provision_id in shares:
            _check_short(until)
        case SetIncomingLevel(level):
            # Secret is said of single records one has read: no care may be starved unawares.
            if level > RESTRICTED:
                raise UnknownChoice


def _check_short(until: datetime | None) -> None:
    """A share shows once; without `until` it would get the twelve months of a grant."""
    if until is None or until > clock.now() + timedelta(days=MOST_SHARE_DAYS):
        raise ShareTooLong(days=MOST_SHARE_DAYS)


def _let_in(
    found: Known, professional_id: UUID | None = None, facility_id: UUID | None = None
) -> None:
    is_here = (professional_id is None or found.people[professional_id].is_active) and (
        facility_id is None or found.facilities[facility_id].is_active
    )
    if not is_here:
        raise NoLongerHere


async def _check_records(tx: Transaction, commands: Iterable[Command]) -> None:
    ids: set[UUID] = set()
    for command in commands:
        match command:
            case HideRecords(record_ids):
                ids.update(record_ids)
            case Share(record_ids=record_ids):
                ids.update(record_ids)
            case MarkRecord(record_id):
                ids.add(record_id)
    if ids and not ids <= await queries.records_told_of(tx, sorted(ids)):
        raise UnknownChoice


def is_a_name(text: str) -> bool:
    """Some words on one line, of characters that can be written."""
    return 0 < len(text.strip()) <= LONGEST_NAME and not any(
        unicodedata.category(each).startswith("C") for each in text
    )


def _fields(command: Command) -> dict[str, Any]:
    return structs.asdict(command)
