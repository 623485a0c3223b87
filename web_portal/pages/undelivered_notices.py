"""What did not reach whom: sent again, or called instead. No address, no content, no name."""

from typing import Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import PORTAL, support_only
from api.support import calling
from notifications.officers import letters, undelivered
from notifications.officers.undelivered import Undelivered
from web_portal.page import Flash, PageNumber, PortalRequest, pages_of, render, say

PATH = "/support/notices"
ON_A_PAGE = 20


class Chosen(Struct):
    """In the form and not in an address: whose it is says who was told something."""

    participant: UUID
    notice: UUID
    channel: Literal["fcm", "web_push", "mail", "letter"]


@get(PATH, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    page: PageNumber = 1,
    done: FromQuery[Literal["", "retried", "called"]] = "",
) -> Response[bytes]:
    found, total = await undelivered.listed(actor, page=page, count=ON_A_PAGE)
    held = await letters.held_up(actor)
    flash: Flash | None = None
    if done:
        flash = {"kind": "success", "title": say(request, f"support.notices.{done}"), "text": ""}
    return await render(
        request,
        "support/notices.html",
        actor,
        flash=flash,
        notices=[_shown(request, each) for each in found],
        held=[(say(request, f"channel.{each.channel}"), *each[1:]) for each in held],
        pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
    )


@post(f"{PATH}/retry", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def retry(actor: NamedDependency[Actor], data: URLEncodedBody[Chosen]) -> Response[bytes]:
    await undelivered.retry(actor, data.participant, data.notice, data.channel)
    return Redirect(f"{PATH}?done=retried", status_code=303)


@post(f"{PATH}/call", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def call(actor: NamedDependency[Actor], data: URLEncodedBody[Chosen]) -> Response[bytes]:
    await calling.call_instead(actor, data.participant, data.notice, data.channel)
    return Redirect(f"{PATH}?done=called", status_code=303)


def _shown(request: PortalRequest, each: Undelivered) -> dict[str, object]:
    key = f"support.notices.reason.{each.reason}"
    known = i18n.has_text("ja", key)
    reason = say(request, key) if known else _other(request, each.reason)
    return {
        "at": each.at,
        "who": say(request, "support.notices.card", end=each.card_end),
        "facts": [
            (
                say(request, "support.notices.channel"),
                say(request, f"channel.{each.channel}"),
            ),
            (say(request, "support.notices.kind"), say(request, f"notices.kind.{each.kind}.name")),
            (say(request, "support.notices.reason"), reason),
        ],
        "fields": {
            "participant": each.participant_id,
            "notice": each.notice_id,
            "channel": each.channel,
        },
    }


def _other(request: PortalRequest, code: str) -> str:
    return say(request, "support.notices.reason.other", code=code)


routes: list[ControllerRouterHandler] = [listed, retry, call]
