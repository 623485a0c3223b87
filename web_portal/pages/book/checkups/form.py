"""A checkup typed in from its paper, corrected, removed."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.checkup.items import ANSWERED, ITEMS, PARTS
from api.phr.checkup.kinds import CHECKUP, PROGRAMS
from api.phr.entries.errors import EntryChanged, EntryFaults, NotTakingPart
from api.phr.entries.fields import Choice, Field, Number
from api.phr.entries.kinds import Kind
from api.records.checkups import service
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.checkups.pages import HERE
from web_portal.pages.book.checkups.words import answer_said, item_said, unit_said
from web_portal.pages.book.saying import Naming

_PART_OF: Final = {item.name: item.part for item in ITEMS}
_ANSWERS: Final = {item.name: item.answers for item in ANSWERED}


@get(f"{HERE}/new", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def new(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _form(request, actor, None, {})


@post(
    f"{HERE}/new",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def add(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _save(request, actor, None)


@get(
    f"{HERE}/{{checkup_id:uuid}}/edit",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def edit(
    request: PortalRequest, actor: NamedDependency[Actor], checkup_id: FromPath[UUID]
) -> Response[bytes]:
    entry = await service.typed(actor, checkup_id)
    return await _form(request, actor, checkup_id, entry.values, version=entry.version)


@post(
    f"{HERE}/{{checkup_id:uuid}}/edit",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def change(
    request: PortalRequest, actor: NamedDependency[Actor], checkup_id: FromPath[UUID]
) -> Response[bytes]:
    return await _save(request, actor, checkup_id)


@get(
    f"{HERE}/{{checkup_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest, actor: NamedDependency[Actor], checkup_id: FromPath[UUID]
) -> Response[bytes]:
    entry = await service.typed(actor, checkup_id)
    day = i18n.day(preferences(request).locale, entry.on)
    count = sum(name in _PART_OF for name in entry.values)
    return await frame.removal(
        request,
        actor,
        title=say(request, "my_checkups.remove.title"),
        facts=[
            (say(request, "my_checkups.fact.on"), day),
            (say(request, "my_checkups.fact.count"), str(count)),
        ],
        action=f"{HERE}/{checkup_id}/remove",
        back=frame.Way(f"{HERE}/{checkup_id}", say(request, "my_checkups.one.title", day=day)),
    )


@post(
    f"{HERE}/{{checkup_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(actor: NamedDependency[Actor], checkup_id: FromPath[UUID]) -> Response[bytes]:
    await service.remove(actor, checkup_id)
    return Redirect(f"{HERE}?removed=yes", status_code=303)


async def _save(request: PortalRequest, actor: Actor, checkup_id: UUID | None) -> Response[bytes]:
    """What was typed stays, whatever is wrong with it."""
    fields = await frame.typed(request, CHECKUP)
    version = frame.version_in(fields)
    try:
        entry = await service.write(
            actor,
            fields,
            sure=fields.get("sure", ""),
            checkup_id=checkup_id,
            version=version,
        )
    except EntryFaults as wrong:
        return await _form(request, actor, checkup_id, wrong.values, version=version, wrong=wrong)
    except (EntryChanged, NotTakingPart) as refusal:
        stands = None
        if checkup_id and isinstance(refusal, EntryChanged):
            by_now = await service.typed(actor, checkup_id)
            stands = frame.Stands(by_now.values, by_now.version)
        return await _form(
            request, actor, checkup_id, fields, version=version, refusal=refusal, stands=stands
        )
    return Redirect(f"{HERE}/{entry.entry_id}?saved=yes", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    checkup_id: UUID | None,
    values: Mapping[str, str],
    *,
    version: int = 0,
    wrong: EntryFaults | None = None,
    refusal: Problem | None = None,
    stands: frame.Stands | None = None,
) -> Response[bytes]:
    told, page = frame.filled(
        request,
        CHECKUP,
        CHECKUP.fields,
        values,
        version,
        wrong=wrong,
        refusal=refusal,
        stands=stands,
        naming=Naming(_label, _value_said),
    )
    fields = [_field(request, each, values, told.get(each.name, "")) for each in CHECKUP.fields]
    path = f"{HERE}/new" if checkup_id is None else f"{HERE}/{checkup_id}/edit"
    return await render(
        request,
        "book/checkups/form.html",
        actor,
        path=path,
        action=path,
        is_new=checkup_id is None,
        back=HERE if checkup_id is None else f"{HERE}/{checkup_id}",
        on_error=told["on"] if "on" in page["errors"] else "",
        values=dict(values),
        head=[each for each in fields if each["name"] not in _PART_OF],
        parts=[
            {
                "name": say(request, f"my_checkups.part.{part}"),
                "key": part,
                "fields": [each for each in fields if _PART_OF.get(str(each["name"])) == part],
            }
            for part in PARTS
        ],
        **page,
    )


def _label(request: PortalRequest, _: Kind, name: str) -> str:
    if name in _PART_OF:
        return item_said(request, name)
    return say(request, f"my_checkups.fact.{name}")


def _value_said(request: PortalRequest, _: Kind, field: Field, value: str) -> str:
    if isinstance(field, Number):
        return f"{value}\u00a0{unit_said(field.unit)}".strip()
    if isinstance(field, Choice):
        return dict(_options(request, field)).get(value, value)
    return value


def _field(
    request: PortalRequest, field: Field, values: Mapping[str, str], error: str
) -> dict[str, object]:
    hint = f"my_checkups.hint.{field.name}"
    is_hinted = i18n.has_text(preferences(request).locale, hint)
    found: dict[str, object] = {
        "name": field.name,
        "shape": "words",
        "label": _label(request, CHECKUP, field.name),
        "hint": say(request, hint) if is_hinted else "",
        "value": values.get(field.name, ""),
        "error": error,
        "unit": "",
    }
    if isinstance(field, Number):
        found |= {"shape": "number", "unit": unit_said(field.unit)}
    elif isinstance(field, Choice):
        found |= {"shape": "select", "options": _options(request, field)}
    return found


def _options(request: PortalRequest, field: Choice) -> list[tuple[str, str]]:
    nothing = [("", say(request, "own.not_said"))]
    if field.name == "program":
        return nothing + [(each, say(request, f"my_checkups.program.{each}")) for each in PROGRAMS]
    answers = _ANSWERS[field.name]
    return nothing + [
        (code, answer_said(request, field.name, code, text)) for code, text in answers
    ]


routes: list[ControllerRouterHandler] = [new, add, edit, change, ask_removal, remove]
