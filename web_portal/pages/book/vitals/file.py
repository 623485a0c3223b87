"""A file of measurements: what it says first, then stored, and taken back in one go."""

import base64
import binascii
import bz2
from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.entries.errors import NotTakingPart
from api.phr.vitals import importing
from api.phr.vitals.columns import Column
from api.phr.vitals.errors import TableRefused
from api.phr.vitals.lines import Draft, Line, Table
from api.phr.vitals.table import MAX_BYTES, MAX_LINES
from web_portal.handed_in import handed_in
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.vitals import words
from web_portal.pages.book.vitals.words import HERE
from web_portal.too_large import RedirectWhenSent

FILE: Final = f"{HERE}/file"
# What a page shows of a long file.
SHOWN: Final = 50
_UPLOAD: Final = MAX_BYTES + 64 * 1024


class Carried(Struct):
    """The file between looking and keeping, packed: nothing is stored for whoever goes back."""

    content: Annotated[str, Meta(max_length=MAX_BYTES * 2)]


def _too_large(request: PortalRequest, error: Exception) -> Response[bytes]:
    """Back to the page, which says it; nothing of the file is kept."""
    return RedirectWhenSent(f"{FILE}?fault=large", status_code=303)


@get(FILE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    kept: FromQuery[UUID | None] = None,
    added: Annotated[int, QueryParameter(ge=0, le=100_000)] = 0,
    removed: Annotated[str, QueryParameter(max_length=3)] = "",
    fault: Annotated[str, QueryParameter(max_length=5)] = "",
) -> Response[bytes]:
    if fault == "large":
        return await _page(request, actor, frame.why(request, TableRefused("large")))
    flash: Flash | None = None
    if removed == "yes":
        flash = {"kind": "success", "title": say(request, "vitals.file.removed"), "text": ""}
    return await _page(request, actor, "", kept=kept, added=added, flash=flash)


@post(
    FILE,
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
    request_max_body_size=_UPLOAD,
    exception_handlers={RequestEntityTooLarge: _too_large},
)
async def look(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    body, _ = await handed_in(request)
    if body is None:
        return await _page(request, actor, say(request, "vitals.file.needed"))
    try:
        table = await importing.look(actor, body)
    except TableRefused as refusal:
        return await _page(request, actor, frame.why(request, refusal))
    return await render(
        request,
        "book/vitals/preview.html",
        actor,
        path=FILE,
        content=packed(body),
        seen=_seen(request, table),
    )


@post(
    f"{FILE}/keep",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
    request_max_body_size=_UPLOAD * 2,
    exception_handlers={RequestEntityTooLarge: _too_large},
)
async def keep(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Carried]
) -> Response[bytes]:
    """What is stored is read anew: nothing is taken on the word of a page."""
    try:
        kept = await importing.keep(actor, unpacked(data.content))
    except (TableRefused, NotTakingPart) as refusal:
        return await _page(request, actor, frame.why(request, refusal), refusal=refusal)
    return Redirect(f"{FILE}?kept={kept.book}&added={kept.added}", status_code=303)


@post(
    f"{FILE}/{{book:uuid}}/remove",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def remove(actor: NamedDependency[Actor], book: FromPath[UUID]) -> Response[bytes]:
    await importing.undo(actor, book)
    return Redirect(f"{FILE}?removed=yes", status_code=303)


def packed(body: bytes) -> str:
    return base64.b64encode(bz2.compress(body)).decode()


def unpacked(content: str) -> bytes:
    """No larger than a file may be, however little it was packed into. Raises `TableRefused`."""
    try:
        body = base64.b64decode(content, validate=True)
        return bz2.BZ2Decompressor().decompress(body, MAX_BYTES + 1)
    except (binascii.Error, ValueError, OSError):
        raise TableRefused("broken") from None


async def _page(
    request: PortalRequest,
    actor: Actor,
    error: str,
    *,
    kept: UUID | None = None,
    added: int = 0,
    flash: Flash | None = None,
    refusal: Problem | None = None,
) -> Response[bytes]:
    status = refusal.status if refusal else 422 if error else 200
    return await render(
        request,
        "book/vitals/file.html",
        actor,
        status=status,
        path=FILE,
        flash=flash,
        error=error,
        kept=str(kept) if kept else "",
        added=added,
        most=f"{MAX_LINES:,}",
    )


def _seen(request: PortalRequest, table: Table) -> dict[str, object]:
    drafts = [draft for line in table.lines for draft in line.drafts]
    faulty = [line for line in table.lines if line.faults]
    good = [line for line in table.lines if line.drafts]
    held = sum(each.is_held for each in drafts)
    return {
        "columns": [_column(request, each) for each in table.columns],
        "new": len(drafts) - held,
        "held": held,
        "odd": sum(bool(each.sure) and not each.is_held for each in drafts),
        "faulty": len(faulty),
        "faults": [(line.number, _faults(request, line)) for line in faulty[:SHOWN]],
        "lines": [
            (line.number, [_draft(request, each) for each in line.drafts]) for line in good[:SHOWN]
        ],
        "more_faults": max(len(faulty) - SHOWN, 0),
        "more_lines": max(len(good) - SHOWN, 0),
    }


def _column(request: PortalRequest, column: Column) -> dict[str, str]:
    said = f"vitals.column.{column.meaning}" if column.meaning else f"vitals.why.{column.why}"
    return {"heading": column.heading[:60], "said": say(request, said), "why": column.why}


def _faults(request: PortalRequest, line: Line) -> Sequence[str]:
    return [
        say(
            request,
            "vitals.file.fault",
            column=say(request, f"vitals.column.{each.column}"),
            fault=say(request, each.key, **dict(each.params)),
        )
        for each in line.faults
    ]


def _draft(request: PortalRequest, draft: Draft) -> dict[str, object]:
    when = draft.values["on"].replace("-", "/")
    if draft.values.get("time"):
        when = f"{when} {draft.values['time']}"
    return {
        "kind": words.title(request, draft.kind.name),
        "when": when,
        "value": words.value(request, draft.kind.name, draft.values),
        "is_odd": bool(draft.sure),
        "is_held": draft.is_held,
    }


routes: list[ControllerRouterHandler] = [show, look, keep, remove]
