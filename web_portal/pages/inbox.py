"""What the network has told me."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import NOTICES, PORTAL, participants_only
from notifications import service as notifications
from notifications.service import Notice
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render

ON_A_PAGE = 20
LEADS_TO = {
    "welcome": "/disclosure",
    "participation_resumed": "/disclosure",
    "participation_withdrawn": "/disclosure/participation",
    "terms_asked": "/participation/terms",
    "terms_accepted": "/disclosure/participation",
    "terms_refused": "/disclosure/participation",
    "terms_called_off": "/disclosure/participation",
    "access_asked": "/disclosure/requests",
    "settings_desk_code": "/disclosure/requests#agreed",
    "settings_delegation": "/disclosure/requests#agreed",
    "facility_joins": "/disclosure",
    "facility_asks": "/disclosure",
    "paper_participate": "/disclosure/participation",
    "paper_refuse": "/disclosure/participation",
    **dict.fromkeys(("proxy_asked", "proxy_confirmed", "proxy_granted", "proxy_ended"), "/proxies"),
    **dict.fromkeys(("proxy_witnessed", "proxy_ends", "acting_ends"), "/proxies"),
    **dict.fromkeys(("of_another", "emergency_of_another"), "/proxies"),
    "app_ends": "/account/apps",
    **dict.fromkeys(("closing_begun", "closing_near", "closing_called_off"), "/account/closing"),
    **dict.fromkeys(("export_ready", "export_failed"), "/book/out"),
    **dict.fromkeys(("import_done", "import_failed"), "/book/bring-in"),
    "digest": "/access-log/months/{month}",
    "first_access": "/access-log",
    "grant_ends": "/disclosure",
    **dict.fromkeys(("checkup_due", "immunisation_due"), "/book"),
    "new_device": "/account/sessions",
    **dict.fromkeys(("emergency_opened", "emergency_reviewed"), "/disclosure/emergency"),
    "proxy_acted": "/access-log",
    **dict.fromkeys(
        ("question_received", "question_answered", "question_content", "question_reopened"),
        "/access-log/{number}/question",
    ),
}


@get("/inbox", guards=[participants_only], opt=PORTAL | NOTICES, include_in_schema=False)
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
    title, body = notifications.said(notice, preferences(request).locale)
    return {
        "id": notice.notice_id,
        "at": notice.created_at,
        "title": title,
        "body": body,
        "is_unread": notice.is_unread,
        "href": _way(notice),
    }


def _way(notice: Notice) -> str | None:
    way = LEADS_TO.get(notice.event)
    return way and way.format_map(notice.params)


routes: list[ControllerRouterHandler] = [inbox]
