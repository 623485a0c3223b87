"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import checkup_form, checkups

routes: list[ControllerRouterHandler] = [*checkups.routes, *checkup_form.routes]
