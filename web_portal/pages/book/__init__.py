"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import (
    bring_in,
    checkup_form,
    checkup_trend,
    checkups,
    children,
    hub,
    notes,
    out,
    pregnancy,
    pregnancy_entries,
    vaccines,
    vitals,
    wish_documents,
    wish_people,
    wishes,
)

routes: list[ControllerRouterHandler] = [
    *bring_in.routes,
    *checkups.routes,
    *checkup_trend.routes,
    *checkup_form.routes,
    *children.routes,
    *hub.routes,
    *out.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vaccines.routes,
    *vitals.routes,
    *notes.routes,
    *wishes.routes,
    *wish_people.routes,
    *wish_documents.routes,
]
