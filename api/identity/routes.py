"""The JSON doors of identity: sessions of people, tokens of facility systems."""

from typing import Any

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core import runtime
from api.core.actor import Actor
from api.identity import service
from api.identity.apps import pkce
from api.identity.apps import scopes as app_scopes
from api.identity.apps import tokens as app_grants
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
from api.identity.tokens import app_tokens, dpop, systems


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
    request: Request[Any, Any, Any], data: URLEncodedBody[dict[str, Any]]
) -> Response[Token]:
    """For a facility's system by its assertion (SMART Backend Services: RFC 6749, RFC 7523); for a
    participant's app by a code or a refresh token (SMART App Launch), bound to a key where a
    `DPoP` header comes along (RFC 9449)."""
    form = form_of(data)
    if not form.get("grant_type"):
        raise TokenRequestRefused("invalid_request", "grant_type is needed")
    if form["grant_type"] in app_grants.GRANT_TYPES:
        proof = proved_at(request) if "dpop" in request.headers else None
        address = request.client.host if request.client else ""
        allowed = await app_grants.issue(form, proof, address)
        answer = Token(
            allowed.access_token,
            allowed.expires_in,
            allowed.scope,
            "DPoP" if allowed.is_bound else "Bearer",
            allowed.refresh_token,
            allowed.patient,
        )
    else:
        names = ("grant_type", "client_assertion_type", "client_assertion", "scope")
        issued = await systems.issue_token(*(form.get(name, "") for name in names))
        answer = Token(issued.access_token, issued.expires_in, issued.scope, "Bearer")
    return Response(answer, headers={"cache-control": "no-store", "pragma": "no-cache"})


@post("/oauth/revoke", guards=[anyone], opt=API, status_code=200, tags=["Apps"])
async def revoke(data: URLEncodedBody[dict[str, Any]]) -> None:
    """An app gives a token back (RFC 7009); with its refresh token the connection ends."""
    form = form_of(data)
    if not form.get("token"):
        raise TokenRequestRefused("invalid_request", "token is needed")
    await app_grants.revoke(form)


def form_of(data: dict[str, Any] | None) -> dict[str, str]:
    """RFC 6749 §3.2: no parameter comes twice."""
    form = data or {}
    if not all(isinstance(value, str) for value in form.values()):
        raise TokenRequestRefused("invalid_request", "each parameter once")
    return form


@get(
    ["/.well-known/smart-configuration", "/fhir/R4/.well-known/smart-configuration"],
    guards=[anyone],
    opt=API,
    tags=["Systems"],
)
async def smart_configuration() -> SmartConfiguration:
    """What a facility's system or a participant's app must know to ask for a token."""
    site = runtime.settings().public_url
    return SmartConfiguration(
        issuer=site,
        authorization_endpoint=f"{site}/oauth/authorize",
        token_endpoint=systems.token_endpoint(),
        revocation_endpoint=f"{site}/oauth/revoke",
        management_endpoint=f"{site}/account/apps",
        grant_types_supported=["client_credentials", *app_grants.GRANT_TYPES],
        token_endpoint_auth_methods_supported=["none", "private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=list(systems.ASSERTION_ALGORITHMS),
        response_types_supported=["code"],
        scopes_supported=[*systems.SCOPES, *app_scopes.SAID],
        capabilities=[
            "launch-standalone",
            "client-public",
            "client-confidential-asymmetric",
            "context-standalone-patient",
            "permission-patient",
            "permission-offline",
            "permission-v1",
            "permission-v2",
        ],
        code_challenge_methods_supported=[pkce.METHOD],
        dpop_signing_alg_values_supported=list(dpop.ALGORITHMS),
    )


routes: list[ControllerRouterHandler] = [SessionController, token, revoke, smart_configuration]
