"""The support centre puts new terms to everybody, and sees how many have answered."""

from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.errors import CampaignIsOpen, DayTooNear, NotThoseTerms
from api.consent.lifecycle import campaigns
from api.consent.lifecycle.campaigns import LEAST_DAYS
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, support_only
from web_portal.page import PortalRequest, preferences, render, say

HERE = "/support/campaigns"
USUAL_DAYS = 90


class NewCampaign(Struct):
    """`confirm` comes from the page that says once more what will happen."""

    version: Annotated[str, Meta(max_length=40)]
    answer_by: Annotated[str, Meta(max_length=10)]
    confirm: Literal["yes", "no"] = "no"


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor)


@post(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def open_one(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[NewCampaign]
) -> Response[bytes]:
    try:
        answer_by = date.fromisoformat(data.answer_by)
        campaigns.check(data.version, answer_by)
    except ValueError:
        return await _page(request, actor, fault=DayTooNear(days=LEAST_DAYS), data=data)
    except (DayTooNear, NotThoseTerms) as fault:
        return await _page(request, actor, fault=fault, data=data)
    if data.confirm == "no":
        return await render(
            request,
            "support/campaign_confirm.html",
            actor,
            path=HERE,
            version=data.version,
            answer_by=answer_by,
        )
    try:
        await campaigns.open_campaign(actor, data.version, answer_by)
    except CampaignIsOpen as fault:
        return await _page(request, actor, fault=fault, data=data)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{campaign_id:uuid}}/call-off",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def call_off(actor: NamedDependency[Actor], campaign_id: FromPath[UUID]) -> Response[bytes]:
    await campaigns.call_off(actor, campaign_id)
    return Redirect(HERE, status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    *,
    fault: CampaignIsOpen | DayTooNear | NotThoseTerms | None = None,
    data: NewCampaign | None = None,
) -> Response[bytes]:
    locale, terms = preferences(request).locale, directory.profile().terms_in_force
    usual = clock.today_in_japan() + timedelta(days=USUAL_DAYS)
    return await render(
        request,
        "support/campaigns.html",
        actor,
        status=fault.status if fault else 200,
        path=HERE,
        campaigns=await campaigns.campaigns(actor),
        version=terms.version,
        changes=terms.changes.said(locale) if terms.changes else "",
        answer_by=data.answer_by if data else usual.isoformat(),
        least_days=LEAST_DAYS,
        errors={"answer_by": say(request, fault.key, **fault.params)} if fault else {},
    )


routes: list[ControllerRouterHandler] = [show, open_one, call_off]
