"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book import (
    bring_in,
    checkup_form,
    checkup_trend,
    checkups,
    hub,
    out,
    pregnancy,
    pregnancy_entries,
    vitals,
)

routes: list[ControllerRouterHandler] = [
    *hub.routes,
    *bring_in.routes,
    *checkups.routes,
    *checkup_trend.routes,
    *checkup_form.routes,
    *out.routes,
    *pregnancy.routes,
    *pregnancy_entries.routes,
    *vitals.routes,
]
