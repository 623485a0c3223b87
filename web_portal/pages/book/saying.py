"""How entries of any kind are said: what their fields are called, their values, what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from api.core import i18n
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import Choice, Day, Field, File, Flag, Number, Several, Words
from api.phr.entries.kinds import WHEN, Kind
from web_portal.page import PortalRequest, preferences, say


class Naming(NamedTuple):
    """What the fields of a kind are called, and what their values say."""

    label: Callable[[PortalRequest, Kind, str], str]
    value: Callable[[PortalRequest, Kind, Field, str], str]


def label_of(request: PortalRequest, kind: Kind, name: str) -> str:
    """What a field is called: of its kind, or as everywhere."""
    own = f"own.{kind.name}.{name}"
    is_own = i18n.has_text(preferences(request).locale, own)
    return say(request, own if is_own else f"own.field.{name}")


def option_of(request: PortalRequest, kind: Kind, name: str, code: str) -> str:
    own = f"own.{kind.name}.{name}.{code}"
    is_own = i18n.has_text(preferences(request).locale, own)
    return say(request, own if is_own else f"own.option.{code}")


def facts_of(
    request: PortalRequest, kind: Kind, values: Mapping[str, str], naming: Naming | None = None
) -> list[tuple[str, str]]:
    """An entry's values in words: label and what it says, in the order of its form."""
    call, tell = naming or (label_of, value_said)
    return [
        (call(request, kind, field.name), tell(request, kind, field, value))
        for field in kind.fields
        if (value := values.get(field.name, ""))
    ]


def held_said(
    request: PortalRequest,
    kind: Kind,
    held: Mapping[str, str],
    shown: Sequence[Field],
    naming: Naming | None = None,
) -> list[tuple[str, str]]:
    """What stands by now: day and time, and the fields shown."""
    call = naming.label if naming else label_of
    when = [
        (call(request, kind, name), typed_said(request, kind, name, held[name]))
        for name in WHEN
        if held.get(name)
    ]
    names = {each.name for each in shown}
    values = {name: value for name, value in held.items() if name in names}
    return when + facts_of(request, kind, values, naming)


def value_said(request: PortalRequest, kind: Kind, field: Field, value: str) -> str:
    match field:
        case Number():
            return f"{value}\u00a0{unit_of(request, field)}"
        case Choice():
            return option_of(request, kind, field.name, value)
        case Several():
            said = [option_of(request, kind, field.name, each) for each in value.split()]
            return ("、" if preferences(request).locale == "ja" else ", ").join(said)
        case Day():
            return i18n.day(preferences(request).locale, date.fromisoformat(value))
        case Flag():
            return say(request, "own.yes")
        case Words() | File():
            return value


def unit_of(request: PortalRequest, field: Number) -> str:
    """As it is kept, or in the reader's language."""
    key = f"own.unit.{field.ucum}"
    return say(request, key) if i18n.has_text(preferences(request).locale, key) else field.unit


def said_of(
    request: PortalRequest, wrong: EntryFaults | None, keys: Mapping[str, str]
) -> dict[str, str]:
    """What is wrong with each field, or odd, in words."""
    locale = preferences(request).locale
    return {
        name: say(request, key, **(wrong.params_of(name, locale) if wrong else {}))
        for name, key in keys.items()
    }


def typed_said(request: PortalRequest, kind: Kind, name: str, value: str) -> str:
    field = kind.field(name)
    if field is not None:
        return value_said(request, kind, field, value)
    return (
        value
        if name == "time"
        else i18n.day(preferences(request).locale, date.fromisoformat(value))
    )


def nothing_said(request: PortalRequest, kind: Kind) -> dict[str, str]:
    """Where a kind can say better what it needs at least."""
    key = f"error.own.empty.{kind.name}"
    is_told = i18n.has_text(preferences(request).locale, key)
    return {kind.fields[0].name: say(request, key)} if is_told else {}
