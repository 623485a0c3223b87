"""The JSON doors of whoever has no passkey at hand: recovery, and signing in with a password."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.directory import service as directory
from api.identity.guards import API, anyone, bearer, device_at
from api.identity.keys import passwords, recovery
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


class PasswordSignIn(Struct, forbid_unknown_fields=True):
    """`number`: the six digits the authenticator app shows."""

    card: str
    password: str
    number: str


@post(
    "/sessions/password",
    guards=[anyone],
    opt=API,
    tags=["Sessions"],
    summary="Sign in with a password",
)
async def sign_in(request: ApiRequest, data: JSONBody[PasswordSignIn]) -> SessionToken:
    """403 whatever did not fit, 429 with `Retry-After`. Such a session is not fresh."""
    session = await passwords.sign_in(
        data.card,
        data.password,
        data.number,
        request.client.host if request.client else "",
        scheme=directory.profile().card_scheme,
        device=device_at(request),
        earlier_token=bearer(request),
    )
    return SessionToken(session.token, session.expires_at)


routes: list[ControllerRouterHandler] = [Recoveries, sign_in]
