"""Who can see my records: one tap each, saved at once, and taken back as easily."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import leaving
from api.consent import service as consent
from api.consent.errors import SettingsChangedMeanwhile, UnknownChoice
from api.consent.service import Settings
from api.consent.summary import Switch
from api.consent.switches import Command, SetCategory, SetFacility, SetProfession
from api.consent.telling import label
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.profile import Kind
from api.identity.guards import PORTAL, participants_only
from api.support import own
from api.support.own import FacilityChoice
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.sentences import changes_said, now_sentence

Words = Annotated[str, Meta(max_length=100)]
Query = Annotated[str, QueryParameter(max_length=100)]


class Turn(Struct):
    axis: Literal["facility", "profession", "category"]
    code: Annotated[str, Meta(max_length=40)]
    permit: Literal["yes", "no"]
    version: int
    q: Words = ""

    def command(self) -> Command:
        on = self.permit == "yes"
        if self.axis == "profession":
            return SetProfession(self.code, on)
        if self.axis == "category":
            return SetCategory(self.code, on)
        try:
            return SetFacility(UUID(self.code), on)
        except ValueError as error:
            raise UnknownChoice from error


class TakeBack(Struct):
    version: int
    q: Words = ""


class Participate(Struct):
    state: Literal["participating", "withdrawn"]
    undo: Literal["yes", "no"] = "no"


@get("/disclosure", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def disclosure(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    q: Query = "",
    changed: FromQuery[int | None] = None,
) -> Response[bytes]:
    return await _page(request, actor, q, changed=changed)


@post("/disclosure", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def turn(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Turn]
) -> Response[bytes]:
    commands = [data.command()]
    try:
        state = await consent.change(actor, commands, expected_version=data.version)
    except SettingsChangedMeanwhile:
        state = await consent.settings(actor)
        if not consent.already_so(state, commands):  # a second tap wanted what the first one did
            return await _page(request, actor, data.q, is_conflict=True)
    return _back(data.q, state, f"{data.axis}-{data.code}")


@post("/disclosure/undo", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def undo(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[TakeBack]
) -> Response[bytes]:
    try:
        state = await consent.undo(actor, expected_version=data.version)
    except SettingsChangedMeanwhile:
        return await _page(request, actor, data.q, is_conflict=True)
    return _back(data.q, state, "main")


@get("/disclosure/participation", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def participation(
    request: PortalRequest, actor: NamedDependency[Actor], changed: FromQuery[str] = ""
) -> Response[bytes]:
    state = (await consent.settings(actor)).participation
    return await render(
        request,
        "participation.html",
        actor,
        state=state.state,
        data_from=state.data_from,
        is_new=changed == state.state,
    )


@post("/disclosure/participation", guards=[participants_only], opt=PORTAL, include_in_schema=False)
async def take_part(
    actor: NamedDependency[Actor], data: URLEncodedBody[Participate]
) -> Response[bytes]:
    state = await leaving.take_part(actor, data.state, is_undo=data.undo == "yes")
    return _redirect(f"/disclosure/participation?changed={state.participation.state}")


async def _page(
    request: PortalRequest,
    actor: Actor,
    query: str,
    *,
    changed: int | None = None,
    is_conflict: bool = False,
) -> Response[bytes]:
    state = await consent.settings(actor)
    summary = consent.summary_of(state)
    found = await own.facility_choices(actor, query)
    return await render(
        request,
        "disclosure.html",
        actor,
        status=409 if is_conflict else 200,
        path="/disclosure",
        flash=_conflict(request) if is_conflict else None,
        is_participating=state.participation.state == "participating",
        now=await now_sentence(request, actor, state),
        sections={
            "facility": [_facility(request, choice) for choice in found.choices],
            "profession": [_switch(request, "profession", each) for each in summary.professions],
            "category": [_switch(request, "category", each) for each in summary.categories],
        },
        query=query,
        facility_total=found.total,
        version=state.directive.version,
        undo=await _undo(request, actor, state, changed),
    )


async def _undo(
    request: PortalRequest, actor: Actor, state: Settings, changed: int | None
) -> dict[str, object] | None:
    """Right after a change: what it did, and where on the page its switch stands."""
    version = state.directive.version
    if not changed or changed != version:
        return None
    commands = await consent.turned(actor, version)
    if not commands:
        return {"text": say(request, "change.undone"), "at": None}
    return {"text": await changes_said(request, actor, commands), "at": _place(commands[0])}


def _place(command: Command) -> str:
    match command:
        case SetFacility(facility_id):
            return f"facility-{facility_id}"
        case SetProfession(code):
            return f"profession-{code}"
        case SetCategory(code):
            return f"category-{code}"
        case _:
            return "main"


def _conflict(request: PortalRequest) -> Flash:
    return {
        "kind": "warning",
        "title": say(request, "error.consent.changed_meanwhile"),
        "text": say(request, "error.consent.changed_meanwhile.next"),
    }


def _facility(request: PortalRequest, choice: FacilityChoice) -> dict[str, object]:
    locale, profile, each = preferences(request).locale, directory.profile(), choice.facility
    details = [
        label(profile, "facility_type", each.facility_type, locale),
        label(profile, "region", each.region, locale),
    ]
    if choice.holds:
        details.append(say(request, "disclosure.facility.holds"))
    elif choice.has_read:
        details.append(say(request, "disclosure.facility.has_read"))
    return {
        "code": str(each.facility_id),
        "label": each.label(locale),
        "detail": say(request, "disclosure.facility.joint").join(details),
        "on": choice.is_on,
    }


def _switch(request: PortalRequest, kind: Kind, switch: Switch) -> dict[str, object]:
    """What nobody may see by the network's rules cannot be turned on here."""
    is_closed = not switch.is_on and switch.by == "network"
    return {
        "code": switch.code,
        "label": label(directory.profile(), kind, switch.code, preferences(request).locale),
        "detail": say(request, "disclosure.by_network") if is_closed else "",
        "on": switch.is_on,
    }


def _back(query: str, state: Settings, place: str) -> Response[bytes]:
    asked = {"changed": state.directive.version} | ({"q": query} if query else {})
    return _redirect(f"/disclosure?{urlencode(asked)}#{place}")


def _redirect(path: str) -> Response[bytes]:
    return Redirect(path, status_code=303)


routes: list[ControllerRouterHandler] = [disclosure, turn, undo, participation, take_part]
