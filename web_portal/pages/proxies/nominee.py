"""Somebody who was named for emergencies sees that records are open, where, and the directives."""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, participants_only
from api.records.emergency import nominees
from api.records.mapping import name_of
from api.records.own.plain import facts_of
from api.records.viewing import documents, plain
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.clinic.one import DOCUMENTS, attachment_lines, file_of
from web_portal.pages.records import fact_line

HERE = "/proxies/viewings"
_DIRECTIVE = f"{HERE}/{{session_id:uuid}}/{{record_id:uuid}}"


@get(HERE, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def viewings(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """Each look is in the log of whoever it is about."""
    found = await nominees.viewings(actor)
    locale = preferences(request).locale
    names = await directory.named(
        actor, (each.facility_id for one in found for each in one.viewings)
    )
    return await render(
        request,
        "proxies/viewings.html",
        actor,
        viewings=[
            {
                "id": each.session_id,
                "name": one.principal,
                "facility": names[each.facility_id].label(locale),
                "opened_at": each.opened_at,
                "until": each.until,
                "is_running": each.is_running,
            }
            for one in found
            for each in one.viewings
        ],
    )


@get(f"{HERE}/{{session_id:uuid}}", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], session_id: FromPath[UUID]
) -> Response[bytes]:
    found = await nominees.directives(actor, session_id)
    locale = preferences(request).locale
    held = [found.viewing.facility_id, *(each.facility_id for each in found.lines)]
    names = await directory.named(actor, held)
    return await render(
        request,
        "proxies/viewing.html",
        actor,
        session_id=session_id,
        name=found.principal,
        facility=names[found.viewing.facility_id].label(locale),
        opened_at=found.viewing.opened_at,
        until=found.viewing.until,
        directives=[
            {
                "id": each.record_id,
                "title": each.title or say(request, "nominee.directive"),
                "on": each.on,
                "facility": names[each.facility_id].label(locale),
            }
            for each in found.lines
        ],
    )


@get(_DIRECTIVE, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def directive(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    record_id: FromPath[UUID],
) -> Response[bytes]:
    body = await nominees.directive(actor, session_id, record_id)
    is_document = body.get("resourceType") in DOCUMENTS
    document = documents.document_of(body) if is_document else None
    narrative, _ = ("", False) if is_document else documents.safe(plain.narrative_of(body))
    said = (body.get(name) for name in ("title", "type"))
    return await render(
        request,
        "proxies/directive.html",
        actor,
        session_id=session_id,
        title=next(filter(None, map(name_of, said)), "") or say(request, "nominee.directive"),
        facts=[] if is_document else [fact_line(request, fact) for fact in facts_of(body)],
        sections=[
            each._asdict() | {"html": Markup(each.html)}  # noqa: S704 - made safe by nh3
            for each in (document.sections if document else ())
        ],
        narrative=Markup(narrative),  # noqa: S704 - made safe by nh3
        attachments=attachment_lines(request, body, f"{HERE}/{session_id}/{record_id}"),
    )


@get(
    f"{_DIRECTIVE}/attachments/{{place:int}}",
    guards=[participants_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def attachment(
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    record_id: FromPath[UUID],
    place: FromPath[int],
) -> Response[bytes]:
    body = await nominees.directive(actor, session_id, record_id)
    held = {each.place: each for each in documents.attachments_of(body)}
    chosen = held.get(place)
    if chosen is None or chosen.data is None:
        raise NotFound
    return file_of(chosen, record_id)


routes: list[ControllerRouterHandler] = [viewings, one, directive, attachment]
