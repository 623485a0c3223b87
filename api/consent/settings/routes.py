"""Disclosure settings of the signed-in participant, for apps."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.consent import service
from api.consent.settings.conflicts import both_shown
from api.consent.settings.schemas import Changes, Undo
from api.consent.settings.view import DisclosureView, view
from api.consent.stored import Settings
from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, SETTINGS, participants_only

ApiRequest = Request[Any, Any, Any]


class Disclosure(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me"
    opt = API | SETTINGS
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My settings"]  # noqa: RUF012

    @get("/disclosure", summary="Who can see my records")
    async def show(self, request: ApiRequest, actor: NamedDependency[Actor]) -> DisclosureView:
        """The settings as they stand, with the version each change must name."""
        return await _view(request, actor, await service.settings(actor))

    @post("/disclosure/changes", status_code=200, summary="Change settings")
    async def change(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Changes]
    ) -> DisclosureView:
        """All commands make one new version. 409 when `version` is no longer the newest: nothing
        was changed; `current` holds the settings as they are, `meanwhile` what the other changes
        did, `wanted` what this one would have done. 422 for what is not there to be named, for
        people and facilities that left, for ends that are past, and for contradictions."""
        commands = [each.command() for each in data.commands]
        async with both_shown(actor, _locale(request)):
            state = await service.change(actor, commands, expected_version=data.version)
        return await _view(request, actor, state)

    @post("/disclosure/undo", status_code=200, summary="Take the last change back")
    async def undo(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Undo]
    ) -> DisclosureView:
        """A new version that says what the one before said. 409 when `version` is stale, as for
        changes."""
        async with both_shown(actor, _locale(request)):
            state = await service.undo(actor, expected_version=data.version)
        return await _view(request, actor, state)


async def _view(request: ApiRequest, actor: Actor, state: Settings) -> DisclosureView:
    return await view(actor, _locale(request), state)


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes = [Disclosure]
