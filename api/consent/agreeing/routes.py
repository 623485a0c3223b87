"""Codes told at the desk and clinicians' requests, for the participant's apps."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from api.consent.agreeing import desk_code, requests
from api.consent.agreeing.asking import Whom
from api.consent.agreeing.requests import AccessRequest
from api.consent.facts import RESTRICTED
from api.consent.settings.record_changes import LEVELS
from api.consent.settings.schemas import Reach
from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import API, SETTINGS, participants_only

ApiRequest = Request[Any, Any, Any]


class NewDeskCode(Struct, forbid_unknown_fields=True):
    level: Reach = "normal"


class DeskCodeView(Struct):
    """`code` is eight digits, told here once and kept nowhere."""

    code: str
    level: Reach
    expires_at: datetime


class Approval(Struct, forbid_unknown_fields=True):
    """As the participant edited it: for the person who asked or all of their facility; `until`
    (RFC 3339 with offset) is at most a year ahead."""

    who: Whom
    until: Annotated[datetime, Meta(tz=True)]
    level: Reach = "normal"


class RequestView(Struct):
    """What is asked for; `days` count from the approval, `expires_at` ends the request itself."""

    id: UUID
    professional: str
    profession: str
    facility: str
    who: Whom
    days: int
    level: Reach
    reason: str
    note: str
    asked_at: datetime
    expires_at: datetime


class Requests(Struct):
    requests: list[RequestView]


class Approved(Struct):
    """The settings version that holds the new permit."""

    version: int


class Asking(Controller):
    """Texts come in the first language of `Accept-Language`, Japanese or English."""

    path = "/me/disclosure"
    opt = API | SETTINGS
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    tags = ["My settings"]  # noqa: RUF012

    @post("/desk-codes", summary="Make a code to tell at a desk")
    async def make_code(
        self, actor: NamedDependency[Actor], data: JSONBody[NewDeskCode]
    ) -> DeskCodeView:
        """Good for 30 minutes, once: the facility where it is typed sees the records for 24 hours.
        An earlier code ends."""
        made = await desk_code.make(actor, level=LEVELS.index(data.level))
        return DeskCodeView(made.digits, _reach(made.level), made.expires_at)

    @delete("/desk-codes/current", summary="End the code that waits")
    async def cancel_code(self, actor: NamedDependency[Actor]) -> None:
        """What it opened already stays open."""
        await desk_code.cancel(actor)

    @get("/requests", summary="Who asks to see my records")
    async def list_requests(self, request: ApiRequest, actor: NamedDependency[Actor]) -> Requests:
        """Those that wait for an answer; each ends unanswered after 30 days."""
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
        return Requests([_view(each, locale) for each in await requests.waiting(actor)])

    @post("/requests/{request_id:uuid}/approval", status_code=200, summary="Approve, as edited")
    async def approve(
        self, actor: NamedDependency[Actor], request_id: FromPath[UUID], data: JSONBody[Approval]
    ) -> Approved:
        """One new settings version. 409 while the settings shut out who asked; 422 for an end that
        is past or more than a year ahead."""
        state = await requests.approve(
            actor,
            request_id,
            whom=data.who,
            until=data.until,
            level=LEVELS.index(data.level),
        )
        return Approved(state.directive.version)

    @post("/requests/{request_id:uuid}/refusal", status_code=204, summary="Decline")
    async def refuse(self, actor: NamedDependency[Actor], request_id: FromPath[UUID]) -> None:
        """Nothing changes; whoever asked cannot tell it from an unanswered request."""
        await requests.refuse(actor, request_id)


def _view(each: AccessRequest, locale: str) -> RequestView:
    asker, wish = each.asker, each.wish
    return RequestView(
        each.request_id,
        asker.name,
        label(directory.profile(), "profession", asker.profession, locale),
        asker.facility_label(locale),
        wish.whom,
        wish.days,
        _reach(wish.level),
        i18n.text(locale, f"asking.reason.{wish.reason}"),
        wish.note,
        each.asked_at,
        each.expires_at,
    )


def _reach(level: int) -> Reach:
    return "restricted" if level >= RESTRICTED else "normal"


routes = [Asking]
