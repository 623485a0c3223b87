"""My log as a file: what this browser verifies, and what I may take elsewhere to be verified."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.access_log.showing import service
from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from api.proxies import safety as proxy_safety
from web_portal.page import PortalRequest

Size = Annotated[int, QueryParameter(ge=0, le=2**62)]
Kept = Annotated[Literal["", "yes"], QueryParameter()]
After = Annotated[int, QueryParameter(name="from", ge=0, le=2**62)]


@get("/access-log/bundle", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def bundle(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    since: Size = 0,
    after: After = 0,
    file: Kept = "",
) -> Response[bytes]:
    """`file`: to be kept, and not for the page that checks it."""
    if file:
        proxy_safety.refuse_file(actor)
    accepted = request.headers.get("accept-encoding", "")
    body, headers = await service.bundle(actor, since=since, after=after, accepted=accepted)
    return Response(body, media_type="application/json", headers=headers)


routes: list[ControllerRouterHandler] = [bundle]
