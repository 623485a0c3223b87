"""The support centre's part of notices: letters to post, and what could not be delivered."""

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
from notifications import letters
from notifications.kinds import kind_of
from web_portal.page import PageNumber, PortalRequest, pages_of, render, say

LETTERS = "/support/letters"
FAILURES = "/support/notices"
ON_A_PAGE = 20


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
    from notifications import letter_paper

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


@get(FAILURES, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def failures(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    found, total, held = await letters.undelivered(actor, page=page, count=ON_A_PAGE)
    return await render(
        request,
        "support/undelivered.html",
        actor,
        failures=[
            {
                "path": f"{FAILURES}/{each.participant_id}/{each.notice_id}/{each.channel}/again",
                "id": f"{each.notice_id}-{each.channel}",
                "name": each.name,
                "at": each.created_at,
                "kind": _kind(request, each.event),
                "channel": each.channel,
                "reason": each.reason or "",
                "attempts": each.attempts,
            }
            for each in found
        ],
        held=held,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


@post(
    f"{FAILURES}/{{participant_id:uuid}}/{{notice_id:uuid}}/{{channel:str}}/again",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def again(
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    notice_id: FromPath[UUID],
    channel: FromPath[str],
) -> Response[Any]:
    await letters.try_again(actor, participant_id, notice_id, channel)
    return Redirect(FAILURES, status_code=303)


def _kind(request: PortalRequest, event: str) -> str:
    """Officers see of what kind a notice is, as a locked screen shows it, and no more."""
    return say(request, f"notice.outside.{kind_of(event)}.title")


routes: list[ControllerRouterHandler] = [show, pdf, posted, failures, again]
