"""The support centre's letters: to print, and to post."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.guards import PORTAL, support_only
from notifications.officers import letters
from web_portal.page import PortalRequest, render

LETTERS = "/support/letters"


class PostedForm(Struct):
    """`notices`: the ids that were printed, apart by blanks."""

    notices: Annotated[str, Meta(max_length=20_000)] = ""


@get(LETTERS, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    waiting = [
        {
            "id": each.participant_id,
            "name": each.name,
            "address": each.address,
            "count": len(each.notices),
            "notices": " ".join(str(notice.notice_id) for notice in each.notices),
        }
        for each in await letters.waiting(actor)
    ]
    return await render(request, "support/letters.html", actor, letters=waiting)


@get(f"{LETTERS}/pdf", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def pdf(actor: NamedDependency[Actor]) -> Response[bytes]:
    from notifications.officers import letter_paper

    network = directory.profile()
    phone = network.wording.ja.get("support.phone", "")
    paper = letter_paper.printed(await letters.waiting(actor), network.name.ja, phone)
    return Response(
        paper,
        media_type="application/pdf",
        headers={"content-disposition": 'attachment; filename="letters.pdf"'},
    )


@post(
    f"{LETTERS}/{{participant_id:uuid}}/posted",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def posted(
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    data: URLEncodedBody[PostedForm],
) -> Response[Any]:
    try:
        printed = [UUID(each) for each in data.notices.split()]
    except ValueError as error:
        raise NotFound from error
    await letters.posted(actor, participant_id, printed)
    return Redirect(LETTERS, status_code=303)


routes: list[ControllerRouterHandler] = [show, pdf, posted]
