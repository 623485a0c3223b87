"""The apps I connected: what each may read, when it last did, and ending it."""

from typing import Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.apps import connected
from api.identity.apps.connected import ConnectedApp
from api.identity.guards import ANYBODY, PORTAL, participants_only
from web_portal.page import PortalRequest, preferences, render
from web_portal.pages.connect_app import kinds_said

APPS = "/account/apps"


class AppPages(Controller):
    path = APPS
    opt = PORTAL | ANYBODY
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        apps = [_app(request, each) for each in await connected.own(actor)]
        return await render(request, "apps/list.html", actor, apps=apps)

    @get("/{grant_id:uuid}/end")
    async def ask(
        self, request: PortalRequest, actor: NamedDependency[Actor], grant_id: FromPath[UUID]
    ) -> Response[bytes]:
        found = await connected.one(actor, grant_id)
        return await render(request, "apps/end.html", actor, app=_app(request, found))

    @post("/{grant_id:uuid}/end")
    async def end(self, actor: NamedDependency[Actor], grant_id: FromPath[UUID]) -> Response[Any]:
        await connected.end(actor, grant_id)
        return Redirect(APPS, status_code=303)


def _app(request: PortalRequest, app: ConnectedApp) -> dict[str, object]:
    return {
        "id": app.grant_id,
        "name": app.name(preferences(request).locale),
        "publisher": app.publisher,
        "kinds": kinds_said(request, app.scopes),
        "connected_at": app.connected_at,
        "ends_at": app.ends_at,
        "seen_at": app.seen_at,
    }


routes: list[ControllerRouterHandler] = [AppPages]
