"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import checkup_form, checkup_trend, checkups

routes: list[ControllerRouterHandler] = [
    *checkups.routes,
    *checkup_trend.routes,
    *checkup_form.routes,
]
