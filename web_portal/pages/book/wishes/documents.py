"""Documents of one's wishes: added, fetched again and removed by the person they are of."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.phr.directives import paper, service
from api.phr.directives.errors import DocumentRefused, TooManyDocuments
from api.phr.directives.kinds import DOCUMENT
from api.phr.entries import service as entries
from api.phr.entries.errors import EntryFaults
from web_portal.handed_in import handed_in
from web_portal.page import PortalRequest, render, say
from web_portal.page import frame as page_frame
from web_portal.pages.book import frame
from web_portal.pages.book.saying import said_of
from web_portal.pages.book.wishes.pages import HERE, READ, REFUSALS, WRITE, back
from web_portal.too_large import PageWhenSent, Words

DOCUMENTS: Final = f"{HERE}/documents"
ONE: Final = f"{DOCUMENTS}/{{entry_id:uuid}}"
_ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def too_large(request: PortalRequest, _: Exception) -> Response[bytes]:
    """Of a file so large that it is not even read: the form, with the words typed beside it."""

    def again(words: Words) -> Response[bytes]:
        said = {"file": frame.why(request, DocumentRefused("error.wish.file.large"))}
        return page_frame(
            request,
            "book/wishes/document.html",
            None,
            status=413,
            **_shown(request, _typed(words), said),
        )

    return PageWhenSent(again)


@get(f"{DOCUMENTS}/new", **WRITE)
async def new(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _form(
        request, actor, {"title": "", "dated": clock.today_in_japan().isoformat()}, {}
    )


@post(
    f"{DOCUMENTS}/new",
    status_code=200,
    request_max_body_size=paper.MOST_BODY,
    exception_handlers={413: too_large},
    **WRITE,
)
async def add(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    body, words = await handed_in(request)
    values = _typed(words)
    try:
        await service.add_document(actor, values["title"], values["dated"], body or b"")
    except DocumentRefused as refused:
        said = {"file": frame.why(request, refused)}
        return await _form(request, actor, values, said, status=refused.status)
    except EntryFaults as wrong:
        said = said_of(request, wrong, wrong.faults)
        held = {name: wrong.values.get(name, "") for name in ("title", "dated")}
        return await _form(request, actor, held, said, status=wrong.status)
    except (TooManyDocuments, *REFUSALS) as refusal:
        error = frame.why(request, refusal)
        return await _form(request, actor, values, {}, error=error, status=refusal.status)
    return Redirect(f"{HERE}?done=added#documents", status_code=303)


@get(ONE, **READ)
async def fetch(actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> Response[bytes]:
    """To be kept, never run in the page. Its name is not that of the document: that may say
    something of whom it is of."""
    found = await service.document(actor, entry_id)
    name = f"{entry_id}.{_ENDINGS[found.media_type]}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(found.body, media_type=found.media_type, headers=headers)


@get(f"{ONE}/remove", **WRITE)
async def ask(
    request: PortalRequest, actor: NamedDependency[Actor], entry_id: FromPath[UUID]
) -> Response[bytes]:
    found = await entries.one(actor, [DOCUMENT], entry_id)
    return await frame.removal(
        request,
        actor,
        title=say(request, "wish.document.remove"),
        facts=[(say(request, "wish.document.title"), found.values["title"])],
        action=f"{DOCUMENTS}/{entry_id}/remove",
        back=back(request),
    )


@post(f"{ONE}/remove", **WRITE)
async def remove(actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> Response[bytes]:
    await service.remove_document(actor, entry_id)
    return Redirect(f"{HERE}?done=removed", status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    error: str = "",
    status: int = 200,
) -> Response[bytes]:
    return await render(
        request,
        "book/wishes/document.html",
        actor,
        status=status,
        **_shown(request, values, errors, error),
    )


def _shown(
    request: PortalRequest, values: dict[str, str], errors: dict[str, str], error: str = ""
) -> dict[str, Any]:
    return {
        "path": HERE,
        "action": f"{DOCUMENTS}/new",
        "back": back(request),
        "values": values,
        "first": DOCUMENT.earliest.isoformat(),
        "last": clock.today_in_japan().isoformat(),
        "errors": errors,
        "error": error,
    }


def _typed(words: Mapping[str, str]) -> dict[str, str]:
    return {name: words.get(name, "") for name in ("title", "dated")}


routes: list[ControllerRouterHandler] = [new, add, fetch, ask, remove]
