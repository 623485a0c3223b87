"""One record opened in a running emergency session: a directive, whom to call, what was done."""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import PORTAL, professionals_only
from api.records.emergency import service as in_emergency
from web_portal.page import PortalRequest, render
from web_portal.pages import opened

_RECORD = "/clinic/emergency/{session_id:uuid}/records/{record_id:uuid}"


@get(_RECORD, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def read(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    record_id: FromPath[UUID],
) -> Response[bytes]:
    """Each look is one entry in the participant's log."""
    body = await in_emergency.one(actor, session_id, record_id)
    here = f"/clinic/emergency/{session_id}/records/{record_id}"
    return await render(
        request,
        "clinic/emergency_record.html",
        actor,
        session_id=session_id,
        **opened.shown(request, body, here, "emergency.record"),
    )


@get(
    f"{_RECORD}/attachments/{{place:int}}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def attachment(
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    record_id: FromPath[UUID],
    place: FromPath[int],
) -> Response[bytes]:
    """A document as it was attached; one more look in the log."""
    body = await in_emergency.one(actor, session_id, record_id)
    return opened.attached(body, record_id, place)


routes: list[ControllerRouterHandler] = [read, attachment]
