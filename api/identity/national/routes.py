"""The JSON doors of the My Number login: begin, and finish with what the redirect brought."""

from typing import Any

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import (
    ANYBODY,
    API,
    anyone,
    bearer,
    bound_token,
    device_at,
    participants_only,
    proved_at,
)
from api.identity.keys import stepping_up
from api.identity.national import provider, service
from api.identity.national.at_the_app import begun, proof_of
from api.identity.national.login import Purpose
from api.identity.national.schemas import (
    ClientKeySet,
    MyNumberAdded,
    MyNumberAnswer,
    MyNumberLogin,
)
from api.identity.schemas import BoundTokens, SessionToken, tokens_of
from api.identity.tokens import app_tokens

ApiRequest = Request[Any, Any, Any]


class MyNumberSessions(Controller):
    path = "/sessions/my-number"
    tags = ("Sessions",)
    opt = API
    guards = (anyone,)

    @post("/", summary="Begin signing in with a My Number card")
    async def begin(self) -> MyNumberLogin:
        """The issuer sends back to `/app/my-number`, an address the app has claimed."""
        return await begun(Purpose.SIGN_IN)

    @post("/finish", summary="Sign in with a My Number card")
    async def finish(
        self, request: ApiRequest, data: JSONBody[MyNumberAnswer]
    ) -> SessionToken | BoundTokens:
        """A token sent along is ended; a `DPoP` header binds the session to its key. 403 where
        nobody is known by this card."""
        jkt = None
        if "dpop" in request.headers:
            jkt = await app_tokens.key_of(*proved_at(request))
        session = await service.sign_in(
            await proof_of(data), bearer(request), device=device_at(request), jkt=jkt
        )
        return tokens_of(session)


class MyMyNumber(Controller):
    path = "/me/my-number"
    tags = ("My keys",)
    opt = API | ANYBODY
    guards = (participants_only,)

    @get("/", summary="My My Number login")
    async def show(self, actor: NamedDependency[Actor]) -> MyNumberAdded:
        """Whether I can sign in with my card, and since when."""
        added = await service.own(actor)
        return MyNumberAdded(added is not None, *(added or (None, None)))

    @post("/", summary="Begin adding my My Number card")
    async def begin(self, actor: NamedDependency[Actor]) -> MyNumberLogin:
        """To be finished in the session it was begun in. 403 with `step_up` where that is not
        fresh."""
        await stepping_up.demand_now(actor)
        return await begun(Purpose.ADD, actor.session_id)

    @post("/finish", status_code=204, summary="Add my My Number card")
    async def finish(self, actor: NamedDependency[Actor], data: JSONBody[MyNumberAnswer]) -> None:
        """409 when the card opens another account, or this account has another card."""
        await service.add(actor, await proof_of(data, actor.session_id))

    @delete("/", summary="Remove my My Number card")
    async def remove(self, actor: NamedDependency[Actor]) -> None:
        """With every session it opened. 404 where there is none, 409 for the last way in, 403 with
        `step_up` where the session is not fresh."""
        await service.remove(actor)


class MyNumberStepUp(Controller):
    path = "/me/step-up/my-number"
    tags = ("My keys",)
    opt = API | ANYBODY
    guards = (participants_only,)

    @post("/", summary="Begin to prove again who is there, with a My Number card")
    async def begin(self, actor: NamedDependency[Actor]) -> MyNumberLogin:
        """To be finished in the session it was begun in."""
        return await begun(Purpose.STEP_UP, actor.session_id)

    @post("/finish", status_code=200, summary="Prove again who is there, with a My Number card")
    async def finish(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[MyNumberAnswer]
    ) -> SessionToken | BoundTokens:
        """As POST /me/step-up. 403 for a card that is not this account's own."""
        session = await service.step_up(actor, await proof_of(data, actor.session_id))
        if bound_token(request) is not None and actor.session_id is not None:
            session = session._replace(pair=await app_tokens.renewed(actor, actor.session_id))
        return tokens_of(session)


@get("/.well-known/my-number-client/jwks.json", guards=[anyone], opt=API, tags=["Sessions"])
async def client_key_set() -> ClientKeySet:
    """The keys by which we prove ourselves to the issuer: the one that signs, and the next."""
    provider.settings()
    return ClientKeySet(provider.client_keys().published())


routes: list[ControllerRouterHandler] = [
    MyNumberSessions,
    MyMyNumber,
    MyNumberStepUp,
    client_key_set,
]
