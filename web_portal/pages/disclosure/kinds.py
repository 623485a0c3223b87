"""Which professions see, and which kinds of record: a switch each."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.consent import service as consent
from api.consent.settings.summary import Switch
from api.consent.settings.switches import SetCategory, SetProfession
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest, say
from web_portal.pages.disclosure.frame import Turn, section, turn
from web_portal.pages.disclosure.said import code_name, end_said


@get(
    "/disclosure/professions",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def professions(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    items = [
        _item(
            request,
            code_name(request, "profession", each.code),
            each,
            SetProfession(each.code, not each.is_on),
        )
        for each in consent.summary_of(state).professions
    ]
    return await section(
        request,
        actor,
        "professions",
        state,
        here="/disclosure/professions",
        changed=changed,
        places=[each["place"] for each in items],
        items=items,
    )


@get(
    "/disclosure/categories",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def categories(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    items = [
        _item(
            request,
            code_name(request, "category", each.code),
            each,
            SetCategory(each.code, not each.is_on),
        )
        for each in consent.summary_of(state).categories
    ]
    return await section(
        request,
        actor,
        "categories",
        state,
        here="/disclosure/categories",
        changed=changed,
        places=[each["place"] for each in items],
        items=items,
    )


def _item(
    request: PortalRequest, label: str, switch: Switch, command: SetProfession | SetCategory
) -> Turn:
    """What nobody may see by the network's rules cannot be turned on here; off is looked at
    first."""
    is_closed = not switch.is_on and switch.by == "network"
    detail = say(request, "disclosure.by_network") if is_closed else end_said(request, switch.row)
    return turn(label, command, on=switch.is_on, detail=detail, asks=switch.is_on)


routes: list[ControllerRouterHandler] = [professions, categories]
