"""The book of one's own measurements: quick entry, lists and charts, a month, files."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.vitals import file, kind, month, one, quick

routes: list[ControllerRouterHandler] = [
    *quick.routes,
    *kind.routes,
    *month.routes,
    *one.routes,
    *file.routes,
]
