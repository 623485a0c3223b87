"""Who may act for me, and for whom I may act: naming, accepting, narrowing, ending."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Literal
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core import clock
from api.core.actor import Actor
from api.identity.enrolling.paper_form import shown_again
from api.identity.guards import PORTAL, PROXY_ADMIN, participants_only
from api.proxies import service, steps
from api.proxies.errors import NotThisStepNow, ProxyFaults, UnknownProxy
from api.proxies.rules import NOMINEE, Kind
from api.proxies.steps import POWERS, Proxy
from web_portal.page import PortalRequest, render, say

HERE = "/proxies"
BEGINNING = ("view", "log")


@get(HERE, guards=[participants_only], opt=PORTAL | PROXY_ADMIN, include_in_schema=False)
async def show(
    request: PortalRequest, actor: NamedDependency[Actor], ended: FromQuery[UUID | None] = None
) -> Response[bytes]:
    """`ended`: just now, by the viewer; one tap asks anew."""
    over = await service.ended(actor, ended) if ended else None
    found = await service.mine(actor)
    return await render(
        request,
        "proxies/list.html",
        actor,
        mine=[shown(request, each, is_mine=True) for each in found.mine],
        for_others=[shown(request, each, is_mine=False) for each in found.for_others],
        is_own=not actor.is_proxy,
        ended=over and {"id": over.proxy_id, "name": over.representative},
    )


@get(f"{HERE}/new", guards=[participants_only], opt=PORTAL | PROXY_ADMIN, include_in_schema=False)
async def new(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    kind: FromQuery[Literal["voluntary", "emergency_nominee"]] = "voluntary",
) -> Response[bytes]:
    return await _new(request, actor, {"powers": set(BEGINNING), "kind": kind}, {})


@post(f"{HERE}/new", guards=[participants_only], opt=PORTAL | PROXY_ADMIN, include_in_schema=False)
async def ask(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    form = await typed(request)
    powers = powers_in(form)
    kind: Kind = NOMINEE if form.get("kind") == NOMINEE else "voluntary"
    if kind == NOMINEE:
        powers = frozenset()
    try:
        await service.ask(
            actor, form.get("card", ""), form.get("name", ""), powers, day_in(form, "ends_on"), kind
        )
    except ProxyFaults as fault:
        values: dict[str, Any] = {"powers": powers, "kind": kind}
        values |= {each: shown_again(form.get(each, "")) for each in ("card", "name")}
        return await _new(request, actor, values, fault.fields)
    return Redirect(f"{HERE}#asked", status_code=303)


@get(
    f"{HERE}/{{proxy_id:uuid}}",
    guards=[participants_only],
    opt=PORTAL | PROXY_ADMIN,
    include_in_schema=False,
)
async def one(
    request: PortalRequest, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]
) -> Response[bytes]:
    return await _one(request, actor, proxy_id, {})


@post(
    f"{HERE}/{{proxy_id:uuid}}/accept",
    guards=[participants_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def accept(actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> Response[bytes]:
    await service.accept(actor, proxy_id)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{proxy_id:uuid}}/narrow",
    guards=[participants_only],
    opt=PORTAL | PROXY_ADMIN,
    include_in_schema=False,
)
async def narrow(
    request: PortalRequest, actor: NamedDependency[Actor], proxy_id: FromPath[UUID]
) -> Response[bytes]:
    form = await typed(request)
    try:
        await service.narrow(actor, proxy_id, powers_in(form), day_in(form, "ends_on"))
    except ProxyFaults as fault:
        return await _one(request, actor, proxy_id, fault.fields)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{proxy_id:uuid}}/end",
    guards=[participants_only],
    opt=PORTAL | PROXY_ADMIN,
    include_in_schema=False,
)
async def end(actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> Response[bytes]:
    await service.end(actor, proxy_id)
    return Redirect(f"{HERE}?ended={proxy_id}", status_code=303)


@post(
    f"{HERE}/{{proxy_id:uuid}}/again",
    guards=[participants_only],
    opt=PORTAL | PROXY_ADMIN,
    include_in_schema=False,
)
async def ask_again(actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> Response[bytes]:
    await service.ask_again(actor, proxy_id)
    return Redirect(f"{HERE}#asked", status_code=303)


@post(
    f"{HERE}/{{proxy_id:uuid}}/resume",
    guards=[participants_only],
    opt=PORTAL | PROXY_ADMIN,
    include_in_schema=False,
)
async def resume(actor: NamedDependency[Actor], proxy_id: FromPath[UUID]) -> Response[bytes]:
    with suppress(NotThisStepNow):  # the page says how it stands
        await service.resume(actor, proxy_id)
    return Redirect(HERE, status_code=303)


def shown(request: PortalRequest, proxy: Proxy, *, is_mine: bool) -> dict[str, Any]:
    relation, now = proxy.relation, proxy.standing
    state: str = relation.state
    is_nominee = relation.kind == NOMINEE
    if state == "in_force" and not now.powers and not (is_nominee and now.reason == "in_force"):
        # Who acts for somebody is not told why it is not possible now.
        state = ("safe" if now.reason == "safe" else now.reason) if is_mine else "suspended"
    said = say(request, f"proxies.state.{state}" if is_mine else f"proxies.for.{state}")
    if is_nominee and state == "in_force":
        said = say(request, "nominee.state.mine" if is_mine else "nominee.state.other")
    held = now.powers if now.powers and not is_mine else relation.powers
    return {
        "id": proxy.proxy_id,
        "principal_id": proxy.principal_id,
        "name": proxy.representative if is_mine else proxy.principal,
        "kind": say(request, f"proxies.kind.{relation.kind}"),
        "state": state,
        "state_said": said,
        "powers": [say(request, f"proxies.power.{each}") for each in POWERS if each in held]
        or ([say(request, "nominee.may")] if is_nominee else []),
        "is_nominee": is_nominee,
        "held": {str(each) for each in relation.powers},
        "ends_on": relation.ends_on,
        "may_act": bool(now.powers) and not is_mine,
        "begins_on": relation.opens_on
        if relation.origin == "assisted" and relation.state == "waiting"
        else None,
    }


async def typed(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


def powers_in(form: Mapping[str, str]) -> frozenset[str]:
    return frozenset(str(each) for each in POWERS if form.get(f"power_{each}") == "yes")


def day_in(form: Mapping[str, str], name: str) -> date | None:
    """None for no day, or for one that is none: then the longest holds."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        return None


async def _new(
    request: PortalRequest, actor: Actor, values: dict[str, Any], faults: Mapping[str, str]
) -> Response[bytes]:
    today = clock.today_in_japan()
    return await render(
        request,
        "proxies/new.html",
        actor,
        status=422 if faults else 200,
        path=f"{HERE}/new",
        values=values,
        powers=[str(each) for each in POWERS],
        first=today,
        last=steps.longest(today),
        months=steps.most_months(),
        errors={name: say(request, key) for name, key in faults.items()},
    )


async def _one(
    request: PortalRequest, actor: Actor, proxy_id: UUID, faults: Mapping[str, str]
) -> Response[bytes]:
    found = await service.mine(actor)
    for each in (*found.mine, *found.for_others):
        if each.proxy_id == proxy_id:
            is_mine = each.principal_id == actor.participant_id
            return await render(
                request,
                "proxies/one.html",
                actor,
                status=422 if faults else 200,
                path=f"{HERE}/{proxy_id}",
                proxy=shown(request, each, is_mine=is_mine),
                is_mine=is_mine,
                powers=[str(power) for power in POWERS if power in each.relation.powers],
                first=clock.today_in_japan(),
                months=steps.most_months(),
                errors={name: say(request, key) for name, key in faults.items()},
            )
    raise UnknownProxy


routes: list[ControllerRouterHandler] = [
    show,
    new,
    ask,
    one,
    accept,
    narrow,
    end,
    ask_again,
    resume,
]
