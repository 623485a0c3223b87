"""Checkups side by side, one value over the years, and one typed in from its paper."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.checkups import form, pages, trend

routes: list[ControllerRouterHandler] = [
    *form.routes,
    *pages.routes,
    *trend.routes,
]
