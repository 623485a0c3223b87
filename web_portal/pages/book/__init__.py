"""The pages of what participants write themselves, book by book."""

from typing import Final

from litestar import Router
from litestar.types import ControllerRouterHandler

from api.phr.entries import once
from web_portal.page import ONCE, PortalRequest
from web_portal.pages.book import (
    bring_in,
    checkups,
    children,
    hub,
    notes,
    out,
    pregnancy,
    vaccines,
    vitals,
    wishes,
)

_TYPED: Final = "application/x-www-form-urlencoded"


async def _remember(request: PortalRequest) -> None:
    """Which form this answers."""
    if request.headers.get("content-type", "").startswith(_TYPED):
        drawn = (await request.form()).get(ONCE)
        once.form.set(drawn[:40] if isinstance(drawn, str) else "")


async def _forget(_: PortalRequest) -> None:
    once.form.set("")


routes: list[ControllerRouterHandler] = [
    Router(
        path="/",
        before_request=_remember,
        after_response=_forget,
        route_handlers=[
            *hub.routes,
            *bring_in.routes,
            *checkups.routes,
            *children.routes,
            *notes.routes,
            *out.routes,
            *pregnancy.routes,
            *vaccines.routes,
            *vitals.routes,
            *wishes.routes,
        ],
    )
]
