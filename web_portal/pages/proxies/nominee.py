"""Somebody who was named for emergencies sees that records are open, where, and the directives."""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, participants_only
from api.records.emergency import nominees
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages import opened

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
    here = f"{HERE}/{session_id}/{record_id}"
    return await render(
        request,
        "proxies/directive.html",
        actor,
        session_id=session_id,
        **opened.shown(request, body, here, "nominee.directive"),
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
    return opened.attached(body, record_id, place)


routes: list[ControllerRouterHandler] = [viewings, one, directive, attachment]
