"""Doctors and places one goes to, the main one first."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.entries.service import Entry
from api.phr.notes import service
from api.phr.notes.kinds import DOCTOR
from api.phr.notes.service import Asked
from web_portal.page import PortalRequest, render
from web_portal.pages.book import saying
from web_portal.pages.book.notes.pages import ON_A_PAGE, After, Shelf, flash_of, pages_of

SHELF: Final = Shelf(DOCTOR, "doctor", "/book/doctors")


@get(SHELF.here, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
    after: After = "",
) -> Response[bytes]:
    found = Asked(after, ON_A_PAGE).of(await service.doctors(actor))
    return await render(
        request,
        "book/notes/doctors.html",
        actor,
        flash=flash_of(request, done),
        path=SHELF.here,
        here=SHELF.here,
        doctors=[_line(request, each) for each in found.items],
        next=found.next,
        after=after,
    )


def _line(request: PortalRequest, entry: Entry) -> dict[str, object]:
    values = entry.values
    rest: dict[str, str] = {name: values[name] for name in ("reason", "remark") if name in values}
    return {
        "id": entry.entry_id,
        "place": values["place"],
        "name": values.get("name", ""),
        "department": values.get("department", ""),
        "telephone": values.get("telephone", ""),
        "is_main": values.get("is_main") == "yes",
        "facts": saying.facts_of(request, DOCTOR, rest),
    }


routes: list[ControllerRouterHandler] = [listed, *pages_of(SHELF)]
