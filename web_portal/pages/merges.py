"""The support centre brings two registrations of one person together, and takes them apart."""

from collections.abc import Mapping
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.core.errors import NotFound, Problem
from api.identity.errors import EnrolmentFaults, SecondOfficerNeeded
from api.identity.guards import PORTAL, support_only
from api.records.errors import MergeRefused
from api.records.matching import merging
from web_portal.page import Flash, PortalRequest, render, say
from web_portal.pages.proxies.mine import typed as typed_in

HERE = "/support/merges"


@get(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def show(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _page(request, actor)


@post(HERE, guards=[support_only], opt=PORTAL, include_in_schema=False)
async def ask(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    form = await typed_in(request)
    try:
        remains, other = UUID(form.get("remains", "")), UUID(form.get("other", ""))
    except ValueError:
        raise NotFound from None
    try:
        await merging.ask(actor, remains, other, form.get("reason", ""))
    except (EnrolmentFaults, MergeRefused) as refusal:
        return await _page(request, actor, refusal)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{merge_id:uuid}}/confirm", guards=[support_only], opt=PORTAL, include_in_schema=False
)
async def confirm(
    request: PortalRequest, actor: NamedDependency[Actor], merge_id: FromPath[UUID]
) -> Response[bytes]:
    try:
        await merging.confirm(actor, merge_id)
    except (SecondOfficerNeeded, MergeRefused) as refusal:
        return await _page(request, actor, refusal)
    return Redirect(HERE, status_code=303)


@post(
    f"{HERE}/{{merge_id:uuid}}/withdraw",
    guards=[support_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def withdraw(
    request: PortalRequest, actor: NamedDependency[Actor], merge_id: FromPath[UUID]
) -> Response[bytes]:
    try:
        await merging.withdraw(actor, merge_id)
    except MergeRefused as refusal:
        return await _page(request, actor, refusal)
    return Redirect(HERE, status_code=303)


@post(f"{HERE}/{{merge_id:uuid}}/split", guards=[support_only], opt=PORTAL, include_in_schema=False)
async def split(
    request: PortalRequest, actor: NamedDependency[Actor], merge_id: FromPath[UUID]
) -> Response[bytes]:
    form = await typed_in(request)
    try:
        await merging.split(actor, merge_id, form.get("reason", ""))
    except (EnrolmentFaults, MergeRefused) as refusal:
        return await _page(request, actor, refusal)
    return Redirect(HERE, status_code=303)


async def _page(
    request: PortalRequest, actor: Actor, refusal: Problem | None = None
) -> Response[bytes]:
    errors: Mapping[str, str] = {}
    flash: Flash | None = None
    if isinstance(refusal, EnrolmentFaults):
        errors = {
            name: f"{say(request, key)} {say(request, f'{key}.next')}"
            for name, key in refusal.fields.items()
        }
    elif refusal is not None:
        flash = {
            "kind": "error",
            "title": say(request, refusal.key),
            "text": say(request, f"{refusal.key}.next"),
        }
    return await render(
        request,
        "support/merges.html",
        actor,
        status=refusal.status if refusal else 200,
        path=HERE,
        flash=flash,
        proposals=[each._asdict() for each in await merging.proposals(actor)],
        merges=[
            each._asdict() | {"said": say(request, f"merge.state.{each.state}")}
            for each in await merging.going_on(actor)
        ],
        errors=errors,
    )


routes: list[ControllerRouterHandler] = [show, ask, confirm, withdraw, split]
