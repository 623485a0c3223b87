"""New terms: what they are, what refusing means, and my answer."""

from typing import Annotated, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.lifecycle import terms
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import CONSENT, PORTAL, participants_only
from web_portal.page import PortalRequest, preferences, render

HERE = "/participation/terms"


class Answered(Struct):
    answer: Literal["accept", "refuse"]
    version: Annotated[str, Meta(max_length=40)]


@get(HERE, guards=[participants_only], opt=PORTAL | CONSENT, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], refuse: FromQuery[bool] = False
) -> Response[bytes]:
    """With `refuse`, what follows from it is said before anybody can."""
    locale, in_force = preferences(request).locale, directory.profile().terms_in_force
    state = (await consent.settings(actor)).participation
    return await render(
        request,
        "terms.html",
        actor,
        question=await terms.question(actor),
        state=consent.state_now(state),
        has_accepted=state.terms_version == in_force.version and state.state == "participating",
        version=in_force.version,
        paragraphs=in_force.text.said(locale).split("\n"),
        changes=in_force.changes.said(locale) if in_force.changes else "",
        is_refusing=refuse,
    )


@post(HERE, guards=[participants_only], opt=PORTAL | CONSENT, include_in_schema=False)
async def answer(actor: NamedDependency[Actor], data: URLEncodedBody[Answered]) -> Response[bytes]:
    await terms.answer(actor, data.answer, data.version)
    return Redirect(HERE, status_code=303)


routes: list[ControllerRouterHandler] = [show, answer]
