"""Taking part in the network, and leaving it."""

from typing import Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent import leaving
from api.consent import service as consent
from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from web_portal.page import PortalRequest, render
from web_portal.pages.disclosure.frame import to


class Participate(Struct):
    state: Literal["participating", "withdrawn"]
    undo: Literal["yes", "no"] = "no"


@get("/disclosure/participation", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def participation(
    request: PortalRequest, actor: NamedDependency[Actor], changed: FromQuery[str] = ""
) -> Response[bytes]:
    state = (await consent.settings(actor)).participation
    return await render(
        request,
        "disclosure/participation.html",
        actor,
        state=state.state,
        data_from=state.data_from,
        is_new=changed == state.state,
    )


@post("/disclosure/participation", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def take_part(
    actor: NamedDependency[Actor], data: URLEncodedBody[Participate]
) -> Response[bytes]:
    state = await leaving.take_part(actor, data.state, is_undo=data.undo == "yes")
    return to(f"/disclosure/participation?changed={state.participation.state}")


routes: list[ControllerRouterHandler] = [participation, take_part]
