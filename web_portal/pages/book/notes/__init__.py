"""The notebook: medicines, allergies, doctors, checkups at school."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.book.notes import allergies, doctors, medications, school

routes: list[ControllerRouterHandler] = [
    *medications.routes,
    *allergies.routes,
    *doctors.routes,
    *school.routes,
]
