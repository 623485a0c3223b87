"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import vitals

routes: list[ControllerRouterHandler] = [
    *vitals.routes,
]
