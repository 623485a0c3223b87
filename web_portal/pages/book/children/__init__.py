"""Children's books: growth on the national curves, checkups, milestones, and handing one over."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.children import books, entries, handing, one

routes: list[ControllerRouterHandler] = [
    *books.routes,
    *one.routes,
    *entries.routes,
    *handing.routes,
]
