"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

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

routes: list[ControllerRouterHandler] = [
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
]
