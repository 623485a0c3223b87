"""Who looked at my records, when, what, and why."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, participants_only
from api.support import own
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render

ON_A_PAGE = 20


@get("/access-log", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def access_log(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    locale = preferences(request).locale
    view = await own.log(actor, locale, count=ON_A_PAGE)
    if page > 1:  # events are numbered from 1 without gaps, so a page begins at a known number
        before = max(1, view.total + 1 - (page - 1) * ON_A_PAGE)
        view = await own.log(actor, locale, before=before, count=ON_A_PAGE)
    return await render(
        request,
        "access_log.html",
        actor,
        rows=view.lines,
        pager={"page": page, "pages": pages_of(view.total, ON_A_PAGE)},
    )


routes: list[ControllerRouterHandler] = [access_log]
