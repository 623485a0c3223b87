"""One record opened in a running emergency session: a directive, whom to call, what was done."""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, professionals_only
from api.records.emergency import service as in_emergency
from api.records.mapping import name_of
from api.records.own.plain import facts_of
from api.records.viewing import documents, plain
from web_portal.page import PortalRequest, render, say
from web_portal.pages.clinic.one import DOCUMENTS, attachment_lines, file_of
from web_portal.pages.records import fact_line

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
    is_document = body.get("resourceType") in DOCUMENTS
    document = documents.document_of(body) if is_document else None
    narrative, is_cut = ("", False) if is_document else documents.safe(plain.narrative_of(body))
    said = (body.get(name) for name in ("description", "title", "code", "type", "vaccineCode"))
    return await render(
        request,
        "clinic/emergency_record.html",
        actor,
        session_id=session_id,
        title=next(filter(None, map(name_of, said)), "") or say(request, "emergency.record"),
        facts=[] if is_document else [fact_line(request, fact) for fact in facts_of(body)],
        sections=[
            each._asdict() | {"html": Markup(each.html)}  # noqa: S704 - made safe by nh3
            for each in (document.sections if document else ())
        ],
        narrative=Markup(narrative),  # noqa: S704 - made safe by nh3
        is_cut=is_cut,
        notes=plain.notes_of(body),
        attachments=attachment_lines(
            request, body, f"/clinic/emergency/{session_id}/records/{record_id}"
        ),
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
    held = {each.place: each for each in documents.attachments_of(body)}
    chosen = held.get(place)
    if chosen is None or chosen.data is None:
        raise NotFound
    return file_of(chosen, record_id)


routes: list[ControllerRouterHandler] = [read, attachment]
