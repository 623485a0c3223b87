"""Saving a wish from any settings page, and taking the last one back."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.errors import SettingsChangedMeanwhile
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from web_portal.page import PortalRequest
from web_portal.pages.disclosure.frame import Back, Change, crossed, returning, saved, to, wished

Version = Annotated[int, Meta(ge=0, le=2_000_000_000)]


class Save(Struct):
    change: Change
    version: Version
    back: Back = ""


class TakeBack(Struct):
    version: Version
    back: Back = ""


@post(
    "/disclosure/save", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def save(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Save]
) -> Response[bytes]:
    return await saved(request, actor, wished(data.change), data.version, data.back)


@post(
    "/disclosure/undo", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def undo(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[TakeBack]
) -> Response[bytes]:
    try:
        state = await consent.undo(actor, expected_version=data.version)
    except SettingsChangedMeanwhile as crossing:
        return await crossed(request, actor, crossing, data.back)
    return to(returning(data.back, state.directive.version))


routes: list[ControllerRouterHandler] = [save, undo]
