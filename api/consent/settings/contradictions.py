"""Whether one change says two things of one switch."""

from collections.abc import Hashable, Iterable, Iterator

from msgspec import structs

from api.consent.errors import Contradiction
from api.consent.settings.switches import (
    ChooseScheme,
    Command,
    Exclude,
    Extend,
    HideRecords,
    Remove,
    SetFacility,
    SetProfessional,
    SetTeam,
)

# What a command wishes; the other fields say of whom or what.
_WISHES = {"on", "outcome", "level", "until", "is_endless"}

_Wish = tuple[Hashable, Hashable]


def check(commands: Iterable[Command]) -> None:
    """Raises `Contradiction` for an end beside none, an end for who is not let in, and a switch
    turned two ways at once. The same wish twice is one."""
    said: dict[Hashable, Hashable] = {}
    for command in commands:
        match command:
            case SetFacility() | SetProfessional() | SetTeam() if command.until is not None:
                if command.is_endless or not command.on:
                    raise Contradiction
        for switch, wish in _wishes(command):
            if said.setdefault(switch, wish) != wish:
                raise Contradiction


def _wishes(command: Command) -> Iterator[_Wish]:
    match command:
        case HideRecords(record_ids, on):
            yield from (((HideRecords, each), on) for each in record_ids)
        case SetTeam(team):
            yield (SetTeam, team.id), command
        case Remove(provision_id) | Extend(provision_id):
            yield (Remove, provision_id), command
        case ChooseScheme():
            yield ChooseScheme, command
        case _:
            fields = structs.asdict(command)
            wish = tuple(fields.pop(name) for name in sorted(_WISHES & fields.keys()))
            yield (type(command), *fields.values()), wish
    match command:
        case SetFacility(named, True) | SetProfessional(named, True):
            yield ("let in", named), True
        case Exclude(True, professional_id, facility_id):
            yield ("let in", professional_id or facility_id), False
