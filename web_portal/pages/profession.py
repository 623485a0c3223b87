"""A professional shows their profession by certificate; an officer gives the network's word."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import professions
from api.directory import service as directory
from api.directory.errors import CertificateNeeded, CertificateRefused, NoAnchors, StaffFaults
from api.directory.professions import LONGEST_WORD, Word
from api.identity.guards import ANYBODY, PORTAL, professionals_only, support_only
from web_portal.page import Flash, PortalRequest, preferences, render, say

HERE = "/account/profession"
OFFICERS = "/support/professions"
LARGEST_FILE = 30_000
Short = Annotated[str, Meta(max_length=400)]


class Shown(Struct):
    certificate: UploadFile
    challenge: UploadFile
    signature: UploadFile


class WordForm(Struct):
    reason: Short = ""
    until: Short = ""


class ProfessionPages(Controller):
    path = HERE
    opt = PORTAL | ANYBODY
    guards = (professionals_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _own_page(request, actor)

    @post("/challenge", status_code=200)
    async def challenge(self, actor: NamedDependency[Actor]) -> Response[bytes]:
        """A file, so that its bytes stay as they are."""
        asked = await professions.challenge(actor)
        return Response(
            asked.text.encode(),
            media_type="text/plain; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="tsunagu-challenge.txt"'},
        )

    @post("/", request_max_body_size=200_000)
    async def prove(
        self, request: PortalRequest, actor: NamedDependency[Actor], data: MultipartBody[Shown]
    ) -> Response[Any]:
        try:
            certificate, text, signature = [
                await _read(each) for each in (data.certificate, data.challenge, data.signature)
            ]
            await professions.prove(actor, certificate, text.decode("ascii", "replace"), signature)
        except (CertificateRefused, NoAnchors) as refusal:
            return await _own_page(request, actor, refusal)
        return Redirect(HERE, status_code=303)


class OfficerPages(Controller):
    path = OFFICERS
    opt = PORTAL
    guards = (support_only,)
    include_in_schema = False

    @get("/")
    async def show(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _officers_page(request, actor)

    @post("/{professional_id:uuid}/vouch")
    async def vouch(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
        data: URLEncodedBody[WordForm],
    ) -> Response[Any]:
        try:
            until = date.fromisoformat(data.until)
        except ValueError:
            until = date.min
        try:
            await professions.vouch(actor, professional_id, data.reason, until)
        except (StaffFaults, CertificateNeeded) as refusal:
            return await _officers_page(request, actor, refusal)
        return Redirect(OFFICERS, status_code=303)

    @post("/{professional_id:uuid}/withdraw")
    async def withdraw(
        self, actor: NamedDependency[Actor], professional_id: FromPath[UUID]
    ) -> Redirect:
        await professions.withdraw(actor, professional_id)
        return Redirect(OFFICERS, status_code=303)


async def _read(sent: UploadFile) -> bytes:
    content = await sent.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise CertificateRefused("unreadable")
    return content


async def _own_page(
    request: PortalRequest, actor: Actor, refusal: Problem | None = None
) -> Response[bytes]:
    own = await professions.own(actor)
    return await render(
        request,
        "account/profession.html",
        actor,
        status=refusal.status if refusal else 200,
        path=HERE,
        flash=_flash(request, refusal),
        own=own,
        profession=_named(own.profession, preferences(request).locale),
    )


async def _officers_page(
    request: PortalRequest, actor: Actor, refusal: Problem | None = None
) -> Response[bytes]:
    waiting, vouched = await professions.to_vouch_for(actor)
    today, locale = clock.today_in_japan(), preferences(request).locale
    errors = (
        {field: say(request, key) for field, key in refusal.fields.items()}
        if isinstance(refusal, StaffFaults)
        else {}
    )
    flash = _flash(request, refusal)
    if errors and flash is not None:
        flash["text"] = " ".join(errors.values())
    return await render(
        request,
        "support/professions.html",
        actor,
        status=refusal.status if refusal else 200,
        path=OFFICERS,
        flash=flash,
        waiting=[_word(each, locale) for each in waiting],
        vouched=[_word(each, locale) for each in vouched],
        first=date.fromordinal(today.toordinal() + 1).isoformat(),
        last=date.fromordinal(today.toordinal() + LONGEST_WORD).isoformat(),
    )


def _flash(request: PortalRequest, refusal: Problem | None) -> Flash | None:
    if refusal is None:
        return None
    return Flash(
        kind="error", title=say(request, refusal.key), text=say(request, f"{refusal.key}.next")
    )


def _word(word: Word, locale: str) -> dict[str, Any]:
    return {
        "id": word.professional_id,
        "name": word.name,
        "profession": _named(word.profession, locale),
        "facility": word.facility if locale == "ja" else word.facility_en,
        "reason": word.reason,
        "by": word.by,
        "until": word.until,
    }


def _named(profession: str, locale: str) -> str:
    known = {each.code: getattr(each.name, locale) for each in directory.profile().professions}
    return str(known.get(profession, profession))


routes: list[ControllerRouterHandler] = [ProfessionPages, OfficerPages]
