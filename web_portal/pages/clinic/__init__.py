"""A clinician finds a participant and reads what the settings show them."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.clinic import (
    documents,
    find,
    measured,
    medication,
    one,
    overview,
    timeline,
)
from web_portal.pages.clinic.find import find_form

__all__ = ("find_form", "routes")

routes: list[ControllerRouterHandler] = [
    *find.routes,
    *overview.routes,
    *medication.routes,
    *measured.routes,
    *documents.routes,
    *timeline.routes,
    *one.routes,
]
