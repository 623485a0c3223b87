"""Who looked at my records, when, what, and why."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.access_log import auditing
from api.access_log.filters import Kind
from api.access_log.showing import service as proofs
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import PersonLine
from api.identity.guards import LOG, PORTAL, participants_only
from api.support.errors import FilterFaults
from api.support.reading import exporting, service
from api.support.reading.asked import Asked
from api.support.reading.digest import Month
from api.support.reading.exporting import Form
from api.support.reading.log_lines import purpose_said
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say

HERE = "/access-log"
ON_A_PAGE = 20

Text = Annotated[str, QueryParameter(max_length=100)]
Number = Annotated[int | None, QueryParameter(ge=0, le=2**62)]
Kept = Annotated[str, Meta(max_length=100)]
Options = list[tuple[str, str]]


@get(HERE, guards=[participants_only], opt=PORTAL | LOG, include_in_schema=False)
async def access_log(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    kind: Text = "",
    facility: Text = "",
    professional: Text = "",
    who: Text = "",
    purpose: Text = "",
    emergency: Text = "",
    denied: Text = "",
    since: Text = "",
    until: Text = "",
    q: Text = "",
    page: PageNumber = 1,
    upto: Number = None,
) -> Response[bytes]:
    """`upto`, the newest event when the first page was shown, keeps later pages where they were."""
    asked = Asked(kind, facility, professional, who, purpose, emergency, denied, since, until, q)
    locale, chosen = preferences(request).locale, asked.chosen
    view, faults = None, {}
    try:
        view = await service.log(
            actor, locale, asked, upto=upto, skip=(page - 1) * ON_A_PAGE, count=ON_A_PAGE
        )
    except FilterFaults as fault:
        faults = {name: say(request, key) for name, key in fault.fields.items()}
    options = await _options(request, actor)
    return await render(
        request,
        "access_log.html",
        actor,
        status=422 if faults else 200,
        path=_address(chosen),
        rows=view.lines if view else [],
        total=view.total if view else 0,
        chosen=chosen,
        values=structs.asdict(asked),
        errors=faults,
        options=options,
        narrowed=[] if faults else _narrowed(request, asked, options),
        person=await _person(request, actor, asked) if not faults else None,
        month=str(Month.of(clock.now())),
        check={
            "participant": str(actor.participant_id),
            "witnesses": [str(each.key) for each in proofs.witnesses()],
        },
        trouble=await auditing.trouble(actor),
        pager={"page": page, "pages": pages_of(view.total if view else 0, ON_A_PAGE)},
        here=_address(chosen, **({"upto": str(view.upto)} if view else {})),
        searched=service.MOST_SEARCHED,
        older=_address(chosen, upto=str(view.searched_to - 1))
        if view and view.searched_to
        else None,
    )


class Wish(Struct):
    """What the page was narrowed to, and the form it is taken out in."""

    format: Form
    kind: Kept = ""
    facility: Kept = ""
    professional: Kept = ""
    who: Kept = ""
    purpose: Kept = ""
    emergency: Kept = ""
    denied: Kept = ""
    since: Kept = ""
    until: Kept = ""
    q: Kept = ""


@post(f"{HERE}/export", guards=[participants_only], opt=PORTAL | LOG, include_in_schema=False)
async def export(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Wish]
) -> Response[bytes]:
    """A file; that it was taken out is in the log from then on."""
    asked = Asked(**{name: getattr(data, name) for name in Asked.__struct_fields__})
    made = await exporting.export(actor, preferences(request).locale, asked, data.format)
    return Response(
        made.content,
        status_code=200,
        media_type=made.media_type,
        headers={"content-disposition": f'attachment; filename="{made.file_name}"'},
    )


async def _options(request: PortalRequest, actor: Actor) -> dict[str, Options]:
    """What there is in this log to choose from; the kinds always, so that none seems forgotten."""
    locale = preferences(request).locale
    found = await service.choices(actor, locale)

    def counted(name: str, count: int) -> str:
        return say(request, "access_log.filter.option", name=name, count=count)

    return {
        "kind": [(kind.value, say(request, f"access_log.kind_of.{kind}")) for kind in Kind],
        "facility": [(str(each), counted(name, n)) for each, name, n in found.facilities],
        "purpose": [(code, counted(purpose_said(code, locale), n)) for code, n in found.purposes],
    }


def _narrowed(request: PortalRequest, asked: Asked, options: Mapping[str, Options]) -> list[str]:
    """What the list is narrowed to, in words; one professional stands in a card of their own."""
    said = []
    for name, text in asked.chosen.items():
        if name == "professional":
            continue
        shown: str = dict(options.get(name, ())).get(text, text)
        if name in ("since", "until"):
            shown = i18n.day(preferences(request).locale, date.fromisoformat(text))
        said.append(say(request, f"access_log.narrowed.{name}", value=shown))
    return said


async def _person(request: PortalRequest, actor: Actor, asked: Asked) -> Mapping[str, str] | None:
    """The one professional shown, and the address without that choice."""
    if not asked.professional:
        return None
    found = await directory.people(actor, [UUID(asked.professional)])
    line: PersonLine = next(iter(found.values()))
    rest = {name: text for name, text in asked.chosen.items() if name != "professional"}
    return {
        "name": line.name,
        "facility": line.facility_label(preferences(request).locale),
        "others": _address(rest),
    }


def _address(chosen: Mapping[str, str], **more: str) -> str:
    query = {**chosen, **more}
    return f"{HERE}?{urlencode(query)}" if query else HERE


routes: list[ControllerRouterHandler] = [access_log, export]
