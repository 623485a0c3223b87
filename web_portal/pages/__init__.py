"""All pages, in one list for the wiring."""

from litestar.types import ControllerRouterHandler

from web_portal.pages import (
    access_log,
    clinic,
    disclosure,
    home,
    inbox,
    receipts,
    register,
    sign_in,
    support,
)

pages: list[ControllerRouterHandler] = [
    *home.routes,
    *register.routes,
    *sign_in.routes,
    *disclosure.routes,
    *receipts.routes,
    *access_log.routes,
    *inbox.routes,
    *clinic.routes,
    *support.routes,
]
demo_pages: list[ControllerRouterHandler] = [*sign_in.demo_routes]
