"""The JSON doors of proxies: who may act for me, for whom I may act, and safe mode."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.core.actor import Actor
from api.identity.guards import API, PROXY_ADMIN, participants_only
from api.proxies import safety, service
from api.proxies.schemas import Narrowing, NewProxy, ProxiesView, view


class MyProxies(Controller):
    """Other routes under /me are about the principal named in `Tsunagu-Acting-For`, where a proxy
    is in force and has the power the route needs; otherwise there is nothing (404)."""

    path = "/me"
    opt = API
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["Proxies"]  # noqa: RUF012

    @get("/proxies", opt=PROXY_ADMIN, summary="Who acts for whom")
    async def mine(self, actor: NamedDependency[Actor]) -> ProxiesView:
        """Those that are over are left out."""
        return view(await service.mine(actor))

    @post("/proxies", opt=PROXY_ADMIN, status_code=202, summary="Name somebody who acts for me")
    async def ask(self, actor: NamedDependency[Actor], data: JSONBody[NewProxy]) -> ProxiesView:
        """Who was named accepts, or not. The answer is the same whether card and name belong
        together or not."""
        await service.ask(
            actor, data.card, data.name, frozenset(data.powers), data.ends_on, data.kind
        )
        return view(await service.mine(actor))

    @post("/proxies/{proxy_id:uuid}/acceptance", status_code=200, summary="Accept to act")
    async def accept(self, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> ProxiesView:
        await service.accept(actor, proxy_id)
        return view(await service.mine(actor))

    @post(
        "/proxies/{proxy_id:uuid}/narrowing",
        opt=PROXY_ADMIN,
        status_code=200,
        summary="Fewer powers, or an earlier end",
    )
    async def narrow(
        self, actor: NamedDependency[Actor], proxy_id: FromPath[UUID], data: JSONBody[Narrowing]
    ) -> ProxiesView:
        await service.narrow(actor, proxy_id, frozenset(data.powers), data.ends_on)
        return view(await service.mine(actor))

    @post("/proxies/{proxy_id:uuid}/end", opt=PROXY_ADMIN, status_code=200, summary="End it")
    async def end(self, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> ProxiesView:
        """By either side, at once and for good."""
        await service.end(actor, proxy_id)
        return view(await service.mine(actor))

    @post(
        "/proxies/{proxy_id:uuid}/renewal",
        opt=PROXY_ADMIN,
        status_code=202,
        summary="Ask anew after I ended it",
    )
    async def ask_again(
        self, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]
    ) -> ProxiesView:
        """What was ended stays ended: a new proxy of the same person, with the same powers, which
        they accept or not."""
        await service.ask_again(actor, proxy_id)
        return view(await service.mine(actor))

    @post(
        "/proxies/{proxy_id:uuid}/resumption",
        opt=PROXY_ADMIN,
        status_code=200,
        summary="Confirm again after a card was lost or changed",
    )
    async def resume(self, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> ProxiesView:
        await service.resume(actor, proxy_id)
        return view(await service.mine(actor))

    @post("/safe-mode", status_code=204, summary="Nobody acts for me any more")
    async def go_safe(self, actor: NamedDependency[Actor]) -> None:
        """At once, and nobody is told. The support centre alone turns it off again."""
        await safety.go_safe(actor)


routes = [MyProxies]
