"""What the network has told me."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from notifications import service as notifications
from notifications.service import Notice
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say

ON_A_PAGE = 20
# Where each notice leads, filled with its params; a change by others, to where it is taken back.
LEADS_TO = {
    "welcome": "/disclosure",
    "participation_resumed": "/disclosure",
    "participation_withdrawn": "/disclosure/participation",
    "access_asked": "/disclosure/requests",
    "settings_desk_code": "/disclosure/requests#agreed",
    "settings_delegation": "/disclosure/requests#agreed",
    "settings_paper": "/disclosure?changed={version}",
    "settings_import": "/disclosure?changed={version}",
}


@get("/inbox", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def inbox(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    notices, total = await notifications.inbox(actor, page=page, count=ON_A_PAGE)
    return await render(
        request,
        "inbox.html",
        actor,
        notices=[_shown(request, notice) for notice in notices],
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


def _shown(request: PortalRequest, notice: Notice) -> dict[str, object]:
    params = notice.params_in(preferences(request).locale)
    return {
        "id": notice.notice_id,
        "at": notice.created_at,
        "title": say(request, f"notice.{notice.event}.title", **params),
        "body": say(request, f"notice.{notice.event}.body", **params),
        "is_unread": notice.is_unread,
        "href": LEADS_TO[notice.event].format_map(params) if notice.event in LEADS_TO else None,
    }


routes: list[ControllerRouterHandler] = [inbox]
