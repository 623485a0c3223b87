"""One's own records: the shelf, one of them in plain words, and what is decided about it."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.records import choosing, one, sharing, shelf

routes: list[ControllerRouterHandler] = [
    *shelf.routes,
    *one.routes,
    *choosing.routes,
    *sharing.routes,
]
