"""A participant adds the file of a checkup: what it says first, then stored, and removable."""

import base64
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import NotFound, Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.entries.errors import NotTakingPart
from api.records.checkup_xml import own
from api.records.checkup_xml.errors import FileRefused, OtherPerson
from api.records.parse import Fault
from web_portal.handed_in import handed_in
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.too_large import RedirectWhenSent

HERE = "/records/checkup-file"
UPLOAD_LIMIT = 4 * 1024 * 1024
REFUSALS = (FileRefused, OtherPerson, NotTakingPart)


def _too_large(request: PortalRequest, error: Exception) -> Response[bytes]:
    """Back to the page, which says it; nothing of the file is kept."""
    return RedirectWhenSent(f"{HERE}?fault=too_large", status_code=303)


class Carried(Struct):
    """The file between looking and keeping: nothing is stored for whoever goes back."""

    content: Annotated[str, Meta(max_length=UPLOAD_LIMIT * 2)]


@get(HERE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    kept: FromQuery[UUID | None] = None,
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
    fault: Annotated[str, QueryParameter(max_length=9)] = "",
) -> Response[bytes]:
    error = ""
    if fault == "too_large":
        limit = str(own.MAX_FILE // (1024 * 1024))
        error = _said(request, FileRefused(Fault("too_large", params={"limit": limit})))
    return await _page(request, actor, error, kept=kept, is_removed=removed == "yes")


@post(
    HERE,
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
    request_max_body_size=UPLOAD_LIMIT,
    exception_handlers={RequestEntityTooLarge: _too_large},
)
async def look(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    body, _ = await handed_in(request)
    if not body:
        return await _page(request, actor, say(request, "my_checkup.file.needed"))
    try:
        seen = await own.look(actor, body)
    except REFUSALS as refusal:
        return await _page(request, actor, _said(request, refusal))
    return await render(
        request,
        "records/checkup_preview.html",
        actor,
        path=HERE,
        seen=seen,
        content=base64.b64encode(body).decode(),
    )


@post(
    f"{HERE}/keep",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
    request_max_body_size=UPLOAD_LIMIT * 2,
    exception_handlers={RequestEntityTooLarge: _too_large},
)
async def keep(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Carried]
) -> Response[bytes]:
    """What is stored is read anew: nothing is taken on the word of a page."""
    try:
        kept = await own.keep(actor, own.decoded(data.content))
    except REFUSALS as refusal:
        return await _page(request, actor, _said(request, refusal))
    return Redirect(f"{HERE}?kept={kept.document_id}", status_code=303)


@get(
    f"{HERE}/{{document_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def ask_removal(
    request: PortalRequest, actor: NamedDependency[Actor], document_id: FromPath[UUID]
) -> Response[bytes]:
    found = [each for each in await own.brought(actor) if each.document_id == document_id]
    if not found:
        raise NotFound
    return await render(request, "records/checkup_remove.html", actor, file=found[0])


@post(
    f"{HERE}/{{document_id:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(actor: NamedDependency[Actor], document_id: FromPath[UUID]) -> Response[bytes]:
    await own.remove(actor, document_id)
    return Redirect(f"{HERE}?removed=yes", status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    error: str,
    *,
    kept: UUID | None = None,
    is_removed: bool = False,
) -> Response[bytes]:
    brought = await own.brought(actor)
    flash: Flash | None = None
    if is_removed:
        flash = {"kind": "success", "title": say(request, "my_checkup.removed"), "text": ""}
    return await render(
        request,
        "records/checkup_file.html",
        actor,
        status=422 if error else 200,
        flash=flash,
        path=HERE,
        error=error,
        brought=brought,
        kept=next((each for each in brought if each.document_id == kept), None),
    )


def _said(request: PortalRequest, refusal: Problem) -> str:
    """What is wrong, and that nothing was kept."""
    after = f"{refusal.key}.next"
    if isinstance(refusal, FileRefused):
        after = "my_checkup.nothing_kept"
    return f"{say(request, refusal.key, **refusal.params)} {say(request, after)}"


routes: list[ControllerRouterHandler] = [show, look, keep, ask_removal, remove]
