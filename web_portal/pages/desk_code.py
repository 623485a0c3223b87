"""Eight digits to tell at a desk: shown once, good for half an hour."""

from typing import Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent import service as consent
from api.consent.agreeing import desk_code
from api.consent.agreeing.desk_code import DeskCode
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest, render

PATH = "/disclosure/desk-code"


class Make(Struct):
    level: Literal["yes", "no"] = "no"


@get(PATH, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def desk_code_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor, None)


@post(
    PATH,
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def make(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Make]
) -> Response[bytes]:
    """Answers with the code itself: it stands in no address and is not kept."""
    return await _page(request, actor, await desk_code.make(actor, level=int(data.level == "yes")))


@post(f"{PATH}/cancel", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def cancel(actor: NamedDependency[Actor]) -> Response[bytes]:
    await desk_code.cancel(actor)
    return Redirect(PATH, status_code=303)


async def _page(request: PortalRequest, actor: Actor, made: DeskCode | None) -> Response[bytes]:
    state = await consent.settings(actor)
    return await render(
        request,
        "desk_code.html",
        actor,
        path=PATH,
        is_participating=state.participation.state == "participating",
        code=made.grouped if made else None,
        waiting=await desk_code.waiting(actor),
    )


routes: list[ControllerRouterHandler] = [desk_code_page, make, cancel]
