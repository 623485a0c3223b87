"""A professional says which participant and which insurance are their own."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.emergency import ties
from api.emergency.errors import TieFaults
from api.identity.card import CardFault
from api.identity.guards import PORTAL, professionals_only
from api.identity.my_number import contains_my_number
from web_portal.page import Flash, PortalRequest, render, say

PATH = "/account/emergency-ties"
Short = Annotated[str, Meta(max_length=100)]


class Ties(Struct):
    card: Short = ""
    insurer: Short = ""
    insurance_symbol: Short = ""
    insurance_number: Short = ""


@get(PATH, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    own = await ties.declared(actor)
    values = Ties() if own is None else Ties(*own[:4])
    flash: Flash | None = None
    if done == "yes":
        flash = {"kind": "success", "title": say(request, "emergency.ties.saved"), "text": ""}
    return await _page(request, actor, values, {}, flash)


@post(PATH, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def declare(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Ties]
) -> Response[bytes]:
    if contains_my_number(data.card):
        fault = {"card": say(request, CardFault.MY_NUMBER)}
        return await _page(request, actor, Ties(), fault, None)
    try:
        await ties.declare(
            actor, data.card, data.insurer, data.insurance_symbol, data.insurance_number
        )
    except TieFaults as refusal:
        faults = {name: say(request, key) for name, key in refusal.faults.items()}
        return await _page(request, actor, data, faults, None)
    return Redirect(f"{PATH}?done=yes", status_code=303)


async def _page(
    request: PortalRequest,
    actor: Actor,
    values: Ties,
    errors: dict[str, str],
    flash: Flash | None,
) -> Response[bytes]:
    return await render(
        request,
        "account/emergency_ties.html",
        actor,
        status=422 if errors else 200,
        path=PATH,
        flash=flash,
        values=values,
        errors=errors,
    )


routes: list[ControllerRouterHandler] = [show, declare]
