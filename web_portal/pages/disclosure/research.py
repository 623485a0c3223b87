"""Research and statistics: off unless chosen, apart from care."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.settings.switches import SetSecondaryUse
from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import CONSENT, PORTAL, participants_only
from web_portal.page import PortalRequest, preferences, say
from web_portal.pages.disclosure.frame import section, turn
from web_portal.pages.disclosure.said import code_name


@get(
    "/disclosure/research",
    guards=[participants_only],
    opt=PORTAL | CONSENT,
    include_in_schema=False,
)
async def research(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    items = [
        turn(
            code_name(request, "purpose", each.code),
            SetSecondaryUse(each.code, not each.is_on),
            on=each.is_on,
            detail=_detail(request, each.code),
            asks=not each.is_on,
        )
        for each in consent.summary_of(state).secondary_uses
    ]
    return await section(
        request,
        actor,
        "research",
        state,
        here="/disclosure/research",
        changed=changed,
        places=[each["place"] for each in items],
        items=items,
    )


def _detail(request: PortalRequest, purpose: str) -> str:
    """What it means, where this is a purpose we know."""
    key = f"disclosure.purpose.detail.{purpose}"
    return say(request, key) if i18n.has_text(preferences(request).locale, key) else ""


routes: list[ControllerRouterHandler] = [research]
