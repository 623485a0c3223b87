"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import children, pregnancy, pregnancy_entries, vaccines

routes: list[ControllerRouterHandler] = [
    *children.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vaccines.routes,
]
