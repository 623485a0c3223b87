"""The JSON doors of the My Number login: begin, and finish with what the redirect brought."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.guards import API, anyone, bearer, participants_only
from api.identity.national import provider, service
from api.identity.national.at_the_app import begun, proof_of
from api.identity.national.login import Purpose
from api.identity.national.schemas import (
    ClientKeySet,
    MyNumberAdded,
    MyNumberAnswer,
    MyNumberLogin,
)
from api.identity.schemas import SessionToken

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
    async def finish(self, request: ApiRequest, data: JSONBody[MyNumberAnswer]) -> SessionToken:
        """A token sent along is ended. 403 where nobody is known by this card."""
        session = await service.sign_in(await proof_of(data), bearer(request))
        return SessionToken(session.token, session.expires_at)


class MyMyNumber(Controller):
    path = "/me/my-number"
    tags = ("My keys",)
    opt = API
    guards = (participants_only,)

    @get("/", summary="My My Number login")
    async def show(self, actor: NamedDependency[Actor]) -> MyNumberAdded:
        """Whether I can sign in with my card, and since when."""
        added = await service.own(actor)
        return MyNumberAdded(added is not None, *(added or (None, None)))

    @post("/", summary="Begin adding my My Number card")
    async def begin(self, request: ApiRequest) -> MyNumberLogin:
        """To be finished in the session it was begun in."""
        return await begun(Purpose.ADD, bearer(request))

    @post("/finish", status_code=204, summary="Add my My Number card")
    async def finish(
        self, request: ApiRequest, actor: NamedDependency[Actor], data: JSONBody[MyNumberAnswer]
    ) -> None:
        """409 when the card opens another account, or this account has another card."""
        await service.add(actor, await proof_of(data, bearer(request)))


@get("/.well-known/my-number-client/jwks.json", guards=[anyone], opt=API, tags=["Sessions"])
async def client_key_set() -> ClientKeySet:
    """The keys by which we prove ourselves to the issuer: the one that signs, and the next."""
    provider.settings()
    return ClientKeySet(provider.client_keys().published())


routes: list[ControllerRouterHandler] = [MyNumberSessions, MyMyNumber, client_key_set]
