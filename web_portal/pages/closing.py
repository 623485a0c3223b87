"""A participant closes their account: what ends and what stays, begun, called off, certified."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.settings.telling import label
from api.core import clock, runtime
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, anyone, participants_only
from api.support.closing import rules, service
from api.support.closing.errors import ClosingAlready, NotClosing, UnknownClaim
from api.support.closing.rules import claim_code_of
from web_portal.page import Flash, PortalRequest, preferences, render, say

HERE = "/account/closing"
CERTIFICATE = "/closing-certificate"
_COUNTED = ("ways_to_sign_in", "sessions", "notice_addresses", "connected_apps", "proxies")
Short = Annotated[str, Meta(max_length=100)]


class Wish(Struct):
    """`sure`: has read that nothing comes back; `log`: the log too."""

    sure: Short = ""
    log: Short = ""


class Claim(Struct):
    """`file`: the signed file instead of its words."""

    code: Short = ""
    file: Short = ""


@get(HERE, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def show(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    called_off: Annotated[str, QueryParameter(max_length=3)] = "",
) -> Response[bytes]:
    flash: Flash | None = None
    if called_off == "yes":
        flash = {"kind": "success", "title": say(request, "closing.called_off"), "text": ""}
    return await _page(request, actor, flash=flash)


@post(HERE, status_code=200, guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def begin(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Wish]
) -> Response[Any]:
    """The code for the certificate is on this one answer, and nowhere else."""
    if data.sure != "yes":
        error = say(request, "closing.sure.needed")
        return await _page(request, actor, error=error, wants_log=data.log == "yes")
    try:
        begun = await service.begin(actor, erases_log=data.log == "yes")
    except ClosingAlready:
        return Redirect(HERE, status_code=303)
    answer = await render(
        request,
        "account/closing_begun.html",
        actor,
        path=HERE,
        code=begun.code.printed,
        address=f"{runtime.settings().public_url}{CERTIFICATE}",
        ends_at=begun.closing.ends_at,
        days=begun.closing.days_left(clock.now()),
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@post(f"{HERE}/call-off", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def call_off(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[Any]:
    try:
        await service.call_off(actor)
    except NotClosing as refusal:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key),
            text=say(request, f"{refusal.key}.next"),
        )
        return await _page(request, actor, flash=flash, status=refusal.status)
    return Redirect(f"{HERE}?called_off=yes", status_code=303)


@get(CERTIFICATE, guards=[anyone], opt=PORTAL, include_in_schema=False)
async def ask_code(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await render(request, "account/closing_certificate.html", actor, error="", code="")


@post(CERTIFICATE, status_code=200, guards=[anyone], opt=PORTAL, include_in_schema=False)
async def certificate(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Claim]
) -> Response[bytes]:
    try:
        jws = await service.certificate(data.code)
    except UnknownClaim as refusal:
        return await render(
            request,
            "account/closing_certificate.html",
            actor,
            status=refusal.status,
            error=f"{say(request, refusal.key)} {say(request, f'{refusal.key}.next')}",
            code=data.code,
        )
    if data.file != "yes":
        answer = await _in_words(request, actor, jws, data.code)
        answer.headers["cache-control"] = "no-store"
        return answer
    return Response(
        jws.encode(),
        media_type="application/jose",
        headers={
            "content-disposition": 'attachment; filename="tsunagu-closing-certificate.jws"',
            "cache-control": "no-store",
        },
    )


async def _in_words(request: PortalRequest, actor: Actor, jws: str, code: str) -> Response[bytes]:
    said: dict[str, Any] = msgspec.json.decode(service.payload(jws))
    locale, profile = preferences(request).locale, directory.profile()
    gone = said["destroyed"]

    def count(number: int) -> str:
        return say(request, "bringing_in.count", count=number)

    counted = [
        (label(profile, "category", category, locale), count(number))
        for category, number in gone["own_records"].items()
    ] or [(say(request, "closing.said.own"), count(0))]
    counted += [(say(request, f"closing.said.{each}"), count(gone[each])) for each in _COUNTED]
    erased = said["log"].get("events")
    if erased is not None:
        counted.append((say(request, "closing.said.log"), count(erased)))
    backups = said.get("backups")  # certificates of earlier releases say nothing of them
    known = claim_code_of(code)
    return await render(
        request,
        "account/closing_said.html",
        actor,
        path=CERTIFICATE,
        network_said=getattr(profile.name, locale),
        asked_at=datetime.fromisoformat(said["asked_at"]),
        done_at=datetime.fromisoformat(said["carried_out_at"]),
        gone=counted,
        erased=erased,
        copies_until=backups and datetime.fromisoformat(backups["earlier_ones_end_by"]),
        code=known.printed if known else "",
    )


async def _page(
    request: PortalRequest,
    actor: Actor,
    *,
    flash: Flash | None = None,
    error: str = "",
    wants_log: bool = False,
    status: int = 200,
) -> Response[bytes]:
    running = await service.running(actor)
    return await render(
        request,
        "account/closing.html",
        actor,
        status=422 if error else status,
        flash=flash,
        path=HERE,
        running=running and _shown(running),
        error=error,
        wants_log=wants_log,
        days=rules.COOLING_OFF.days,
        ends=rules.ENDS,
        stays=[each for each in rules.STAYS if running is None or each != "log"],
    )


def _shown(running: rules.Closing) -> dict[str, Any]:
    return {
        "ends_at": running.ends_at,
        "days": running.days_left(clock.now()),
        "erases_log": running.erases_log,
    }


routes: list[ControllerRouterHandler] = [show, begin, call_off, ask_code, certificate]
