"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import children

routes: list[ControllerRouterHandler] = [
    *children.routes,
]
