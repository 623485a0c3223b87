"""A facility's administrator looks after its people; no participant and no record stands here."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock
from api.core.actor import Actor
from api.core.errors import Problem
from api.directory import service as directory
from api.directory import staff
from api.directory.errors import HasLeft, ProfessionNotShown, StaffFaults
from api.directory.staff import Colleague, NewColleague
from api.identity.errors import HasKey
from api.identity.guards import PORTAL, facility_administrators_only
from api.identity.staff.invitations import Invitation
from web_portal.page import Flash, PageNumber, PortalRequest, pages_of, preferences, render, say

HERE = "/facility"
ON_A_PAGE = 20
Short = Annotated[str, Meta(max_length=200)]


class InviteForm(Struct):
    name: Short = ""
    name_kana: Short = ""
    profession: Short = ""


class TrainingForm(Struct):
    trained_on: Short = ""


class FacilityPages(Controller):
    path = HERE
    opt = PORTAL
    guards = (facility_administrators_only,)
    include_in_schema = False

    @get("/")
    async def show(
        self, request: PortalRequest, actor: NamedDependency[Actor], page: PageNumber = 1
    ) -> Response[bytes]:
        found, total = await staff.staff(actor, page=page, count=ON_A_PAGE)
        return await render(
            request,
            "facility/people.html",
            actor,
            facility=await _facility(request, actor),
            people=[_shown(request, each) for each in found],
            total=total,
            pager={"page": page, "pages": pages_of(total, ON_A_PAGE)},
        )

    @get("/invite")
    async def form(self, request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
        return await _invite_page(request, actor, InviteForm(), {})

    @post("/invite")
    async def invite(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        data: URLEncodedBody[InviteForm],
    ) -> Response[bytes]:
        try:
            wish = NewColleague(data.name, data.name_kana, data.profession)
            added = await staff.invite(actor, wish)
        except StaffFaults as faults:
            return await _invite_page(request, actor, data, faults.fields)
        return await _code_page(request, actor, data.name, added.invitation)

    @get("/people/{professional_id:uuid}")
    async def one(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
    ) -> Response[bytes]:
        return await _one_page(request, actor, professional_id)

    @post("/people/{professional_id:uuid}/invite")
    async def invite_again(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
    ) -> Response[bytes]:
        try:
            invitation = await staff.invite_again(actor, professional_id)
        except HasKey as refusal:
            return await _one_page(request, actor, professional_id, refusal)
        colleague = await staff.one(actor, professional_id)
        return await _code_page(request, actor, colleague.name, invitation)

    @post("/people/{professional_id:uuid}/training")
    async def train(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
        data: URLEncodedBody[TrainingForm],
    ) -> Response[Any]:
        try:
            trained_on = date.fromisoformat(data.trained_on)
        except ValueError:
            faults = StaffFaults({"trained_on": "error.staff.day"})
            return await _one_page(request, actor, professional_id, faults)
        try:
            await staff.record_training(actor, professional_id, trained_on)
        except (HasLeft, ProfessionNotShown, StaffFaults) as refusal:
            return await _one_page(request, actor, professional_id, refusal)
        return Redirect(f"{HERE}/people/{professional_id}", status_code=303)

    @get("/people/{professional_id:uuid}/leave")
    async def ask_to_leave(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
    ) -> Response[Any]:
        """Looked at first: it cannot simply be taken back."""
        colleague = await staff.one(actor, professional_id)
        if not colleague.is_active:
            return Redirect(f"{HERE}/people/{professional_id}", status_code=303)
        person = _shown(request, colleague)
        return await render(request, "facility/leave.html", actor, person=person)

    @post("/people/{professional_id:uuid}/leave")
    async def leave(
        self,
        request: PortalRequest,
        actor: NamedDependency[Actor],
        professional_id: FromPath[UUID],
    ) -> Response[Any]:
        try:
            await staff.leave(actor, professional_id)
        except HasLeft as refusal:
            return await _one_page(request, actor, professional_id, refusal)
        return Redirect(f"{HERE}/people/{professional_id}", status_code=303)


async def _one_page(
    request: PortalRequest, actor: Actor, professional_id: UUID, refusal: Problem | None = None
) -> Response[bytes]:
    colleague = await staff.one(actor, professional_id)
    errors, flash = {}, None
    if isinstance(refusal, StaffFaults):
        errors = {field: say(request, key) for field, key in refusal.fields.items()}
    elif refusal is not None:
        flash = Flash(
            kind="error",
            title=say(request, refusal.key),
            text=say(request, f"{refusal.key}.next"),
        )
    return await render(
        request,
        "facility/person.html",
        actor,
        status=refusal.status if refusal else 200,
        flash=flash,
        path=f"{HERE}/people/{professional_id}",
        person=_shown(request, colleague),
        today=clock.today_in_japan().isoformat(),
        errors=errors,
    )


async def _invite_page(
    request: PortalRequest, actor: Actor, form: InviteForm, faults: Any
) -> Response[bytes]:
    locale = preferences(request).locale
    return await render(
        request,
        "facility/invite.html",
        actor,
        status=422 if faults else 200,
        path=f"{HERE}/invite",
        values={
            # What was refused may be a 個人番号: it is not shown again.
            name: "" if name in faults else getattr(form, name)
            for name in ("name", "name_kana", "profession")
        },
        errors={field: say(request, key) for field, key in faults.items()},
        professions=[
            (each.code, getattr(each.name, locale)) for each in directory.profile().professions
        ],
    )


async def _code_page(
    request: PortalRequest, actor: Actor, name: str, invitation: Invitation
) -> Response[bytes]:
    """In the answer itself, and never again."""
    return await render(
        request,
        "facility/code.html",
        actor,
        path=HERE,
        name=" ".join(name.split()),
        code=invitation.code.printed,
        link=invitation.link,
        expires_at=invitation.expires_at,
    )


async def _facility(request: PortalRequest, actor: Actor) -> str:
    if actor.facility_id is None:
        return ""
    found = await directory.named(actor, [actor.facility_id])
    return found[actor.facility_id].label(preferences(request).locale)


def _shown(request: PortalRequest, colleague: Colleague) -> dict[str, Any]:
    locale = preferences(request).locale
    known = {each.code: getattr(each.name, locale) for each in directory.profile().professions}
    vouched = {each.code for each in directory.profile().professions if each.hpki_role is None}
    return {
        "id": colleague.professional_id,
        "name": colleague.name,
        "kana": colleague.name_kana,
        "profession": known.get(colleague.profession, colleague.profession),
        "state": colleague.state(clock.today_in_japan()),
        "is_active": colleague.is_active,
        "shown_by": colleague.shown_by,
        "is_vouched_for": colleague.profession in vouched,
        "vouched_until": colleague.vouched_until,
        "trained_on": colleague.trained_on,
        "has_key": colleague.has_key,
        "invited_until": colleague.invited_until,
    }


routes: list[ControllerRouterHandler] = [FacilityPages]
