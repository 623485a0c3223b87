"""Facilities that join later: covered after a notice, or only when I say so."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.recipients import NOTICE
from api.consent.settings.switches import SetAskFirst, SetFacility
from api.core.actor import Actor
from api.directory.service import FacilityLine
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.support import own
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import section, turn, wish
from web_portal.pages.disclosure.said import about_facility, day_said


@get(
    "/disclosure/new-facilities",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def new_facilities(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    asks = state.directive.asks_first_since is not None
    ask = turn(
        say(request, "disclosure.ask_first"),
        SetAskFirst(not asks),
        on=asks,
        detail=say(request, "disclosure.ask_first.detail"),
    )
    return await section(
        request,
        actor,
        "new_facilities",
        state,
        here="/disclosure/new-facilities",
        changed=changed,
        places=[ask["place"]],
        ask=ask,
        waiting=[_waiting(request, each, asks) for each in await own.waiting_facilities(actor)],
    )


def _waiting(request: PortalRequest, line: FacilityLine, asks: bool) -> dict[str, str]:
    """Both answers; unanswered, it opens after its notice unless the person wants to be asked."""
    opens_on = day_said(request, line.joined_at + NOTICE)
    key = "disclosure.waiting.asks" if asks else "disclosure.waiting.opens"
    return {
        "name": line.label(preferences(request).locale),
        "about": about_facility(request, line),
        "then": say(request, key, **({} if asks else {"day": opens_on})),
        "on": wish(SetFacility(line.facility_id, True)),
        "off": wish(SetFacility(line.facility_id, False)),
    }


routes: list[ControllerRouterHandler] = [new_facilities]
