"""The apps a participant connected, for their own app."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.apps import connected
from api.identity.guards import ANYBODY, API, participants_only
from api.records.apps import service as app_reading

ApiRequest = Request[Any, Any, Any]


class KindView(Struct):
    category: str
    label: str


class AppView(Struct):
    """`reads`: kinds of record it may read; `last_used_at`: to the minute, null when it never
    did."""

    id: UUID
    client_id: str
    name: str
    publisher: str
    reads: list[KindView]
    connected_at: datetime
    ends_at: datetime
    last_used_at: datetime | None


class MyApps(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/apps"
    opt = API | ANYBODY
    guards = (participants_only,)
    tags = ("My account",)

    @get("", summary="Apps I connected")
    async def listed(self, request: ApiRequest, actor: NamedDependency[Actor]) -> list[AppView]:
        """Those that may read now, the newest first."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        profile = directory.profile()
        return [
            AppView(
                each.grant_id,
                each.client_id,
                each.name(locale),
                each.publisher,
                [
                    KindView(kind.code, label(profile, "category", kind.code, locale))
                    for kind in profile.categories
                    if kind.code in app_reading.categories(each.scopes)
                ],
                each.connected_at,
                each.ends_at,
                each.seen_at,
            )
            for each in await connected.own(actor)
        ]

    @delete("/{grant_id:uuid}", summary="End an app's access")
    async def end(self, actor: NamedDependency[Actor], grant_id: FromPath[UUID]) -> None:
        """At once, with all its tokens. 404 for any that is not mine or has ended."""
        await connected.end(actor, grant_id)


routes: list[ControllerRouterHandler] = [MyApps]
