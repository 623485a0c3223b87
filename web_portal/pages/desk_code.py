"""Eight digits to tell at a desk: shown once, good for half an hour."""

from typing import Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent import service as consent
from api.consent.agreeing import desk_code
from api.consent.agreeing.desk_code import DeskCode
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.records.linking import service as linking
from web_portal import qr
from web_portal.page import PortalRequest, preferences, render, say

PATH = "/disclosure/desk-code"


class Make(Struct):
    level: Literal["yes", "no"] = "no"


class Answer(Struct):
    answer: Literal["linked", "refused"]


@get(PATH, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def desk_code_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor, None)


@post(
    PATH,
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def make(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Make]
) -> Response[bytes]:
    """Answers with the code itself: it stands in no address and is not kept."""
    return await _page(request, actor, await desk_code.make(actor, level=int(data.level == "yes")))


@post(f"{PATH}/cancel", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def cancel(actor: NamedDependency[Actor]) -> Response[bytes]:
    await desk_code.cancel(actor)
    return Redirect(PATH, status_code=303)


@post(
    f"{PATH}/numbers/{{link_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def answer(
    actor: NamedDependency[Actor], link_id: FromPath[UUID], data: URLEncodedBody[Answer]
) -> Response[bytes]:
    """Whether one is the facility's patient of this number."""
    await linking.answer(actor, link_id, data.answer)
    return Redirect(PATH, status_code=303)


async def _page(request: PortalRequest, actor: Actor, made: DeskCode | None) -> Response[bytes]:
    state = await consent.settings(actor)
    return await render(
        request,
        "desk_code.html",
        actor,
        path=PATH,
        is_participating=state.participation.state == "participating",
        code=made.grouped if made else None,
        picture=qr.picture(made.digits, say(request, "desk_code.qr")) if made else None,
        numbers=[
            each._asdict() | {"facility": each.facility[preferences(request).locale]}
            for each in await linking.waiting(actor)
        ],
        waiting=await desk_code.waiting(actor),
    )


routes: list[ControllerRouterHandler] = [desk_code_page, make, cancel, answer]
