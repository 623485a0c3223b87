"""The JSON door of recovery: from card and recovery code to a new passkey."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.directory import service as directory
from api.identity import recovery
from api.identity.guards import API, anyone, bearer, device_at
from api.identity.schemas import SessionToken, WebAuthnCredential, WebAuthnOptions

ApiRequest = Request[Any, Any, Any]


class NewRecovery(Struct, forbid_unknown_fields=True):
    """`card` and `code` as people type them."""

    card: str
    code: str


class RecoveryTicket(Struct):
    """`ticket` goes into `Authorization: Bearer` of the next steps."""

    ticket: str
    expires_at: datetime


class Recoveries(Controller):
    """For whoever lost every key: card and recovery code open the making of a new passkey, end all
    sessions, and freeze the account for 72 hours."""

    path = "/recoveries"
    opt = API
    guards = (anyone,)
    tags = ("Sessions",)

    @post("", summary="Begin to recover an account")
    async def begin(self, request: ApiRequest, data: JSONBody[NewRecovery]) -> RecoveryTicket:
        """Checks card and code together; which of them was wrong is never said."""
        source = request.client.host if request.client else ""
        issued = await recovery.begin(
            data.card, data.code, source, scheme=directory.profile().card_scheme
        )
        return RecoveryTicket(*issued)

    @post("/current/passkey/options", status_code=200, summary="Begin the new passkey")
    async def options(self, request: ApiRequest) -> WebAuthnOptions:
        """Options for `navigator.credentials.create()`. 410 for a ticket that is over."""
        return await recovery.passkey_options(bearer(request) or "")

    @post("/current/passkey", summary="Make the new passkey and sign in")
    async def finish(self, request: ApiRequest, data: JSONBody[WebAuthnCredential]) -> SessionToken:
        session = await recovery.finish(bearer(request) or "", data, device=device_at(request))
        return SessionToken(session.token, session.expires_at)


routes: list[ControllerRouterHandler] = [Recoveries]
