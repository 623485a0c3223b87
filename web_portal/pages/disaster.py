"""Disaster mode: officers declare it, and everybody sees where it runs."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.settings.telling import label
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.emergency.disaster import service as disasters
from api.emergency.disaster.rules import LONGEST_HOURS
from api.emergency.disaster.service import Declared
from api.emergency.errors import DisasterRefused, WordsHoldMyNumber, WordsNeeded
from api.identity.guards import PORTAL, support_only
from web_portal.page import PortalRequest, preferences, render, say

PATH = "/support/disaster"
HOURS = (6, 12, 24, 48, LONGEST_HOURS)


class Declaring(Struct):
    region: Annotated[str, Meta(max_length=40)] = ""
    hours: Annotated[int, Meta(ge=1, le=LONGEST_HOURS)] = 24
    words: Annotated[str, Meta(max_length=2000)] = ""


async def running_said(request: PortalRequest, actor: Actor) -> list[dict[str, object]]:
    """Where it runs, for the first pages."""
    locale, profile = preferences(request).locale, directory.profile()
    return [
        {"area": label(profile, "region", each.region, locale), "until": each.until_at}
        for each in await disasters.running(actor)
    ]


@get(PATH, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def all_of(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor, Declaring(), "")


@post(PATH, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def declare(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Declaring]
) -> Response[bytes]:
    try:
        disaster_id = await disasters.declare(actor, data.region, data.hours, data.words)
    except (DisasterRefused, WordsNeeded, WordsHoldMyNumber) as refusal:
        kept = Declaring(data.region, data.hours)
        return await _page(request, actor, kept, say(request, refusal.key))
    return Redirect(f"{PATH}/{disaster_id}", status_code=303)


@get(f"{PATH}/{{disaster_id:uuid}}", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], disaster_id: FromPath[UUID]
) -> Response[bytes]:
    declared, waiting = await disasters.look(actor, disaster_id)
    names = await directory.named(actor, (each.facility_id for each in waiting))
    locale = preferences(request).locale
    return await render(
        request,
        "support/disaster.html",
        actor,
        path=f"{PATH}/{disaster_id}",
        disaster=_shown(request, declared),
        hours=_hours(request),
        waiting=[
            {
                "id": each.session_id,
                "at": each.opened_at,
                "facility": names[each.facility_id].label(locale),
                "who": each.by_name,
                "state": say(request, f"emergency.review.{each.state}"),
                "is_overdue": each.is_overdue,
            }
            for each in waiting
        ],
    )


@post(
    f"{PATH}/{{disaster_id:uuid}}/{{deed:str}}",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def change(
    actor: NamedDependency[Actor],
    disaster_id: FromPath[UUID],
    deed: FromPath[str],
    data: URLEncodedBody[Declaring],
) -> Response[bytes]:
    match deed:
        case "confirm":
            await disasters.confirm(actor, disaster_id)
        case "renew":
            await disasters.ask_to_renew(actor, disaster_id, data.hours)
        case "end":
            await disasters.end(actor, disaster_id)
        case "justified":
            await disasters.justify_all(actor, disaster_id, data.words)
        case _:
            raise NotFound
    return Redirect(f"{PATH}/{disaster_id}", status_code=303)


async def _page(
    request: PortalRequest, actor: Actor, values: Declaring, error: str
) -> Response[bytes]:
    locale = preferences(request).locale
    return await render(
        request,
        "support/disasters.html",
        actor,
        status=422 if error else 200,
        path=PATH,
        values=values,
        error=error,
        regions=[(each.code, each.name.said(locale)) for each in directory.profile().regions],
        hours=_hours(request),
        disasters=[_shown(request, each) for each in await disasters.all_of(actor)],
    )


def _hours(request: PortalRequest) -> list[tuple[str, str]]:
    return [(str(each), say(request, "disaster.hours", hours=each)) for each in HOURS]


def _shown(request: PortalRequest, each: Declared) -> dict[str, object]:
    state = "runs" if each.runs else "waits" if each.waits else "over"
    locale, profile = preferences(request).locale, directory.profile()
    return each._asdict() | {"area": label(profile, "region", each.region, locale), "state": state}


routes: list[ControllerRouterHandler] = [all_of, declare, one, change]
