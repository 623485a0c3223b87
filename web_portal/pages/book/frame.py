"""What the pages of every book share: a form for any kind of entry, and asking before removal."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar.response import Response

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.phr.entries.errors import EntryFaults
from api.phr.entries.fields import Choice, Day, Field, Flag, Number, Several
from api.phr.entries.kinds import WHEN, Kind
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.book.saying import (
    Naming,
    held_said,
    label_of,
    nothing_said,
    option_of,
    said_of,
    typed_said,
    unit_of,
)

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


class Filled(NamedTuple):
    """What a form says of what was typed, whatever it looks like: `told` of each field, and for
    its page why it comes back, what is asked once, what stands by now, and the day."""

    told: Mapping[str, str]
    page: Mapping[str, Any]


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
    shown = [each for each in kind.fields if not names or each.name in names]
    if names:
        shown.sort(key=lambda each: names.index(each.name))
    told, page = filled(
        request, kind, shown, values, version, wrong=wrong, refusal=refusal, stands=stands
    )
    return await render(
        request,
        "book/form.html",
        actor,
        path=back.href,
        heading=title,
        lead=lead,
        action=action,
        back=back,
        has_time=kind.has_time,
        time=values.get("time", ""),
        fields=[_field(request, kind, each, values, told.get(each.name, "")) for each in shown],
        values={name: typed_said(request, kind, name, values[name]) for name in page["odd"]},
        hidden={name: values.get(name, "") for name in hidden},
        remove=remove,
        **page if has_on else {**page, "on": None},
    )


def filled(
    request: PortalRequest,
    kind: Kind,
    shown: Sequence[Field],
    values: Mapping[str, str],
    version: int,
    *,
    wrong: EntryFaults | None,
    refusal: Problem | None,
    stands: Stands | None,
    naming: Naming | None = None,
) -> Filled:
    """`naming`: where a kind's are not as everywhere; each fault is told by it then."""
    call = naming.label if naming else label_of
    when = WHEN if kind.has_time else WHEN[:1]
    labels = {name: call(request, kind, name) for name in (*when, *(f.name for f in kind.fields))}
    faults = wrong.faults if wrong else {}
    is_odd = wrong is not None and not faults
    said = said_of(request, wrong, faults)
    if "error.own.empty" in faults.values():
        said |= nothing_said(request, kind)
    odd = said_of(request, wrong, wrong.odd) if wrong and is_odd else {}
    page = {
        "status": 422 if wrong else refusal.status if refusal else 200,
        "error": why(request, refusal) if refusal else "",
        "errors": {
            name: text
            if not naming and (name in WHEN or faults[name] == "error.own.empty")
            else say(request, "own.error.of", name=labels[name], text=text)
            for name, text in said.items()
        },
        "labels": labels,
        "odd": odd,
        "sure": wrong.sure if wrong and is_odd else "",
        "now": held_said(request, kind, stands.values, shown, naming) if stands else [],
        "version": stands.version if stands else version,
        "on": values.get("on", ""),
        "first": kind.earliest.isoformat(),
        "last": "" if kind.on_may_be_future else clock.today_in_japan().isoformat(),
    }
    return Filled(said | odd, page)


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


def place_of(entry_id: UUID | None) -> str:
    return "new" if entry_id is None else str(entry_id)


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
