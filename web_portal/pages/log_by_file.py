"""How to check my log with a file and a program of one's own, trusting nobody here."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log.showing import service
from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, participants_only
from web_portal.page import PortalRequest, render, say


@get("/access-log/by-file", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def by_file(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await render(request, "access_log_by_file.html", actor, keys=await _keys(request))


async def _keys(request: PortalRequest) -> list[tuple[str, str]]:
    """The log's first key, to which every later one leads back, and those of its witnesses."""
    try:
        found = await service.keys()
    except NotFound:
        return []
    witnesses = [(say(request, "by_file.keys.witness"), str(each.key)) for each in found.witnesses]
    return [(say(request, "by_file.keys.log"), found.keys[-1]), *witnesses]


routes: list[ControllerRouterHandler] = [by_file]
