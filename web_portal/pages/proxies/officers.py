"""The support centre writes down witnessed proxies, confirms them, and helps after a lost card."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.identity.enrolling.paper_form import shown_again
from api.identity.guards import PORTAL, support_only
from api.proxies import counter, rules
from api.proxies.counter import Witnessed
from api.proxies.errors import ProxyFaults
from api.proxies.steps import POWERS
from web_portal.page import PortalRequest, render, say
from web_portal.pages.proxies.mine import day_in, powers_in, typed

HERE = "/support/proxies"
WHERE = {"cards": "principal_card"}
FIELDS = (
    "principal_card",
    "principal_born",
    "representative_card",
    "representative_born",
    "kind",
    "ends_on",
    "evidence",
)


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor, {}, {})


@post(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def witness(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    form = await typed(request)
    never = date(1, 1, 1)
    wish = Witnessed(
        form.get("principal_card", ""),
        day_in(form, "principal_born") or never,
        form.get("representative_card", ""),
        day_in(form, "representative_born") or never,
        form.get("kind", ""),
        powers_in(form),
        day_in(form, "ends_on"),
        form.get("evidence", ""),
    )
    try:
        await counter.witness(actor, wish)
    except ProxyFaults as fault:
        faults = {WHERE.get(name, name): key for name, key in fault.fields.items()}
        return await _page(request, actor, form, faults)
    return Redirect(f"{HERE}#waiting", status_code=303)


@post(
    f"{HERE}/{{participant_id:uuid}}/{{proxy_id:uuid}}/confirm",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def confirm(
    actor: NamedDependency[Actor], participant_id: FromPath[UUID], proxy_id: FromPath[UUID]
) -> Response[bytes]:
    await counter.confirm(actor, participant_id, proxy_id)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{participant_id:uuid}}/{{proxy_id:uuid}}/refuse",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def refuse(
    actor: NamedDependency[Actor], participant_id: FromPath[UUID], proxy_id: FromPath[UUID]
) -> Response[bytes]:
    await counter.refuse(actor, participant_id, proxy_id)
    return Redirect(HERE, status_code=303)


@post(f"{HERE}/card", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def card(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """After a card was lost or changed."""
    form = await typed(request)
    born = day_in(form, "card_born") or date(1, 1, 1)
    try:
        await counter.suspend_for_card(actor, form.get("card", ""), born)
    except ProxyFaults as fault:
        return await _page(request, actor, form, {"card": fault.fields["cards"]})
    return Redirect(HERE, status_code=303)


@post(f"{HERE}/safe-mode", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def leave_safe_mode(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    form = await typed(request)
    born = day_in(form, "safe_born") or date(1, 1, 1)
    try:
        await counter.leave_safe_mode(
            actor, form.get("safe_card", ""), born, form.get("safe_evidence", "")
        )
    except ProxyFaults as fault:
        where = {"cards": "safe_card", "evidence": "safe_evidence"}
        faults = {where[name]: key for name, key in fault.fields.items()}
        return await _page(request, actor, form, faults)
    return Redirect(HERE, status_code=303)


async def _page(
    request: PortalRequest, actor: Actor, form: Mapping[str, str], faults: Mapping[str, str]
) -> Response[bytes]:
    values: dict[str, Any] = {name: shown_again(form.get(name, "")) for name in FIELDS}
    return await render(
        request,
        "support/proxies.html",
        actor,
        status=422 if faults else 200,
        path=HERE,
        waiting=[
            each._asdict()
            | {
                "kind": say(request, f"proxies.kind.{each.kind}"),
                "powers": [say(request, f"proxies.power.{power}") for power in each.powers],
                "evidence": _evidence(request, each.evidence),
            }
            for each in await counter.waiting(actor)
        ],
        kinds=[(kind, say(request, f"proxies.kind.{kind}")) for kind in rules.KINDS],
        powers=[str(each) for each in POWERS],
        values=values | {"powers": powers_in(form)},
        errors={name: say(request, key) for name, key in faults.items()},
    )


def _evidence(request: PortalRequest, evidence: str) -> str:
    """Where the paper lies, or who of the family registered the principal at their phone."""
    kind, _, family = evidence.partition(":")
    if kind != "family" or family not in rules.FAMILY:
        return evidence
    said = say(request, f"assisted.family.{family}")
    return say(request, "assisted.evidence", family=said)


routes: list[ControllerRouterHandler] = [show, witness, confirm, refuse, card, leave_safe_mode]
