"""What the participant wants shown in an emergency, and what was opened so far."""

from typing import Annotated, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.settings.telling import label
from api.core.actor import Actor
from api.directory import service as directory
from api.emergency import choices, reviews
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import Flash, PortalRequest, preferences, render, say

PATH = "/disclosure/emergency"
Code = Annotated[str, Meta(max_length=40)]


class Choosing(Struct):
    kind: Literal["allow", "ceiling", "refuse"] = "allow"
    # A form with one box ticked brings no list.
    category: list[Code] | Code = []
    delicate: Literal["yes", "no"] = "no"
    hidden: Literal["yes", "no"] = "no"


@get(PATH, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def choice_page(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    flash: Flash | None = None
    if done == "yes":
        flash = {"kind": "success", "title": say(request, "emergency.choice.saved"), "text": ""}
    _, chosen = await choices.chosen(actor)
    locale, profile = preferences(request).locale, directory.profile()
    sessions = await reviews.about_me(actor)
    names = await directory.named(actor, (each.facility_id for each in sessions))
    return await render(
        request,
        "disclosure/emergency.html",
        actor,
        flash=flash,
        choice=chosen,
        categories=[
            (each.code, label(profile, "category", each.code, locale), each.code in picked)
            for picked in [chosen.categories]
            for each in profile.categories
        ],
        sessions=[
            {
                "at": each.said[0].at,
                "who": each.by_name,
                "facility": names[each.facility_id].label(locale),
                "reason": say(request, f"emergency.reason.{each.reason}"),
                "state": say(request, f"emergency.review.{each.state}"),
                "is_overdue": each.is_overdue,
            }
            for each in sessions
        ],
    )


@post(PATH, guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def choose(actor: NamedDependency[Actor], data: URLEncodedBody[Choosing]) -> Response[bytes]:
    categories = [data.category] if isinstance(data.category, str) else data.category
    wish = choices.choice_of(
        data.kind, categories, int(data.delicate == "yes"), data.hidden == "yes"
    )
    await choices.choose(actor, wish)
    return Redirect(f"{PATH}?done=yes", status_code=303)


routes: list[ControllerRouterHandler] = [choice_page, choose]
