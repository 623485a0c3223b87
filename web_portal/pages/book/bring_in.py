"""A participant brings in what they took out elsewhere: sees it first, stores it, or leaves it."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.directives.paper import MOST_DOCUMENTS
from api.phr.entries.errors import NotTakingPart
from api.records.bringing_in import service
from api.records.bringing_in.errors import FileRefused, NotWaiting
from api.records.bringing_in.planning import LeftLine
from api.records.bringing_in.reading import MAX_BYTES, TOO_LARGE
from api.records.bringing_in.service import Import
from web_portal.handed_in import handed_in
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.too_large import RedirectWhenSent

HERE = "/book/bring-in"
# A little over, so that what is too large is told so in words.
UPLOAD_LIMIT = MAX_BYTES + 2 * 1024 * 1024
ON_A_PAGE = 20
REFUSALS = (FileRefused, NotTakingPart)


def _too_large(request: PortalRequest, error: Exception) -> Response[bytes]:
    """Back to the page, which says it; nothing of the file is kept."""
    return RedirectWhenSent(f"{HERE}?fault=large", status_code=303)


@get(HERE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    left: Annotated[str, QueryParameter(max_length=3)] = "",
    fault: Annotated[str, QueryParameter(max_length=5)] = "",
    after: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[bytes]:
    if fault == "large":
        return await _page(request, actor, _said(request, FileRefused(TOO_LARGE)))
    flash: Flash | None = None
    if left == "yes":
        flash = {"kind": "info", "title": say(request, "bringing_in.left_it"), "text": ""}
    return await _page(request, actor, "", flash, after)


@post(
    HERE,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
    request_max_body_size=UPLOAD_LIMIT,
    exception_handlers={RequestEntityTooLarge: _too_large},
)
async def look(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
    body, _ = await handed_in(request)
    if not body:
        return await _page(request, actor, say(request, "bringing_in.file.needed"))
    try:
        found = await service.look(actor, body)
    except REFUSALS as refusal:
        return await _page(request, actor, _said(request, refusal))
    return Redirect(f"{HERE}/{found.import_id}", status_code=303)


@get(
    f"{HERE}/{{import_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], import_id: FromPath[UUID]
) -> Response[bytes]:
    found = await service.one(actor, import_id)
    return await render(request, "book/bring_in_one.html", actor, found=_shown(request, found))


@post(
    f"{HERE}/{{import_id:uuid}}/keep",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def keep(
    request: PortalRequest, actor: NamedDependency[Actor], import_id: FromPath[UUID]
) -> Response[Any]:
    try:
        await service.keep(actor, import_id)
    except NotWaiting as refusal:
        return await _page(request, actor, _said(request, refusal), status=refusal.status)
    return Redirect(f"{HERE}/{import_id}", status_code=303)


@post(
    f"{HERE}/{{import_id:uuid}}/cancel",
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def cancel(actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> Redirect:
    await service.cancel(actor, import_id)
    return Redirect(f"{HERE}?left=yes", status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    error: str,
    flash: Flash | None = None,
    after: str = "",
    *,
    status: int = 422,
) -> Response[bytes]:
    found = await service.listed(actor, after, ON_A_PAGE)
    return await render(
        request,
        "book/bring_in.html",
        actor,
        status=status if error else 200,
        flash=flash,
        path=HERE,
        error=error,
        imports=[_shown(request, each) for each in found.items],
        next=found.next,
        after=after,
    )


def _shown(request: PortalRequest, found: Import) -> dict[str, Any]:
    locale, counts, profile = preferences(request).locale, found.counts, directory.profile()
    return {
        "id": str(found.import_id),
        "state": found.state,
        "at": found.finished_at or found.looked_at,
        "total": counts.total,
        "new": [
            (label(profile, "category", category, locale), number)
            for category, number in counts.new.items()
        ],
        "since": counts.since,
        "until": counts.until,
        "facilitys": counts.facilitys,
        "held": counts.held,
        "changed": counts.changed,
        "left": [
            (say(request, f"bringing_in.left.{reason}", most=MOST_DOCUMENTS), number)
            for reason, number in sorted(_by_reason(counts.left).items())
        ],
        "has_settings": any(each.reason == "settings" for each in counts.left),
    }


def _by_reason(left: Iterable[LeftLine]) -> Counter[str]:
    found = Counter[str]()
    for each in left:
        found[each.reason] += each.count
    return found


def _said(request: PortalRequest, refusal: Problem) -> str:
    """What is wrong, and that nothing was kept."""
    after = "bringing_in.nothing_kept"
    if i18n.has_text(preferences(request).locale, f"{refusal.key}.next"):
        after = f"{refusal.key}.next"
    return f"{say(request, refusal.key, **refusal.params)} {say(request, after)}"


routes: list[ControllerRouterHandler] = [show, look, one, keep, cancel]
