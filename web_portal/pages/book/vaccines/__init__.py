"""Vaccines of a child or of oneself."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.vaccines import pages

routes: list[ControllerRouterHandler] = [
    *pages.routes,
]
