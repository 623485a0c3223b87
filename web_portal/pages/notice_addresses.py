"""Where my notices go: this browser, my phones, my mailbox."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import PORTAL, device_at, participants_only
from notifications.reaching import service as addresses
from notifications.reaching.errors import CodeRefused, NoSuchAddress, TooManyCodes
from notifications.reaching.service import Device
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages.account import device_said

PAGE = "/account/notices"


class BrowserForm(Struct):
    endpoint: Annotated[str, Meta(max_length=2000)] = ""
    p256dh: Annotated[str, Meta(max_length=100)] = ""
    auth: Annotated[str, Meta(max_length=40)] = ""


class MailForm(Struct):
    address: Annotated[str, Meta(max_length=254)] = ""


class CodeForm(Struct):
    code: Annotated[str, Meta(max_length=20)] = ""


class NoticeAddressPages(Controller):
    path = PAGE
    opt = PORTAL
    guards = (participants_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _page(request, actor)

    @post("/browser")
    async def add_browser(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[BrowserForm],
    ) -> Response[Any]:
        """The fields are filled by the page's script, from what the browser gave it."""
        locale = preferences(request).locale
        try:
            await addresses.add_browser(
                actor, data.endpoint, data.p256dh, data.auth, device_at(request).code, locale
            )
        except NoSuchAddress as fault:
            return await _page(request, actor, fault)
        return Redirect(PAGE, status_code=303)

    @post("/{address_id:uuid}/remove")
    async def remove(
        self, actor: NamedDependency[Actor], address_id: FromPath[UUID]
    ) -> Response[Any]:
        await addresses.remove(actor, address_id)
        return Redirect(PAGE, status_code=303)

    @post("/mail")
    async def want_mail(
        self, request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[MailForm]
    ) -> Response[Any]:
        try:
            await addresses.want_mail(actor, data.address, preferences(request).locale)
        except (NoSuchAddress, TooManyCodes) as fault:
            return await _page(request, actor, fault, typed=data.address)
        return Redirect(f"{PAGE}#mail", status_code=303)

    @post("/mail/confirm")
    async def confirm_mail(
        self, request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[CodeForm]
    ) -> Response[Any]:
        try:
            await addresses.confirm_mail(actor, data.code)
        except CodeRefused as fault:
            return await _page(request, actor, fault)
        return Redirect(f"{PAGE}#mail", status_code=303)

    @post("/mail/remove")
    async def remove_mail(self, actor: NamedDependency[Actor]) -> Response[Any]:
        await addresses.remove_mail(actor)
        return Redirect(f"{PAGE}#mail", status_code=303)


async def _page(
    request: PortalRequest, actor: Actor, fault: Problem | None = None, typed: str = ""
) -> Response[bytes]:
    found = await addresses.mine(actor)
    return await render(
        request,
        "account/notices.html",
        actor,
        status=fault.status if fault else 200,
        flash=_flash(request, fault) if fault else None,
        devices=[_shown(request, each) for each in [*found.browsers, *found.phones]],
        mailbox=found.mailbox,
        typed=typed,
        offered=found.offered,
        web_push_key=found.web_push_key,
    )


def _flash(request: PortalRequest, fault: Problem) -> Flash:
    return Flash(
        kind="error",
        title=say(request, fault.key, **fault.params),
        text=say(request, f"{fault.key}.next"),
    )


def _shown(request: PortalRequest, device: Device) -> dict[str, object]:
    return {
        "id": device.address_id,
        "device": device_said(request, device.device) or say(request, "notice_addresses.device"),
        "added_at": device.added_at,
        "is_here": device.is_here,
    }


routes: list[ControllerRouterHandler] = [NoticeAddressPages]
