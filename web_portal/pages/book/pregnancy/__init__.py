"""The record of a pregnancy."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.pregnancy import ending, entries, pages

routes: list[ControllerRouterHandler] = [
    *ending.routes,
    *entries.routes,
    *pages.routes,
]
