"""What a participant gave on enrolling, for them alone."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.enrolling import registered
from api.identity.guards import PORTAL, participants_only
from web_portal.page import PortalRequest, render, say


@get("/account/registration", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    found = await registered.registration(actor)
    given = found._asdict() if found else {}
    given.pop("recorded_at", None)
    facts = [(say(request, f"form.{name}"), value) for name, value in given.items() if value]
    return await render(request, "account/registration.html", actor, facts=facts)


routes: list[ControllerRouterHandler] = [show]
