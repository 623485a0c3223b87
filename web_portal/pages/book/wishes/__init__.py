"""Wishes, whom to call, and documents."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.wishes import documents, pages, people

routes: list[ControllerRouterHandler] = [
    *documents.routes,
    *pages.routes,
    *people.routes,
]
