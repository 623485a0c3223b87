"""The record of a pregnancy."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.pregnancy import entries, pages

routes: list[ControllerRouterHandler] = [
    *entries.routes,
    *pages.routes,
]
