"""Proxies as apps see them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.proxies.service import Proxies
from api.proxies.steps import Proxy

PowerName = Literal["view", "upload", "log", "settings", "consent", "proxy_admin", "notices"]


class NewProxy(Struct, forbid_unknown_fields=True):
    """`card` as people type it; `ends_on` is the last day, at most twelve months on. One who is
    there for an emergency alone has no `powers`, any other one at least."""

    card: Annotated[str, Meta(max_length=60)]
    name: Annotated[str, Meta(max_length=200)]
    powers: list[PowerName] = []
    ends_on: date | None = None
    kind: Literal["voluntary", "emergency_nominee"] = "voluntary"


class Narrowing(Struct, forbid_unknown_fields=True):
    """What stays of the powers, and until when at the latest."""

    powers: list[PowerName]
    ends_on: date | None = None


class ProxyView(Struct):
    """`person` acts for `principal`. `powers` were given; `powers_now` hold today, and `reason`
    says why. `principal_id` goes into the header `Tsunagu-Acting-For`."""

    id: UUID
    principal_id: UUID
    principal: str
    person: str
    kind: str
    state: str
    powers: list[str]
    powers_now: list[str]
    reason: str
    begins_on: date
    ends_on: date


class ProxiesView(Struct):
    """`mine` may act for me; `for_others`: for whom I may act."""

    mine: list[ProxyView]
    for_others: list[ProxyView]
    is_safe_mode: bool


def view(found: Proxies) -> ProxiesView:
    return ProxiesView(
        [_one(each, is_mine=True) for each in found.mine],
        [_one(each, is_mine=False) for each in found.for_others],
        found.is_safe,
    )


def _one(proxy: Proxy, *, is_mine: bool) -> ProxyView:
    relation, reason = proxy.relation, proxy.standing.reason
    state: str = relation.state
    if not is_mine and state == "in_force" and not proxy.standing.powers:
        # Who acts for somebody is not told why it is not possible now.
        state = "suspended"
    if not is_mine and reason == "safe":
        reason, state = "suspended", "suspended"
    return ProxyView(
        id=proxy.proxy_id,
        principal_id=proxy.principal_id,
        principal=proxy.principal,
        person=proxy.representative,
        kind=relation.kind,
        state=state,
        powers=sorted(relation.powers),
        powers_now=sorted(proxy.standing.powers),
        reason=reason,
        begins_on=relation.opens_on,
        ends_on=relation.ends_on,
    )
