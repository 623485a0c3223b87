"""Who can see my records: a page for each way of choosing, each change taken back as easily."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.disclosure import (
    areas,
    confirm,
    details,
    facilities,
    facility,
    hub,
    kinds,
    new_facilities,
    participation,
    people,
    research,
    residence,
    save,
    scheme,
    see_as,
    teams,
)

routes: list[ControllerRouterHandler] = [
    *hub.routes,
    *save.routes,
    *confirm.routes,
    *see_as.routes,
    *facilities.routes,
    *facility.routes,
    *areas.routes,
    *kinds.routes,
    *people.routes,
    *teams.routes,
    *details.routes,
    *new_facilities.routes,
    *research.routes,
    *participation.routes,
    *residence.routes,
    *scheme.routes,
]
