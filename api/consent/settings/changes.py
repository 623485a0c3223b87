"""Several commands as one change: the version that follows, what each did, and whom they name."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec
from msgspec import structs

from api.consent.facts import Directive, NetworkRules, Provision
from api.consent.settings.switches import (
    Command,
    Extend,
    Remove,
    SetFacility,
    SetProfessional,
    SetTeam,
    apply,
)

# How a version came to be that no commands made: taken back, brought from elsewhere, or by what
# was agreed ("participant": the participant ended it).
Origin = Literal["undo", "import", "desk_code", "delegation", "request", "participant", "other"]
Made = list[Command] | Origin
AGREED: Final = ("desk_code", "delegation", "request", "participant")


def made_by(change: str) -> Made:
    """What made a version, from the `change` stored with it."""
    try:
        return msgspec.json.decode(change, type=list[Command])
    except msgspec.ValidationError:
        match msgspec.json.decode(change):
            case [{"undo": _}]:
                return "undo"
            case [{"import": _}]:
                return "import"
            case {"origin": origin} if origin in AGREED:
                return cast(Origin, origin)
            case _:
                return "other"


def apply_all(
    directive: Directive,
    commands: Iterable[Command],
    network: NetworkRules,
    now: datetime,
    workplaces: Mapping[UUID, UUID] = {},
) -> tuple[Directive, tuple[Command, ...]]:
    """One version for all commands, and what each did: ends and rows are filled in."""
    following, done = directive, []
    for command in commands:
        before, following = following, apply(following, command, network, now, workplaces)
        done.append(_done(command, before, following))
    following = structs.replace(following, version=directive.version)
    if following == directive:
        return directive, tuple(done)
    return structs.replace(following, version=directive.version + 1), tuple(done)


def _done(command: Command, before: Directive, after: Directive) -> Command:
    def row(rules: tuple[Provision, ...], **named: object) -> Provision | None:
        is_it = named.items()
        return next((r for r in rules if all(getattr(r, k) == v for k, v in is_it)), None)

    found: Provision | None = None
    permit = {"kind": "permit", "axis": "recipient"}
    match command:
        case Remove(provision_id):
            return structs.replace(command, row=row(before.provisions, id=provision_id))
        case Extend(provision_id):
            found = row(after.provisions, id=provision_id)
            return structs.replace(command, until=found and found.valid_to, row=found)
        case SetFacility(facility_id, True):
            found = row(after.provisions, facility_id=facility_id, **permit)
        case SetProfessional(professional_id, True):
            found = row(after.provisions, professional_id=professional_id, **permit)
        case SetTeam(team, True):
            found = row(after.provisions, team_id=team.id, **permit)
        case _:
            return command
    return structs.replace(command, until=found and found.valid_to)


def facilities_named(commands: Iterable[Command]) -> set[UUID]:
    """Their names are what the commands' sentences need; so are `professionals_named`."""
    names = ("facility_id", "source_facility_id")
    return {
        value
        for values in _values(commands)
        for name in names
        if (value := values.get(name)) is not None
    }


def professionals_named(commands: Iterable[Command]) -> set[UUID]:
    found: set[UUID] = set()
    for values in _values(commands):
        if values.get("team") is not None:
            found |= set(values["team"].professional_ids)
        if values.get("professional_id") is not None:
            found.add(values["professional_id"])
    return found


def _values(commands: Iterable[Command]) -> list[dict[str, Any]]:
    """The fields of each command, and of the row it did something to."""
    found: list[dict[str, Any]] = []
    for command in commands:
        found.append(structs.asdict(command))
        row: Provision | None = found[-1].get("row")
        if row is not None:
            found.append(structs.asdict(row))
    return found
