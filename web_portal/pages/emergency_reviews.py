"""The support centre reviews every emergency viewing to its end."""

from typing import Annotated
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
from api.emergency import reviews
from api.emergency import service as emergency
from api.emergency.holding import service as holds
from api.identity.guards import PORTAL, support_only
from web_portal.page import PageNumber, PortalRequest, pages_of, preferences, render, say

PATH = "/support/emergency"
ON_A_PAGE = 20


class Words(Struct):
    words: Annotated[str, Meta(max_length=4000)] = ""
    days: Annotated[int, Meta(ge=1, le=3)] = 1


@get(PATH, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def queue(
    request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
) -> Response[bytes]:
    waiting, total = await reviews.queue(actor, page=page, count=ON_A_PAGE)
    asked = await reviews.awaiting(actor)
    held = await holds.asked(actor)
    ids = {each.facility_id for each in waiting} | {each.facility_id for each in asked}
    ids |= {each.facility_id for each in held}
    names = await directory.named(actor, ids)
    locale = preferences(request).locale
    return await render(
        request,
        "support/emergency_queue.html",
        actor,
        waiting=[
            {
                "id": each.session_id,
                "at": each.opened_at,
                "facility": names[each.facility_id].label(locale),
                "who": each.by_name,
                "reason": say(request, f"emergency.reason.{each.reason}"),
                "state": say(request, f"emergency.review.{each.state}"),
                "is_overdue": each.is_overdue,
            }
            for each in waiting
        ],
        awaiting=[
            {
                "id": each.session_id,
                "until": each.expires_at,
                "facility": names[each.facility_id].label(locale),
                "who": each.by_name,
                "reason": say(request, f"emergency.reason.{each.reason}"),
            }
            for each in asked
        ],
        holds=[
            {
                "id": each.session_id,
                "facility": names[each.facility_id].label(locale),
                "who": each.by_name,
                "reason": each.reason,
                "state": each.state,
                "until": each.until_at,
                "first_by": each.first_by or "",
            }
            for each in held
        ],
        days=[(str(each), say(request, "emergency.hold.days", days=each)) for each in holds.DAYS],
        total=total,
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


@get(f"{PATH}/{{session_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], session_id: FromPath[UUID]
) -> Response[bytes]:
    seen = await reviews.look(actor, session_id)
    names = await directory.named(actor, [seen.facility_id])
    return await render(
        request,
        "support/emergency.html",
        actor,
        path=f"{PATH}/{session_id}",
        review=seen,
        facility=names[seen.facility_id].label(preferences(request).locale),
        reason=say(request, f"emergency.reason.{seen.reason}"),
        by=say(request, f"emergency.by.{seen.identification}"),
    )


@post(
    f"{PATH}/{{session_id:uuid}}/{{deed:str}}",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def say_of_it(
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    deed: FromPath[str],
    data: URLEncodedBody[Words],
) -> Response[bytes]:
    match deed:
        case "query":
            await reviews.query(actor, session_id, data.words)
        case "justified" | "not-justified":
            await reviews.judge(actor, session_id, deed == "justified", data.words)
        case "hold":
            await holds.agree(actor, session_id, data.days)
        case "tell":
            await holds.refuse(actor, session_id)
        case "approve":
            await emergency.approve(actor, session_id)
        case _:
            raise NotFound
    return Redirect(PATH, status_code=303)


routes: list[ControllerRouterHandler] = [queue, one, say_of_it]
