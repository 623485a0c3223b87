"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import (
    bring_in,
    children,
    hub,
    out,
    pregnancy,
    pregnancy_entries,
    vaccines,
    vitals,
)

routes: list[ControllerRouterHandler] = [
    *hub.routes,
    *bring_in.routes,
    *out.routes,
    *children.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vaccines.routes,
    *vitals.routes,
]
