"""A participant's own records in short: on one page, on paper, or as a file."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.identity.guards import PORTAL, VIEW, participants_only
from api.records.summary import narrative
from api.records.summary import service as summaries
from api.records.summary.sections import SECTIONS
from web_portal.page import PortalRequest, preferences, render


@get("/records/summary", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def shown(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    mine = await summaries.own(actor)
    locale = preferences(request).locale
    return await render(
        request,
        "records/summary.html",
        actor,
        person=mine.person,
        made_at=clock.now(),
        sections=[
            {
                "name": section.name,
                "lines": [
                    narrative.line(entry, locale, mine.facilities)
                    for entry in mine.summary.entries[section.name]
                ],
            }
            for section in SECTIONS
            if section.is_always_there or mine.summary.entries[section.name]
        ],
    )


@get(
    "/records/summary/file", guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False
)
async def file(actor: NamedDependency[Actor]) -> Response[bytes]:
    return Response(
        await summaries.own_document(actor),
        media_type="application/fhir+json",
        headers={"content-disposition": 'attachment; filename="summary.json"'},
    )


routes: list[ControllerRouterHandler] = [shown, file]
