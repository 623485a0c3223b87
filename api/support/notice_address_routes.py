"""Where my notices go: the app's doors to phones, browsers and a mailbox."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import i18n
from api.core.actor import Actor
from api.identity.guards import API, device_at, participants_only
from notifications.reaching import service as addresses
from notifications.reaching.service import Device

ApiRequest = Request[Any, Any, Any]


class DeviceView(Struct):
    """`is_here`: added in this session."""

    id: UUID
    device: str
    added_at: datetime
    is_here: bool


class MailboxView(Struct):
    """`waiting`: an address whose code was sent and not typed yet. `is_undeliverable`: its server
    said that there is no such mailbox."""

    address: str | None
    is_undeliverable: bool
    waiting: str | None


class AddressesView(Struct):
    """`ways`: those this network has (fcm, web_push, mail). `web_push_key`: what a browser
    subscribes with (RFC 8292), base64url."""

    phones: list[DeviceView]
    browsers: list[DeviceView]
    mail: MailboxView
    ways: list[str]
    web_push_key: str | None


class Token(Struct, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=4096, description="FCM's, of this app.")]


class SubscriptionKeys(Struct, forbid_unknown_fields=True):
    p256dh: Annotated[str, Meta(min_length=1, max_length=100)]
    auth: Annotated[str, Meta(min_length=1, max_length=40)]


class Subscription(Struct, forbid_unknown_fields=True):
    """As `PushSubscription.toJSON()` gives it, without its expiration."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=2000)]
    keys: SubscriptionKeys


class Wanted(Struct, forbid_unknown_fields=True):
    address: Annotated[str, Meta(min_length=1, max_length=254)]


class Code(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=20, description="Six digits.")]


class Added(Struct):
    id: UUID


class MyNoticeAddresses(Controller):
    """Never for a proxy: a notice goes where its own reader is."""

    path = "/me"
    opt = API
    guards = (participants_only,)
    tags = ("My notices",)

    @get("/notice-addresses", summary="Where my notices go")
    async def mine(self, actor: NamedDependency[Actor]) -> AddressesView:
        """Phones and browsers without their tokens; the mailbox with its address."""
        found = await addresses.mine(actor)
        return AddressesView(
            [_view(each) for each in found.phones],
            [_view(each) for each in found.browsers],
            MailboxView(*found.mailbox),
            sorted(found.offered),
            found.web_push_key,
        )

    @post("/push-tokens", summary="Tell this phone of my notices")
    async def add_phone(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Token]
    ) -> Added:
        """The app calls it at each start; the same token again is the same address. Signing out
        removes it. Texts come in the first language of `Accept-Language`."""
        return Added(
            await addresses.add_phone(actor, data.token, device_at(request).code, _locale(request))
        )

    @post("/push-subscriptions", summary="Tell this browser of my notices")
    async def add_browser(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Subscription]
    ) -> Added:
        """Of one of the browser makers' push services alone."""
        keys = data.keys
        return Added(
            await addresses.add_browser(
                actor,
                data.endpoint,
                keys.p256dh,
                keys.auth,
                device_at(request).code,
                _locale(request),
            )
        )

    @delete("/notice-addresses/{address_id:uuid}", summary="Tell a phone or browser no more")
    async def remove(self, actor: NamedDependency[Actor], address_id: FromPath[UUID]) -> None:
        await addresses.remove(actor, address_id)

    @post("/mail-address", status_code=202, summary="Tell a mailbox of my notices")
    async def want_mail(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[Wanted]
    ) -> None:
        """A code goes to it, at most five a day. Until it is typed, the old address goes on."""
        await addresses.want_mail(actor, data.address, _locale(request))

    @post("/mail-address/confirmation", status_code=204, summary="The code that came by mail")
    async def confirm_mail(self, actor: NamedDependency[Actor], data: JSONBody[Code]) -> None:
        """Within 30 minutes, at the fifth try at the latest."""
        await addresses.confirm_mail(actor, data.code)

    @delete("/mail-address", summary="Tell my mailbox no more")
    async def remove_mail(self, actor: NamedDependency[Actor]) -> None:
        await addresses.remove_mail(actor)


def _view(device: Device) -> DeviceView:
    return DeviceView(device.address_id, device.device, device.added_at, device.is_here)


def _locale(request: ApiRequest) -> str:
    return i18n.preferred(request.headers.get("accept-language", "ja"))


routes: list[ControllerRouterHandler] = [MyNoticeAddresses]
