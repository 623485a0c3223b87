"""The JSON doors of identity: sessions of people, tokens of facility systems."""

from typing import Any

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import runtime
from api.core.actor import Actor
from api.identity import app_tokens, service, systems
from api.identity.errors import TokenRequestRefused
from api.identity.guards import (
    ANYBODY,
    API,
    anyone,
    bearer,
    device_at,
    everyone_signed_in,
    proved_at,
)
from api.identity.schemas import (
    BoundTokens,
    RefreshToken,
    SessionToken,
    SmartConfiguration,
    Token,
    WebAuthnCredential,
    WebAuthnOptions,
    pair_of,
    tokens_of,
)


class SessionController(Controller):
    path = "/sessions"
    tags = ("Sessions",)
    opt = API

    @post("/options", guards=[anyone], status_code=200)
    async def options(self) -> WebAuthnOptions:
        """Options for `navigator.credentials.get()`; no name is needed."""
        return await service.sign_in_options()

    @post("/", guards=[anyone])
    async def open(
        self, request: Request[Any, Any, Any], data: JSONBody[WebAuthnCredential]
    ) -> SessionToken | BoundTokens:
        """Signs in with a passkey; a token sent along is ended. With a `DPoP` header the session is
        bound to that key, and a pair of tokens is answered."""
        jkt = None
        if "dpop" in request.headers:
            jkt = await app_tokens.key_of(*proved_at(request))
        session = await service.sign_in(data, bearer(request), device=device_at(request), jkt=jkt)
        return tokens_of(session)

    @post("/refresh", guards=[anyone], status_code=200)
    async def refresh(
        self, request: Request[Any, Any, Any], data: JSONBody[RefreshToken]
    ) -> BoundTokens:
        """Another pair, with a proof of the same key. A refresh token that comes a second time ends
        the session."""
        return pair_of(await app_tokens.refresh(data.refresh_token, *proved_at(request)))

    @delete("/current", guards=[everyone_signed_in], opt=ANYBODY)
    async def end(self, actor: NamedDependency[Actor]) -> None:
        """Ends the session of the token sent."""
        await service.end_present(actor)


@post("/oauth/token", guards=[anyone], opt=API, status_code=200, tags=["Systems"])
async def token(
    data: URLEncodedBody[dict[str, Any]],
) -> Response[Token]:
    """SMART Backend Services: an access token for a facility's system (RFC 6749, RFC 7523)."""
    names = ("grant_type", "client_assertion_type", "client_assertion", "scope")
    fields = [(data or {}).get(name, "") for name in names]
    if not fields[0] or not all(isinstance(field, str) for field in fields):
        raise TokenRequestRefused("invalid_request", "each parameter once, grant_type always")
    issued = await systems.issue_token(*fields)
    return Response(
        Token(issued.access_token, issued.expires_in, issued.scope),
        headers={"cache-control": "no-store", "pragma": "no-cache"},
    )


@get(
    ["/.well-known/smart-configuration", "/fhir/R4/.well-known/smart-configuration"],
    guards=[anyone],
    opt=API,
    tags=["Systems"],
)
async def smart_configuration() -> SmartConfiguration:
    """What a facility's system must know to ask for a token."""
    return SmartConfiguration(
        issuer=runtime.settings().public_url,
        token_endpoint=systems.token_endpoint(),
        grant_types_supported=["client_credentials"],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=list(systems.ASSERTION_ALGORITHMS),
        scopes_supported=list(systems.SCOPES),
        capabilities=["client-confidential-asymmetric", "permission-v1"],
        code_challenge_methods_supported=["S256"],
    )


routes: list[ControllerRouterHandler] = [SessionController, token, smart_configuration]
