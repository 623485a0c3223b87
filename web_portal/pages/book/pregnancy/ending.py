"""How a maternal record ends: closed without a question, opened again, removed for good."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import PORTAL, UPLOAD, participants_only
from api.phr.maternal import kinds, service
from api.phr.maternal.book import Book
from api.phr.maternal.errors import BirthThere, PregnancyOpen
from web_portal.page import PortalRequest, render, say
from web_portal.pages.book import frame, saying
from web_portal.pages.book.frame import Way
from web_portal.pages.book.pregnancy.pages import ONE, overview
from web_portal.pages.book.pregnancy.said import HERE, place_of


@get(f"{ONE}/close", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def close_page(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    if book.state != "open":
        raise NotFound
    return await render(request, "book/pregnancy/close.html", actor, here=place_of(book))


@post(f"{ONE}/close", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def close(actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> Response[bytes]:
    try:
        await service.close(actor, pregnancy_id)
    except BirthThere:
        return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)
    return Redirect(f"{HERE}/{pregnancy_id}/closed", status_code=303)


@get(f"{ONE}/closed", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def closed(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    """That it is closed, and no word more than how to find or take it back."""
    book = await service.book(actor, pregnancy_id)
    if book.state != "closed":
        return Redirect(place_of(book), status_code=303)
    return await render(request, "book/pregnancy/closed.html", actor, here=place_of(book))


@post(f"{ONE}/reopen", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def reopen(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    try:
        await service.reopen(actor, pregnancy_id)
    except PregnancyOpen as refusal:
        book = await service.book(actor, pregnancy_id)
        return await overview(request, actor, book, refusal=refusal)
    return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)


@get(f"{ONE}/remove", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def ask_removal(
    request: PortalRequest, actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    book = await service.book(actor, pregnancy_id)
    return await frame.removal(
        request,
        actor,
        title=say(request, "maternal.remove.title"),
        facts=[(say(request, "own.pregnancy.edd"), _day(request, book))],
        action=f"{place_of(book)}/remove",
        back=Way(place_of(book), say(request, "maternal.title")),
        means=say(request, "maternal.remove.means"),
    )


@post(f"{ONE}/remove", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def remove(actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]) -> Response[bytes]:
    await service.remove(actor, pregnancy_id)
    return Redirect(HERE, status_code=303)


def _day(request: PortalRequest, book: Book) -> str:
    return saying.facts_of(request, kinds.PREGNANCY, {"edd": book.due_on.isoformat()})[0][1]


@post(f"{ONE}/show", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def show_to_proxies(
    actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    """By a minor, to whoever acts for them."""
    await service.show_to_proxies(actor, pregnancy_id, is_shown=True)
    return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)


@post(f"{ONE}/keep", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def keep_from_proxies(
    actor: NamedDependency[Actor], pregnancy_id: FromPath[UUID]
) -> Response[bytes]:
    await service.show_to_proxies(actor, pregnancy_id, is_shown=False)
    return Redirect(f"{HERE}/{pregnancy_id}", status_code=303)


routes: list[ControllerRouterHandler] = [
    close_page,
    close,
    closed,
    reopen,
    show_to_proxies,
    keep_from_proxies,
    ask_removal,
    remove,
]
