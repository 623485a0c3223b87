"""An app asks to read my records: allow it, or not."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct
from msgspec.structs import asdict

from api.consent.settings.telling import label
from api.core import clock
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.apps import authorizing, redirects, scopes
from api.identity.apps.authorizing import Ask
from api.identity.apps.errors import AskRefused
from api.identity.guards import PORTAL, participants_only
from api.records.apps import service as app_reading
from web_portal.page import PortalRequest, preferences, render

Sent = Annotated[str, Meta(max_length=4_000)]


class AnswerForm(Struct):
    """What the app asked, as it asked it, and the answer."""

    answer: Literal["allow", "refuse"]
    response_type: Sent = ""
    client_id: Sent = ""
    redirect_uri: Sent = ""
    scope: Sent = ""
    state: Sent = ""
    aud: Sent = ""
    code_challenge: Sent = ""
    code_challenge_method: Sent = ""


class ConnectPages(Controller):
    """Not there for who acts for somebody: it is about one's own records."""

    path = "/oauth/authorize"
    opt = PORTAL
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
        pairs = list(request.query_params.multi_items())
        try:
            ask = await _asked(request, pairs)
        except AskRefused as refusal:
            return Redirect(refusal.location, status_code=303)
        await authorizing.demand(actor)
        locale = preferences(request).locale
        names = ask.app.names
        return await render(
            request,
            "apps/allow.html",
            actor,
            path="/",
            name=names[locale],
            publisher=ask.app.publisher,
            kinds=kinds_said(request, ask.scopes),
            until=clock.now() + ask.lasts if scopes.OFFLINE in ask.scopes else None,
            asked=[(name, value) for name, value in pairs if name in AnswerForm.__struct_fields__],
        )

    @post("/")
    async def answer(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[AnswerForm],
    ) -> Response[Any]:
        fields = asdict(data)
        is_allowed = fields.pop("answer") == "allow"
        try:
            ask = await _asked(request, [each for each in fields.items() if each[1]])
        except AskRefused as refusal:
            return Redirect(refusal.location, status_code=303)
        answered = authorizing.allow if is_allowed else authorizing.refuse
        return Redirect(await answered(actor, ask), status_code=303)


def kinds_said(request: PortalRequest, allowed: Collection[str]) -> list[str]:
    """The kinds of record that may be read, in the network's order."""
    profile, locale = directory.profile(), preferences(request).locale
    found = app_reading.categories(allowed)
    return [
        label(profile, "category", each.code, locale)
        for each in profile.categories
        if each.code in found
    ]


async def _asked(request: PortalRequest, pairs: Iterable[tuple[str, str]]) -> Ask:
    ask = await authorizing.checked(pairs, app_reading.TYPES)
    # The answer leaves this site: the page's own policy must let its form do so.
    request.scope["state"]["form_target"] = redirects.form_target(ask.redirect_uri)
    return ask


routes: list[ControllerRouterHandler] = [ConnectPages]
