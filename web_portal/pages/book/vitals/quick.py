"""Writing a measurement down in two taps, and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.entries.errors import NotTakingPart
from api.phr.entries.fields import Choice
from api.phr.entries.kinds import JAPAN, WHEN, Kind
from api.phr.entries.service import Entry
from api.phr.vitals import service
from api.phr.vitals.errors import VitalsFaults
from api.phr.vitals.figures import part_of
from api.phr.vitals.kinds import FIELDS, KINDS, OF_NAME, PRESSURE, PULSE
from web_portal.page import PortalRequest, render, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.saying import said_of
from web_portal.pages.book.vitals import words
from web_portal.pages.book.vitals.words import HERE

_MOST_IDS: Final = 10
Ids = Annotated[str, QueryParameter(max_length=400)]


class Undo(Struct):
    ids: Annotated[str, Meta(max_length=400)]


@get(HERE, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    kind: Annotated[str, QueryParameter(max_length=40)] = "",
    saved: Ids = "",
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
) -> Response[bytes]:
    now = clock.now().astimezone(JAPAN)
    values = {"on": now.date().isoformat(), "time": f"{now:%H:%M}"}
    kinds = [OF_NAME[kind]] if kind in OF_NAME else []
    return await _page(
        request, actor, kinds, values, saved=_ids(saved), is_removed=removed == "yes"
    )


@post(
    HERE,
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def save(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """Nothing typed is lost: whatever is wrong, the form comes back as it was filled in."""
    sent = await request.form()
    names = (*WHEN, "sure", "kinds", *(each.name for each in FIELDS))
    values = {name: text for name in names if isinstance(text := sent.get(name), str)}
    kinds = [each for each in KINDS if each.name in values.get("kinds", "").split()]
    fields = {name: values.get(name, "") for name in (*WHEN, *(each.name for each in FIELDS))}
    try:
        kept = await service.keep(actor, fields, values.get("sure", ""))
    except VitalsFaults as wrong:
        return await _page(request, actor, kinds, wrong.values, wrong=wrong)
    except NotTakingPart as refusal:
        error = frame.why(request, refusal)
        return await _page(request, actor, kinds, fields, error=error)
    ids = ",".join(str(each.entry_id) for each in kept)
    return Redirect(f"{HERE}?saved={ids}", status_code=303)


@post(f"{HERE}/undo", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def undo(actor: NamedDependency[Actor], data: URLEncodedBody[Undo]) -> Response[bytes]:
    await service.remove(actor, _ids(data.ids))
    return Redirect(f"{HERE}?removed=yes", status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    kinds: Sequence[Kind],
    values: Mapping[str, str],
    *,
    saved: Sequence[UUID] = (),
    is_removed: bool = False,
    wrong: VitalsFaults | None = None,
    error: str = "",
) -> Response[bytes]:
    today = clock.today_in_japan()
    lately = await service.lately(actor, today)
    kept = await service.several(actor, saved) if saved else []
    chosen = kinds or _used(lately.used)
    faults = said_of(request, wrong, wrong.faults) if wrong else {}
    odd = said_of(request, wrong, wrong.odd) if wrong and not wrong.faults else {}
    labels = {
        field.name: saying.label_of(request, kind, field.name)
        for kind in KINDS
        for field in kind.fields
    }
    newest: dict[str, Entry] = {}
    for each in lately.entries:
        newest.setdefault(each.kind, each)
    readings = service.readings(lately.week)
    status = 422 if wrong else 409 if error else 200
    return await render(
        request,
        "book/vitals/quick.html",
        actor,
        status=status,
        path=HERE,
        error=error,
        errors={
            name: said
            if name not in labels or (wrong and wrong.faults[name] == "error.own.empty")
            else say(request, "own.error.of", name=labels[name], text=said)
            for name, said in faults.items()
        },
        odd=odd,
        sure=wrong.sure if wrong and not wrong.faults else "",
        kinds=[_group(request, each, values, faults | odd) for each in chosen],
        others=[
            (each.name, words.title(request, each.name))
            for each in KINDS
            if each not in chosen and not (each is PULSE and PRESSURE in chosen)
        ],
        labels=labels,
        values={name: values.get(name, "") for name in (*WHEN, *(f.name for f in FIELDS))},
        part=part_of(values.get("time", "")),
        has_time=any(each.has_time for each in chosen),
        first=PRESSURE.earliest.isoformat(),
        last=today.isoformat(),
        week=words.week(request, PRESSURE, readings, today),
        newest=[
            (kind.name, words.shown(request, newest[kind.name]))
            for kind in KINDS
            if kind.name in newest
        ],
        saved=[words.shown(request, each) for each in kept],
        saved_ids=",".join(str(each.entry_id) for each in kept),
        is_removed=is_removed,
        month=f"{today:%Y-%m}",
    )


def _used(names: Sequence[str]) -> list[Kind]:
    """A pulse has its place beside the blood pressure."""
    found = [each for each in KINDS if each.name in names]
    if PRESSURE in found and PULSE in found:
        found.remove(PULSE)
    return found or [PRESSURE]


def _group(
    request: PortalRequest, kind: Kind, values: Mapping[str, str], wrong: Mapping[str, str]
) -> dict[str, object]:
    fields = []
    for field in kind.fields:
        is_choice = isinstance(field, Choice)
        fields.append(
            {
                "name": field.name,
                "label": saying.label_of(request, kind, field.name),
                "unit": "" if is_choice else words.unit(request, field.name),
                "value": values.get(field.name, ""),
                "error": wrong.get(field.name, ""),
                "is_required": getattr(field, "is_required", False),
                "options": [
                    (each.code, say(request, f"vitals.group.{each.code}")) for each in field.options
                ]
                if isinstance(field, Choice)
                else [],
                "keys": "decimal" if getattr(field, "decimals", 0) else "numeric",
            }
        )
    return {"name": kind.name, "title": words.title(request, kind.name), "fields": fields}


def _ids(text: str) -> list[UUID]:
    found = []
    for each in text.split(",")[:_MOST_IDS]:
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return found


routes: list[ControllerRouterHandler] = [show, save, undo]
