"""A participant closes their account, for apps: begun, followed, called off, certified."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import NotFound
from api.identity.guards import API, anyone, participants_only
from api.support.closing import service


class ClosingWish(Struct, forbid_unknown_fields=True):
    """`erases_log`: what the log says of me is made unreadable too."""

    erases_log: bool = False


class ClosingView(Struct):
    asked_at: datetime
    ends_at: datetime
    erases_log: bool


class BegunView(Struct):
    """`claim_code` is told this once: it opens the certificate when all is over."""

    asked_at: datetime
    ends_at: datetime
    erases_log: bool
    claim_code: str


class ClaimWish(Struct, forbid_unknown_fields=True):
    """`code`: what beginning told once, with or without its hyphens."""

    code: Annotated[str, Meta(max_length=100)]


class CertificateView(Struct):
    """`certificate`: the compact JWS; `said`: what it says, read from it."""

    certificate: str
    said: dict[str, Any]


@post("/closing-certificates", guards=[anyone], opt=API, status_code=200, tags=["My account"])
async def certificate(data: JSONBody[ClaimWish]) -> Response[CertificateView]:
    """The certificate of a closed account, for whoever has its code. 422 for every code that opens
    none, alike."""
    jws = await service.certificate(data.code)
    said: dict[str, Any] = msgspec.json.decode(service.payload(jws))
    return Response(CertificateView(jws, said), headers={"cache-control": "no-store"})


class MyClosing(Controller):
    """Not for whoever acts for somebody. Beginning asks for a fresh session."""

    path = "/me/closing"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My account"]  # noqa: RUF012

    @get("", summary="Whether my account is being closed")
    async def running(self, actor: NamedDependency[Actor]) -> ClosingView:
        """404 while it is not."""
        found = await service.running(actor)
        if found is None:
            raise NotFound
        return ClosingView(found.asked_at, found.ends_at, found.erases_log)

    @post("", status_code=201, summary="Close my account")
    async def begin(self, actor: NamedDependency[Actor], data: JSONBody[ClosingWish]) -> BegunView:
        """After fourteen days, which nobody shortens. 409 where it was asked for already."""
        begun = await service.begin(actor, erases_log=data.erases_log)
        found = begun.closing
        return BegunView(found.asked_at, found.ends_at, found.erases_log, begun.code.printed)

    @delete("", summary="Keep my account")
    async def call_off(self, actor: NamedDependency[Actor]) -> None:
        """Everything is as it was. 409 where there is nothing to call off."""
        await service.call_off(actor)


routes: list[ControllerRouterHandler] = [MyClosing, certificate]
