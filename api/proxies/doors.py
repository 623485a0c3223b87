"""Before every other guard: who acts for somebody else, and whether a route is there for them."""

from uuid import UUID

from litestar.handlers import BaseRouteHandler

from api.core.actor import ActorKind, Power
from api.core.errors import NotFound
from api.identity.guards import ANYBODY, Connection, actor_of
from api.proxies import service

ACTING_FOR = "tsunagu-acting-for"


async def acting_guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Makes the session's holder the proxy they chose to be, where a relation is in force.

    The portal remembers the choice in the session; an app names the principal in a header at each
    request. Where nothing is in force any more a page is about oneself again and says so; for an
    app, as for every route that names no power, or one the proxy lacks, there is nothing.
    """
    if not _is_for_participants(handler):
        return
    is_app = handler.opt.get("door") == "api"
    named = connection.headers.get(ACTING_FOR) if is_app else None
    if is_app and named is None:
        return
    power = handler.opt.get("power")
    if power == ANYBODY["power"] and is_app:
        raise NotFound
    state = connection.scope["state"]
    actor = await actor_of(connection, handler)
    if actor.kind is not ActorKind.PARTICIPANT:
        return
    principal = state.get("acting_for") if named is None else _uuid(named)
    if principal is None:
        if is_app:
            raise NotFound
        return
    proxy = await service.acting(actor, principal)
    if proxy is None:
        if is_app:
            raise NotFound
        state["acting_ended"] = True
        return
    state["acting"] = proxy
    if power == ANYBODY["power"]:
        return
    if power is None or proxy.powers is None or power not in proxy.powers:
        raise NotFound
    state["actor"] = proxy
    await service.note_use(proxy, Power(power))


def _is_for_participants(handler: BaseRouteHandler) -> bool:
    """Routes for everybody are about nobody; whoever acts for somebody meets them as themselves."""
    guards = handler.resolve_guards()
    return any(ActorKind.PARTICIPANT in getattr(guard, "kinds", ()) for guard in guards)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
