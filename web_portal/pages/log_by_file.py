"""How to check my log with a file and a program of one's own, trusting nobody here."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log.witnessing.listed import Witness, read_witnesses
from api.core import runtime
from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from web_portal.page import PortalRequest, render, say


@get("/access-log/by-file", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def by_file(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    keys = [(say(request, "by_file.keys.witness"), str(each.key)) for each in witnesses()]
    return await render(request, "access_log_by_file.html", actor, keys=keys)


def witnesses() -> tuple[Witness, ...]:
    return read_witnesses(runtime.settings().home / "witnesses")


routes: list[ControllerRouterHandler] = [by_file]
