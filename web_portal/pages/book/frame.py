"""What the pages of every book share: a form for any kind of entry, and asking before removal."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from litestar.response import Response

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import Choice, Day, Field, File, Flag, Number, Several, Words
from api.phr.entries.kinds import WHEN, Kind
from web_portal.page import PortalRequest, preferences, render, say

_SHAPES: Final = {
    Number: "number",
    Choice: "choice",
    Several: "several",
    Day: "day",
    Flag: "flag",
}


class Way(NamedTuple):
    """A link back: where it leads and what is there."""

    href: str
    label: str


class Stands(NamedTuple):
    """What stands by now, where another changed it first: whoever saves after seeing it replaces
    it."""

    values: Mapping[str, str]
    version: int


async def typed(request: PortalRequest, kind: Kind) -> dict[str, str]:
    """The form's fields of this kind, with "sure" and "version"."""
    sent = await request.form()
    found: dict[str, str] = {}
    for name in (*WHEN, "sure", "version", *(each.name for each in kind.fields)):
        texts = [text for text in sent.getall(name, []) if isinstance(text, str)]
        if texts:
            found[name] = " ".join(texts)
    return found


def version_in(fields: Mapping[str, str]) -> int:
    """Of the entry a form corrects; 0 for none."""
    version = fields.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def why(request: PortalRequest, refusal: Problem) -> str:
    """What happened, and what to do next."""
    said, after = say(request, refusal.key, **refusal.params), f"{refusal.key}.next"
    if not i18n.has_text(preferences(request).locale, after):
        return said
    return f"{said} {say(request, after, **refusal.params)}"


def label_of(request: PortalRequest, kind: Kind, name: str) -> str:
    """What a field is called: of its kind, or as everywhere."""
    own = f"own.{kind.name}.{name}"
    is_own = i18n.has_text(preferences(request).locale, own)
    return say(request, own if is_own else f"own.field.{name}")


def option_of(request: PortalRequest, kind: Kind, name: str, code: str) -> str:
    own = f"own.{kind.name}.{name}.{code}"
    is_own = i18n.has_text(preferences(request).locale, own)
    return say(request, own if is_own else f"own.option.{code}")


async def form(
    request: PortalRequest,
    actor: Actor,
    kind: Kind,
    *,
    title: str,
    action: str,
    back: Way,
    values: Mapping[str, str],
    version: int = 0,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: Stands | None = None,
    lead: str = "",
    remove: str = "",
    names: Sequence[str] = (),
    has_on: bool = True,
    hidden: Sequence[str] = (),
) -> Response[bytes]:
    """The form of an entry, new or corrected, as it was filled in. `wrong` or `refusal`: why it
    comes back, with their status; `stands`: shown beside it; `remove`: where removal is
    asked for; `names`: the fields it shows, in this order (none: all), `hidden`: those it carries
    along unseen; without `has_on` its day follows from something else."""
    faults = wrong.faults if wrong else {}
    odd = wrong.odd if wrong and not faults else {}
    said = {name: _said(request, wrong, name, key) for name, key in faults.items()}
    if "error.own.empty" in faults.values():
        said |= _nothing_said(request, kind)
    odd_said = {name: _said(request, wrong, name, key) for name, key in odd.items()}
    labels = {
        name: label_of(request, kind, name) for name in (*WHEN, *(f.name for f in kind.fields))
    }
    shown = [each for each in kind.fields if not names or each.name in names]
    if names:
        shown.sort(key=lambda each: names.index(each.name))
    return await render(
        request,
        "book/form.html",
        actor,
        status=422 if wrong else refusal.status if refusal else 200,
        path=back.href,
        heading=title,
        lead=lead,
        action=action,
        back=back,
        error=why(request, refusal) if refusal else "",
        errors={
            name: text
            if name in WHEN or faults[name] == "error.own.empty"
            else say(request, "own.error.of", name=labels[name], text=text)
            for name, text in said.items()
        },
        labels=labels,
        odd=odd_said,
        sure=wrong.sure if wrong and not faults else "",
        now=stands_said(request, kind, stands, shown) if stands else [],
        version=stands.version if stands else version,
        has_time=kind.has_time,
        on=values.get("on", "") if has_on else None,
        time=values.get("time", ""),
        first=kind.earliest.isoformat(),
        last="" if kind.on_may_be_future else clock.today_in_japan().isoformat(),
        fields=[
            _field(request, kind, each, values, said.get(each.name) or odd_said.get(each.name, ""))
            for each in shown
        ],
        values={name: _odd_said(request, kind, name, values[name]) for name in odd},
        hidden={name: values.get(name, "") for name in hidden},
        remove=remove,
    )


async def removal(
    request: PortalRequest,
    actor: Actor,
    *,
    title: str,
    facts: Sequence[tuple[str, str]],
    action: str,
    back: Way,
    means: str = "",
) -> Response[bytes]:
    """Asks before an entry is removed for good."""
    return await render(
        request,
        "book/remove.html",
        actor,
        path=back.href,
        heading=title,
        facts=list(facts),
        action=action,
        back=back,
        means=means or say(request, "own.remove.means"),
    )


def facts_of(
    request: PortalRequest, kind: Kind, values: Mapping[str, str]
) -> list[tuple[str, str]]:
    """An entry's values in words: label and what it says, in the order of its form."""
    found = []
    for field in kind.fields:
        value = values.get(field.name, "")
        if value:
            found.append(
                (label_of(request, kind, field.name), value_said(request, kind, field, value))
            )
    return found


def stands_said(
    request: PortalRequest, kind: Kind, stands: Stands, shown: Sequence[Field]
) -> list[tuple[str, str]]:
    """Day and time, and the fields shown."""
    when = [
        (label_of(request, kind, name), _odd_said(request, kind, name, stands.values[name]))
        for name in WHEN
        if stands.values.get(name)
    ]
    names = {each.name for each in shown}
    values = {name: value for name, value in stands.values.items() if name in names}
    return when + facts_of(request, kind, values)


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


def place_of(entry_id: UUID | None) -> str:
    return "new" if entry_id is None else str(entry_id)


def _said(request: PortalRequest, wrong: EntryFaults | None, name: str, key: str) -> str:
    locale = preferences(request).locale
    return say(request, key, **(wrong.params_of(name, locale) if wrong else {}))


def _odd_said(request: PortalRequest, kind: Kind, name: str, value: str) -> str:
    field = kind.field(name)
    if field is not None:
        return value_said(request, kind, field, value)
    return (
        value
        if name == "time"
        else i18n.day(preferences(request).locale, date.fromisoformat(value))
    )


def _nothing_said(request: PortalRequest, kind: Kind) -> dict[str, str]:
    """Where a kind can say better what it needs at least."""
    key = f"error.own.empty.{kind.name}"
    is_told = i18n.has_text(preferences(request).locale, key)
    return {kind.fields[0].name: say(request, key)} if is_told else {}


def _field(
    request: PortalRequest, kind: Kind, field: Field, values: Mapping[str, str], error: str
) -> dict[str, object]:
    locale = preferences(request).locale
    hint = f"own.{kind.name}.{field.name}.hint"
    found: dict[str, object] = {
        "name": field.name,
        "shape": _SHAPES.get(
            type(field), "lines" if getattr(field, "has_lines", False) else "words"
        ),
        "label": label_of(request, kind, field.name),
        "hint": say(request, hint) if i18n.has_text(locale, hint) else "",
        "value": values.get(field.name, ""),
        "error": error,
        "is_required": field.is_required,
    }
    if isinstance(field, Number):
        found["unit"] = unit_of(request, field)
    if isinstance(field, Choice | Several):
        options = [
            (each.code, option_of(request, kind, field.name, each.code)) for each in field.options
        ]
        found["options"] = options
    if isinstance(field, Day):
        found["first"] = field.earliest.isoformat()
        found["last"] = "" if field.may_be_future else clock.today_in_japan().isoformat()
    return found
