"""One access decided once more, from the settings of that moment: does it come out the same?"""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import LOG, PORTAL, participants_only
from api.support.reading import service as reading
from api.support.replay import Replay, replay
from web_portal.page import PortalRequest, preferences, render, say


@get(
    "/access-log/{number:int}",
    guards=[participants_only],
    opt=PORTAL | LOG,
    include_in_schema=False,
)
async def decided_again(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    number: Annotated[int, PathParameter(ge=1, le=2**62)],
) -> Response[bytes]:
    """404 for a number the log does not have, and for events that decided nothing."""
    found = await replay(actor, number)
    locale = preferences(request).locale
    view = await reading.log(actor, locale, before=number + 1, count=1)
    return await render(
        request,
        "decided_again.html",
        actor,
        path=f"/access-log/{number}",
        row=view.lines[0],
        agrees=found.agrees,
        used=_used(request, found),
    )


def _used(request: PortalRequest, found: Replay) -> list[tuple[str, str]]:
    """What the decision was made from, and which version of it."""
    versions = {
        "settings": found.settings,
        "participation": found.participation,
        "residence": found.residence,
        "network": found.profile_version,
    }
    return [
        (
            say(request, f"decided_again.used.{name}"),
            say(request, "decided_again.version", version=version)
            if version
            else say(request, "decided_again.no_version"),
        )
        for name, version in versions.items()
    ]


routes: list[ControllerRouterHandler] = [decided_again]
