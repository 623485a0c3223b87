"""All pages, in one list for the wiring."""

from litestar.types import ControllerRouterHandler

from web_portal.pages import register, sign_in

pages: list[ControllerRouterHandler] = [*register.routes, *sign_in.routes]
demo_pages: list[ControllerRouterHandler] = [*sign_in.demo_routes]
