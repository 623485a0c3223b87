"""One tap between oneself and the person one acts for."""

from typing import Final
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core.actor import Actor, Power
from api.identity import service as identity
from api.identity.guards import ANYBODY, PORTAL, SESSION_COOKIE, participants_only
from api.proxies import service
from api.proxies.errors import UnknownProxy
from web_portal.page import PortalRequest

# The first page there is for who has only this power.
FIRST_PAGE: Final = {
    Power.VIEW: "/home",
    Power.SETTINGS: "/disclosure",
    Power.LOG: "/access-log",
    Power.CONSENT: "/disclosure/participation",
    Power.NOTICES: "/inbox",
    Power.PROXY_ADMIN: "/proxies",
}


class Principal(Struct):
    principal: UUID


@post("/acting", guards=[participants_only], opt=PORTAL | ANYBODY, include_in_schema=False)
async def begin(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Principal]
) -> Response[bytes]:
    proxy = await service.acting(actor, data.principal)
    if proxy is None or proxy.powers is None:
        raise UnknownProxy
    await identity.act_for(request.cookies.get(SESSION_COOKIE, ""), data.principal)
    powers = proxy.powers
    first = next((FIRST_PAGE[each] for each in FIRST_PAGE if each in powers), "/home")
    return Redirect(first, status_code=303)


@post("/acting/myself", guards=[participants_only], opt=PORTAL | ANYBODY, include_in_schema=False)
async def end(request: PortalRequest) -> Response[bytes]:
    await identity.act_for(request.cookies.get(SESSION_COOKIE, ""), None)
    return Redirect("/home", status_code=303)


routes: list[ControllerRouterHandler] = [begin, end]
