"""A child's book handed over: offered by a code, called off, looked at and taken."""

from typing import Annotated, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.child import handing_over
from api.phr.child.errors import CodeRefused, CodeThrottled, OtherBirthDay
from api.phr.child.handing_over import Code, Content, Line
from api.phr.entries.errors import NotTakingPart
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.book import frame
from web_portal.pages.book.children import one
from web_portal.pages.book.children.one import HERE

OFFER: Final = f"{HERE}/{{book_id:uuid}}/hand-over"
TAKE: Final = f"{HERE}/take"
REFUSALS: Final = (CodeRefused, CodeThrottled, OtherBirthDay, NotTakingPart)


class Typed(Struct):
    code: Annotated[str, Meta(max_length=40)] = ""


@get(OFFER, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def offer_page(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    return await _offer(request, actor, book_id, None)


@post(OFFER, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def offer(
    request: PortalRequest, actor: NamedDependency[Actor], book_id: FromPath[UUID]
) -> Response[bytes]:
    """The code is on this one answer and nowhere else."""
    return await _offer(request, actor, book_id, await handing_over.offer(actor, book_id))


@post(f"{OFFER}/call-off", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def call_off(actor: NamedDependency[Actor], book_id: FromPath[UUID]) -> Response[bytes]:
    await handing_over.call_off(actor, book_id)
    return Redirect(f"{HERE}/{book_id}/hand-over", status_code=303)


@get(TAKE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def take_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _take(request, actor)


@post(TAKE, guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def look(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Typed]
) -> Response[bytes]:
    """What the code brings; nothing has moved yet."""
    try:
        content = await handing_over.look(actor, data.code)
    except REFUSALS as refusal:
        return await _take(request, actor, data.code, refusal=refusal)
    return await _take(request, actor, data.code, content=content)


@post(f"{TAKE}/now", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def take(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Typed]
) -> Response[bytes]:
    try:
        book_id = await handing_over.take(actor, data.code)
    except REFUSALS as refusal:
        return await _take(request, actor, data.code, refusal=refusal)
    return Redirect(f"{HERE}/{book_id}?done=taken", status_code=303)


async def _offer(
    request: PortalRequest, actor: Actor, book_id: UUID, code: Code | None
) -> Response[bytes]:
    of, content, waiting = await handing_over.content(actor, book_id)
    return await render(
        request,
        "book/children/offer.html",
        actor,
        path=HERE,
        child=one.head(request, of, clock.today_in_japan()),
        content=_said(request, content),
        code=code.grouped if code else "",
        until=waiting.expires_at if waiting else None,
    )


async def _take(
    request: PortalRequest,
    actor: Actor,
    code: str = "",
    *,
    content: Content | None = None,
    refusal: Problem | None = None,
) -> Response[bytes]:
    return await render(
        request,
        "book/children/take.html",
        actor,
        status=refusal.status if refusal else 200,
        path=HERE,
        code=code,
        errors={"code": frame.why(request, refusal)} if refusal else {},
        content=_said(request, content) if content else None,
    )


def _said(request: PortalRequest, content: Content) -> dict[str, object]:
    return {
        "name": content.name,
        "birth_on": content.birth_on,
        "lines": [
            {"title": _title(request, each), "entries": each.entries} for each in content.lines
        ],
        "total": content.total,
    }


def _title(request: PortalRequest, line: Line) -> str:
    key = f"child.kind.{line.kind}"
    return say(request, key) if i18n.has_text(preferences(request).locale, key) else line.title


routes: list[ControllerRouterHandler] = [offer_page, offer, call_off, take_page, look, take]
