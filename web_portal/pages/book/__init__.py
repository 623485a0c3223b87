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
    *hub.routes,
    *bring_in.routes,
    *checkup_form.routes,
    *checkup_trend.routes,
    *checkups.routes,
    *children.routes,
    *notes.routes,
    *out.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vaccines.routes,
    *vitals.routes,
    *wish_documents.routes,
    *wish_people.routes,
    *wishes.routes,
]
