"""Which facilities know the participant by which number, and registrations found to be one."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.records.matching import merging, numbers
from web_portal.page import Flash, PortalRequest, preferences, render, say

HERE = "/account/numbers"
DONE = ("not_mine", "joined", "declined", "split")


class NotMine(Struct):
    facility_id: UUID
    number: Annotated[str, Meta(max_length=64)]


class Answer(Struct):
    answer: Annotated[str, Meta(pattern="^(yes|no)$")]


@get(HERE, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    flash: Flash | None = None
    if done in DONE:
        flash = {"kind": "success", "title": say(request, f"numbers.done.{done}"), "text": ""}
    locale = preferences(request).locale
    return await render(
        request,
        "account/numbers.html",
        actor,
        path=HERE,
        flash=flash,
        numbers=[
            each._asdict()
            | {"facility": each.facility[locale], "way": say(request, f"numbers.way.{each.way}")}
            for each in await numbers.known_as(actor)
        ],
        merges=[] if actor.is_proxy else [each._asdict() for each in await merging.own(actor)],
    )


@post(
    f"{HERE}/not-mine", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def not_mine(actor: NamedDependency[Actor], data: URLEncodedBody[NotMine]) -> Response[bytes]:
    await numbers.disown(actor, data.facility_id, data.number)
    return Redirect(f"{HERE}?done=not_mine", status_code=303)


@post(
    f"{HERE}/merges/{{merge_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def answer(
    actor: NamedDependency[Actor], merge_id: FromPath[UUID], data: URLEncodedBody[Answer]
) -> Response[bytes]:
    """Whether another registration is one's own too."""
    is_yes = data.answer == "yes"
    await merging.answer(actor, merge_id, is_yes=is_yes)
    return Redirect(f"{HERE}?done={'joined' if is_yes else 'declined'}", status_code=303)


@post(
    f"{HERE}/merges/{{merge_id:uuid}}/split",
    guards=[participants_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def split(actor: NamedDependency[Actor], merge_id: FromPath[UUID]) -> Response[bytes]:
    await merging.split(actor, merge_id)
    return Redirect(f"{HERE}?done=split", status_code=303)


routes: list[ControllerRouterHandler] = [show, not_mine, answer, split]
