"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import pregnancy, pregnancy_entries

routes: list[ControllerRouterHandler] = [
    *pregnancy.routes,
    *pregnancy_entries.routes,
]
