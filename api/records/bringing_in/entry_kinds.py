"""The kinds of own entries there are here: what says it is one must read as one."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from api.phr.checkup.kinds import KINDS as CHECKUP
from api.phr.child.kinds import KINDS as CHILD
from api.phr.directives import paper
from api.phr.directives.kinds import DOCUMENT
from api.phr.directives.kinds import KINDS as DIRECTIVES
from api.phr.entries.fields import Day, Field, read_day
from api.phr.entries.kinds import Kind, values_of
from api.phr.immunization.kinds import KINDS as IMMUNIZATION
from api.phr.maternal.kinds import KINDS as MATERNAL
from api.phr.notes.kinds import KINDS as NOTES
from api.phr.vitals.kinds import KINDS as VITALS
from api.records.parse import Json

# Of what was written anywhere: from later days on no age and no plan can be counted.
LATEST: Final = date(2199, 12, 31)
_LATEST: Final = LATEST.isoformat()
_ALL: Final = (*CHECKUP, *CHILD, *DIRECTIVES, *IMMUNIZATION, *MATERNAL, *NOTES, *VITALS)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({each.name: each for each in _ALL})


def is_of(kind: Kind, resource: Json) -> bool:
    """Whether its book can read it: each value is one that could have been typed."""
    if resource.get("resourceType") != kind.resource_type:
        return False
    try:
        values = values_of(kind, resource)
    except (
        AttributeError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        OverflowError,
        StopIteration,
    ):
        return False  # built in another way than any entry is
    if not all(isinstance(each, str) for each in values.values()):
        return False
    on = read_day(values.get("on", ""))
    if on is None or not kind.earliest <= on <= LATEST:
        return False
    if kind is DOCUMENT and not _is_document(values):
        return False
    if not any(values.get(field.name) for field in kind.fields):
        return False
    return not any(_fault(field, values.get(field.name, "")) for field in kind.fields)


def _is_document(values: Mapping[str, str]) -> bool:
    """By its bytes, as one that is handed in."""
    try:
        body = paper.body_of(values.get("content", ""))
    except ValueError:
        return False
    return not paper.fault_of(body) and paper.media_of(body) == values.get("media")


def _fault(field: Field, value: str) -> str:
    if not value:
        return "error.own.required" if field.is_required else ""
    if isinstance(field, Day):
        return field.read(value, date.max).fault or ("" if value <= _LATEST else "error.own.future")
    return field.read(value).fault
