"""A quiet place: from one tap on nobody acts for the person any more, and nobody is told."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from api.proxies import safety, service
from web_portal.page import PortalRequest, render

HERE = "/proxies/private"


@get(HERE, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await service.mine(actor)
    return await render(request, "proxies/private.html", actor, is_on=found.is_safe)


@post(HERE, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def turn_on(actor: NamedDependency[Actor]) -> Response[bytes]:
    await safety.go_safe(actor)
    return Redirect(HERE, status_code=303)


routes: list[ControllerRouterHandler] = [show, turn_on]
