"""Documents, reports and images, by day: what kind, from where, and the way into each."""

from typing import Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, professionals_only
from api.records.viewing.service import Wanted
from web_portal.page import PortalRequest, pages_of, say
from web_portal.pages.clinic.frame import Page, line, opened, refused, shown

TAB: Final = "documents"
ON_A_PAGE: Final = 40
KINDS: Final = ("document", "checkup", "imaging")
_NAMED: Final = frozenset(
    {"Bundle", "Composition", "DocumentReference", "DiagnosticReport", "ImagingStudy"}
)


@get(
    "/clinic/participants/{participant_id:uuid}/documents",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    page: Page = 1,
) -> Response[bytes]:
    wanted = Wanted(categories=KINDS, of_checkups="files", most_bytes=0, count=ON_A_PAGE, page=page)
    found = await opened(request, actor, participant_id, wanted)
    if found is None:
        return await refused(request, actor)
    seen, names = found
    part = seen.parts[1]
    return await shown(
        request,
        actor,
        TAB,
        seen,
        names,
        documents=[
            line(request, each, names)
            | {"form": say(request, f"clinic.form.{each.type}") if each.type in _NAMED else ""}
            for each in part.records
        ],
        pager={"page": page, "pages": pages_of(part.total, ON_A_PAGE)},
    )


routes: list[ControllerRouterHandler] = [read]
