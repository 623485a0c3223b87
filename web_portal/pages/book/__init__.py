"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import (
    bring_in,
    hub,
    out,
    pregnancy,
    pregnancy_entries,
    vitals,
)

routes: list[ControllerRouterHandler] = [
    *hub.routes,
    *bring_in.routes,
    *out.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vitals.routes,
]
