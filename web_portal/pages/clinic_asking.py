"""A clinician asks for access, types a code, hands access on, and hears that it ended."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.agreeing import delegation, desk_code, facility_notices, requests
from api.consent.agreeing.asking import LONGEST_DELEGATION, LONGEST_NOTE, REASONS, Whom
from api.consent.errors import CannotPassOn, DeskCodeRefused
from api.consent.settings.telling import label
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import PersonLine
from api.identity.card import CardFault, CardNumber
from api.identity.guards import PORTAL, professionals_only
from api.identity.my_number import is_my_number
from web_portal.page import Flash, PortalRequest, preferences, render, say
from web_portal.pages import clinic
from web_portal.pages.requests import DAYS

HAND_ON_DAYS = (1, 7, 14, 30)
MOST_COLLEAGUES = 20

Reason = Literal["first_visit", "treatment", "medication", "home_care", "referral", "other"]


class Code(Struct):
    code: Annotated[str, Meta(max_length=40)]


class Ask(Struct):
    card: Annotated[str, Meta(max_length=100)] = ""
    whom: Whom = "facility"
    days: Annotated[int, Meta(ge=1, le=365)] = 90
    level: Literal["yes", "no"] = "no"
    reason: Reason = "treatment"
    note: Annotated[str, Meta(max_length=2000)] = ""


class Card(Struct):
    card: Annotated[str, Meta(max_length=100)] = ""


class Words(Struct):
    q: Annotated[str, Meta(max_length=100)] = ""


class HandOn(Struct):
    professional_id: UUID
    days: Annotated[int, Meta(ge=1, le=30)]
    reason: Reason
    level: Literal["yes", "no"] = "no"


@post("/clinic/desk-code", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def redeem(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Code]
) -> Response[bytes]:
    try:
        participant_id = await desk_code.redeem(actor, data.code)
    except DeskCodeRefused as fault:
        message = f"{say(request, fault.key)} {say(request, f'{fault.key}.next')}"
        return await clinic.find_form(request, actor, {}, {"code": message})
    return Redirect(f"/clinic/participants/{participant_id}", status_code=303)


@get("/clinic/ask", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def ask_page(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    return await _ask(request, actor, Ask(), {}, _sent(request) if done == "yes" else None)


@post("/clinic/ask", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def ask(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Ask]
) -> Response[bytes]:
    """The same answer for every card."""
    errors: dict[str, str] = {}
    card = CardNumber.parse(data.card, directory.profile().card_scheme)
    if isinstance(card, CardFault):
        errors["card"] = f"{say(request, card)} {say(request, f'{card}.next')}"
        if card == CardFault.MY_NUMBER:
            data.card = ""
    if len(data.note) > LONGEST_NOTE:
        errors["note"] = say(request, "error.asking.note", count=LONGEST_NOTE)
    if isinstance(card, CardFault) or errors:
        return await _ask(request, actor, data, errors)
    await requests.ask(actor, card.digits, _wish(data))
    return Redirect("/clinic/ask?done=yes", status_code=303)


@post(
    "/clinic/ask/start",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def ask_by_card(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Card]
) -> Response[bytes]:
    """From a search that showed nothing: the card need not be typed again."""
    is_kept = not is_my_number(data.card)
    return await _ask(request, actor, Ask(card=data.card if is_kept else ""), {})


@get(
    "/clinic/participants/{participant_id:uuid}/ask",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def ask_here_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    done: FromQuery[str] = "",
) -> Response[bytes]:
    flash = _sent(request) if done == "yes" else None
    return await _ask(request, actor, Ask(), {}, flash, participant_id)


@post(
    "/clinic/participants/{participant_id:uuid}/ask",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def ask_here(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    data: URLEncodedBody[Ask],
) -> Response[bytes]:
    """The same answer for every participant, and where there is none."""
    if len(data.note) > LONGEST_NOTE:
        errors = {"note": say(request, "error.asking.note", count=LONGEST_NOTE)}
        return await _ask(request, actor, data, errors, None, participant_id)
    await requests.ask_about(actor, participant_id, _wish(data))
    return Redirect(f"/clinic/participants/{participant_id}/ask?done=yes", status_code=303)


@post(
    "/clinic/notices/{notice_id:uuid}/seen",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def seen(actor: NamedDependency[Actor], notice_id: FromPath[UUID]) -> Response[bytes]:
    await facility_notices.mark_seen(actor, notice_id)
    return Redirect("/clinic", status_code=303)


@get(
    "/clinic/participants/{participant_id:uuid}/hand-on",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def hand_on_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    until: FromQuery[datetime | None] = None,
) -> Response[bytes]:
    flash: Flash | None = None
    if until and until.tzinfo and clock.now() < until <= clock.now() + LONGEST_DELEGATION:
        last = i18n.moment(preferences(request).locale, until)
        flash = {
            "kind": "success",
            "title": say(request, "hand_on.done", until=last),
            "text": say(request, "hand_on.done.detail"),
        }
    return await _hand_on(request, actor, participant_id, "", {}, flash)


@post(
    "/clinic/participants/{participant_id:uuid}/hand-on/find",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def find_colleague(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    data: URLEncodedBody[Words],
) -> Response[bytes]:
    return await _hand_on(request, actor, participant_id, data.q, {})


@post(
    "/clinic/participants/{participant_id:uuid}/hand-on",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def hand_on(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    data: URLEncodedBody[HandOn],
) -> Response[bytes]:
    wish = delegation.Wish(data.professional_id, data.days, int(data.level == "yes"), data.reason)
    try:
        until = await delegation.pass_on(actor, participant_id, wish)
    except CannotPassOn as fault:
        message = f"{say(request, fault.key)} {say(request, f'{fault.key}.next')}"
        return await _hand_on(request, actor, participant_id, "", {"q": message})
    until_text = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Redirect(
        f"/clinic/participants/{participant_id}/hand-on?until={until_text}", status_code=303
    )


async def _ask(
    request: PortalRequest,
    actor: Actor,
    values: Ask,
    errors: dict[str, str],
    flash: Flash | None = None,
    participant_id: UUID | None = None,
) -> Response[bytes]:
    own = f"/clinic/participants/{participant_id}" if participant_id else None
    return await render(
        request,
        "clinic/ask.html",
        actor,
        status=422 if errors else 200,
        flash=flash,
        path=f"{own}/ask" if own else "/clinic/ask",
        own=own,
        values=values,
        errors=errors,
        days=[(each, say(request, f"asking.days.{each}")) for each in DAYS],
        reasons=_reasons(request),
        most=LONGEST_NOTE,
    )


async def _hand_on(
    request: PortalRequest,
    actor: Actor,
    participant_id: UUID,
    words: str,
    errors: dict[str, str],
    flash: Flash | None = None,
) -> Response[bytes]:
    bounds = await delegation.bounds(actor, participant_id)
    found = await directory.colleagues(actor, words, limit=MOST_COLLEAGUES) if bounds else []
    return await render(
        request,
        "clinic/hand_on.html",
        actor,
        status=422 if errors else 200,
        flash=flash,
        path=f"/clinic/participants/{participant_id}/hand-on",
        participant_id=participant_id,
        bounds=bounds,
        query=words,
        colleagues=[_colleague(request, each) for each in found],
        errors=errors,
        days=[(each, say(request, f"asking.days.{each}")) for each in HAND_ON_DAYS],
        reasons=_reasons(request),
    )


def _colleague(request: PortalRequest, each: PersonLine) -> tuple[UUID, str]:
    locale = preferences(request).locale
    profession = label(directory.profile(), "profession", each.profession, locale)
    return each.professional_id, say(
        request,
        "hand_on.colleague",
        name=each.name,
        profession=profession,
        facility=each.facility_label(locale),
    )


def _wish(data: Ask) -> requests.Wish:
    level = int(data.level == "yes")
    return requests.Wish(data.whom, data.days, level, data.reason, data.note.strip())


def _sent(request: PortalRequest) -> Flash:
    return {
        "kind": "success",
        "title": say(request, "ask.sent"),
        "text": say(request, "ask.sent.detail"),
    }


def _reasons(request: PortalRequest) -> list[tuple[str, str]]:
    return [(code, say(request, f"asking.reason.{code}")) for code in REASONS]


routes: list[ControllerRouterHandler] = [
    redeem,
    ask_page,
    ask,
    ask_by_card,
    ask_here_page,
    ask_here,
    seen,
    hand_on_page,
    find_colleague,
    hand_on,
]
