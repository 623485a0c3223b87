"""One record as whoever opens it alone reads it: its words, facts, parts and attachments."""

from typing import Any
from uuid import UUID

from litestar.response import Response
from markupsafe import Markup

from api.core.errors import NotFound
from api.phr.entries.kinds import SOURCE
from api.records.mapping import name_of
from api.records.own.plain import facts_of
from api.records.parse import as_object
from api.records.provenance import OWN_SOURCE, by_of
from api.records.viewing import documents, plain
from web_portal.page import PortalRequest, say
from web_portal.pages.clinic.one import DOCUMENTS, attachment_lines, file_of
from web_portal.pages.records.said import fact_line

_NAMES = ("description", "title", "code", "type", "vaccineCode")


def shown(request: PortalRequest, body: dict[str, Any], href: str, unnamed: str) -> dict[str, Any]:
    """What `opened_record.html` needs. `href`: this page's address; `unnamed`: the key of the title
    of what has no name."""
    is_document = body.get("resourceType") in DOCUMENTS
    document = documents.document_of(body) if is_document else None
    narrative, is_cut = ("", False) if is_document else documents.safe(plain.narrative_of(body))
    said = (body.get(name) for name in _NAMES)
    # Where it comes from is set here, never by a sender.
    is_own = as_object(body.get("meta")).get("source") == SOURCE
    by = by_of(OWN_SOURCE, body) if is_own else ""
    return {
        "title": next(filter(None, map(name_of, said)), "") or say(request, unnamed),
        "by": say(request, f"clinic.by.{by}") if by else "",
        "facts": [] if is_document else [fact_line(request, fact) for fact in facts_of(body)],
        "sections": [
            each._asdict() | {"html": Markup(each.html)}  # noqa: S704 - made safe by nh3
            for each in (document.sections if document else ())
        ],
        "narrative": Markup(narrative),  # noqa: S704 - made safe by nh3
        "is_cut": is_cut,
        "notes": plain.notes_of(body),
        "attachments": attachment_lines(request, body, href),
    }


def attached(body: dict[str, Any], record_id: UUID, place: int) -> Response[bytes]:
    """A document as it was attached."""
    held = {each.place: each for each in documents.attachments_of(body)}
    chosen = held.get(place)
    if chosen is None or chosen.data is None:
        raise NotFound
    return file_of(chosen, record_id)
