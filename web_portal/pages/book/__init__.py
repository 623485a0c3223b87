"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import notes, wish_documents, wish_people, wishes

routes: list[ControllerRouterHandler] = [
    *notes.routes,
    *wishes.routes,
    *wish_people.routes,
    *wish_documents.routes,
]
