"""The ways of letting people in that this network offers: one of them holds."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.lifecycle import schemes
from api.consent.lifecycle.schemes import SchemeOffer
from api.consent.settings.switches import ChooseScheme
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest, preferences
from web_portal.pages.disclosure.frame import section, wish

HERE = "/disclosure/scheme"


@get(HERE, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def scheme(
    request: PortalRequest, actor: NamedDependency[Actor], changed: FromQuery[int | None] = None
) -> Response[bytes]:
    """There is no such page where nobody picks."""
    locale = preferences(request).locale
    offered = schemes.offers(locale)
    if not offered:
        raise NotFound
    state, chosen = await consent.settings(actor), await schemes.chosen(actor)
    notice = directory.profile().consent.notice
    return await section(
        request,
        actor,
        "scheme",
        state,
        here=HERE,
        changed=changed,
        schemes=[_shown(each, chosen) for each in offered],
        notice=notice.said(locale) if notice else "",
        is_participating=consent.state_now(state.participation) == "participating",
    )


def _shown(offer: SchemeOffer, chosen: str) -> dict[str, object]:
    return {
        "code": offer.code,
        "name": offer.name,
        "explanation": offer.explanation,
        "is_chosen": offer.code == chosen,
        "change": wish(ChooseScheme(code=offer.code)),  # type: ignore[arg-type]
    }


routes: list[ControllerRouterHandler] = [scheme]
