"""The JSON door of whoever was invited: a code, and the first passkey made with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.identity.guards import API, anyone, bearer, device_at
from api.identity.schemas import SessionToken, WebAuthnCredential, WebAuthnOptions
from api.identity.staff import invitations

ApiRequest = Request[Any, Any, Any]


class TypedCode(Struct, forbid_unknown_fields=True):
    """As people type it."""

    code: str


class InvitationTicket(Struct):
    """`ticket` goes into `Authorization: Bearer` of the next steps."""

    ticket: str
    expires_at: datetime


class InvitedPerson(Struct):
    """`kind`: professional, facility_admin, support or auditor, the last two of no facility;
    `profession` is a code of the network's profile."""

    kind: str
    name: str
    facility_id: UUID | None
    profession: str | None


class Invitations(Controller):
    """For a facility's people: the code they were given opens the making of their first passkey."""

    path = "/invitations"
    opt = API
    guards = (anyone,)
    tags = ("Sessions",)

    @post("", summary="Begin with an invitation's code")
    async def begin(self, request: ApiRequest, data: JSONBody[TypedCode]) -> InvitationTicket:
        """422 for a code that is unknown, used or too old; which is never said."""
        source = request.client.host if request.client else ""
        return InvitationTicket(*await invitations.begin(data.code, source))

    @get("/current", summary="Whom the invitation is for")
    async def show(self, request: ApiRequest) -> InvitedPerson:
        """410 for a ticket that is over."""
        found = await invitations.invited(bearer(request) or "")
        return InvitedPerson(found.kind, found.name, found.facility_id, found.profession)

    @post("/current/passkey/options", status_code=200, summary="Begin the first passkey")
    async def options(self, request: ApiRequest) -> WebAuthnOptions:
        """Options for `navigator.credentials.create()`; the device asks who is there."""
        return await invitations.passkey_options(bearer(request) or "")

    @post("/current/passkey", summary="Make the first passkey and sign in")
    async def finish(self, request: ApiRequest, data: JSONBody[WebAuthnCredential]) -> SessionToken:
        session = await invitations.finish(bearer(request) or "", data, device=device_at(request))
        return SessionToken(session.token, session.expires_at)


routes: list[ControllerRouterHandler] = [Invitations]
