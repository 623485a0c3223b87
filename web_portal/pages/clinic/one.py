"""One record read in full: its facts, its document, what is attached, and the original."""

from typing import Final
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
from api.records.own.plain import facts_of
from api.records.parse import Json
from api.records.viewing import documents, plain
from api.records.viewing import service as viewing
from web_portal.page import PortalRequest, say
from web_portal.pages.clinic.frame import (
    body_of,
    line,
    opened,
    path_of,
    refused,
    shown,
    size_said,
)
from web_portal.pages.records.said import fact_line

DOCUMENTS: Final = frozenset({"Bundle", "Composition"})
ORIGINAL: Final = "application/fhir+json"
_ENDINGS: Final = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
    "application/dicom": "dcm",
}


@get(
    "/clinic/participants/{participant_id:uuid}/records/{record_id:uuid}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    record_id: FromPath[UUID],
) -> Response[bytes]:
    found = await opened(request, actor, participant_id, viewing.in_full(record_id))
    if found is None:
        return await refused(request, actor)
    seen, names = found
    if not seen.parts[1].records:
        raise NotFound
    record = seen.parts[1].records[0]
    body = body_of(record)
    is_document = record.type in DOCUMENTS
    read = documents.document_of(body) if is_document else None
    own = f"{path_of(participant_id)}/records/{record_id}"
    narrative, is_cut = ("", False) if is_document else documents.safe(plain.narrative_of(body))
    return await shown(
        request,
        actor,
        "record",
        seen,
        names,
        path=own,
        record=line(request, record, names),
        facts=[] if is_document else [fact_line(request, fact) for fact in facts_of(body)],
        authors=list(read.authors) if read else [],
        sections=[
            each._asdict() | {"html": Markup(each.html)}  # noqa: S704 - made safe by nh3
            for each in (read.sections if read else ())
        ],
        narrative=Markup(narrative),  # noqa: S704 - made safe by nh3
        is_cut=is_cut,
        notes=plain.notes_of(body),
        images=[each._asdict() for each in documents.images_of(body)],
        attachments=attachment_lines(request, body, own),
        codes=[each._asdict() for each in plain.codes_of(body)],
        original=f"{own}/original",
    )


@get(
    "/clinic/participants/{participant_id:uuid}/records/{record_id:uuid}/original",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def original(
    actor: NamedDependency[Actor], participant_id: FromPath[UUID], record_id: FromPath[UUID]
) -> Response[bytes]:
    """As it came, for whoever may read it; one more look in the log."""
    _, record = await viewing.one(actor, participant_id, record_id)
    return _file(record.body.encode(), ORIGINAL, f"{record_id}.json")


@get(
    "/clinic/participants/{participant_id:uuid}/records/{record_id:uuid}/attachments/{place:int}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def attachment(
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    record_id: FromPath[UUID],
    place: FromPath[int],
) -> Response[bytes]:
    _, record = await viewing.one(actor, participant_id, record_id)
    held = {each.place: each for each in documents.attachments_of(body_of(record))}
    chosen = held.get(place)
    if chosen is None or chosen.data is None:
        raise NotFound
    return file_of(chosen, record_id)


def file_of(attached: documents.Attachment, record_id: UUID) -> Response[bytes]:
    ending = _ENDINGS.get(attached.media_type, "bin")
    name = f"{record_id}-{attached.place}.{ending}"
    return _file(attached.data or b"", attached.media_type, name)


def _file(data: bytes, media_type: str, name: str) -> Response[bytes]:
    """To be kept, never run in the page: what a sender attached is not ours."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


def attachment_lines(request: PortalRequest, body: Json, own: str) -> list[dict[str, object]]:
    return [
        {
            "title": each.title or say(request, "clinic.attachment", number=each.place + 1),
            "media_type": each.media_type,
            "size": size_said(each.size) if each.size is not None else "",
            "href": f"{own}/attachments/{each.place}" if each.data is not None else "",
        }
        for each in documents.attachments_of(body)
    ]


routes: list[ControllerRouterHandler] = [read, original, attachment]
