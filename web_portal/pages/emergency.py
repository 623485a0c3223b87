"""A clinician opens records in an emergency, and sees what kills at once first."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.consent.settings.telling import label
from api.core import i18n
from api.core.actor import Actor
from api.core.errors import NotFound, Problem, Unavailable
from api.directory import service as directory
from api.emergency import reviews, ties
from api.emergency import service as emergency
from api.emergency.disaster import service as disasters
from api.emergency.errors import NotOpened
from api.emergency.gates import MOST_WORDS, REASONS
from api.emergency.holding import service as holds
from api.emergency.service import Ground
from api.fhir import codes
from api.identity import service as identity
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.guards import PORTAL, SESSION_COOKIE, professionals_only
from api.identity.keys import stepping_up
from api.identity.my_number import contains_my_number
from api.records import finding
from api.records.emergency import service as in_emergency
from api.records.mapping import Identifier
from api.records.provenance import OWN_SOURCE
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.scanned import card_number, is_emergency_card

PATH = "/clinic/emergency"
Short = Annotated[str, Meta(max_length=100)]
ON_ONE_SCREEN = 4
Line = dict[str, object]


class Opening(Struct):
    by: Literal["card", "local_id", "four_items", "my_number_card", "insurance"] = "card"
    card: Annotated[str, Meta(max_length=10_000)] = ""
    local_id: Annotated[str, Meta(max_length=64)] = ""
    name: Short = ""
    name_kana: Short = ""
    sex: Literal["female", "male", "other", "unknown"] = "female"
    birth_era: Short = "western"
    birth_year: Annotated[str, Meta(max_length=20)] = ""
    birth_month: Annotated[str, Meta(max_length=10)] = ""
    birth_day: Annotated[str, Meta(max_length=10)] = ""
    insurer: Short = ""
    insurance_symbol: Short = ""
    insurance_number: Short = ""
    insurance_branch: Short = ""
    reason: Short = ""
    words: Annotated[str, Meta(max_length=2000)] = ""
    hold: Annotated[str, Meta(max_length=2000)] = ""
    tap: Literal["", "disaster"] = ""


class Words(Struct):
    words: Annotated[str, Meta(max_length=4000)] = ""
    hold: Annotated[str, Meta(max_length=2000)] = ""


@get(PATH, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def form_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _form(request, actor, Opening(), "")


@post(PATH, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def open_it(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Opening]
) -> Response[bytes]:
    """Nobody and somebody who may not be opened answer alike."""
    if any(map(contains_my_number, (data.card, data.local_id, data.words, data.hold))):
        return await _form(request, actor, Opening(data.by), CardFault.MY_NUMBER)
    await stepping_up.demand_now(actor, heeds_freeze=False)
    data = _meant(data)
    subject: UUID | None = None
    code_id: UUID | None = None
    try:
        by: str = data.by
        if data.by == "card" and is_emergency_card(data.card):
            by = "emergency_card"
            subject, code_id = await emergency.known_by_card(actor, data.card)
        else:
            subject = await _found(actor, data)
        if subject is None:
            return await _form(request, actor, data, "error.emergency.not_open")
        token = request.cookies.get(SESSION_COOKIE, "")
        at = await identity.authenticated_at(actor, token)
        ground = Ground(data.reason, data.words.strip(), by, at, data.hold, code_id)
        opened = await emergency.open_session(actor, subject, ground)
    except NotFound:
        return await _form(request, actor, data, "error.emergency.not_open")
    except Unavailable:
        raise
    except NotOpened as refusal:
        open_to = subject if refusal.refusal == "readable" else None
        return await _form(request, actor, data, refusal.key, open_to)
    except Problem as problem:
        return await _form(request, actor, data, problem.key, **problem.params)
    return Redirect(f"{PATH}/{opened.session_id}", status_code=303)


@get(
    f"{PATH}/{{session_id:uuid}}", guards=[professionals_only], opt=PORTAL, include_in_schema=False
)
async def read(
    request: PortalRequest, actor: NamedDependency[Actor], session_id: FromPath[UUID]
) -> Response[bytes]:
    """Each look is one entry in the participant's log."""
    seen = await emergency.view(actor, session_id)
    locale = preferences(request).locale
    summary = None
    if seen.state in ("t1", "t2"):
        summary = await in_emergency.summary(actor, session_id)
    asked = None
    if seen.state != "requested":
        asked = await reviews.asked_of(actor, session_id)
    lines = summary.lines if summary else []
    names = await directory.named(actor, (each.facility_id for each in lines))
    profile = directory.profile()
    return await render(
        request,
        "clinic/emergency.html",
        actor,
        path=f"{PATH}/{session_id}",
        session=seen,
        person=summary.person if summary else None,
        parts=_parts(
            [
                {
                    "id": each.record_id,
                    "at": each.effective_on,
                    "title": each.title or label(profile, "category", each.category, locale),
                    "kind": label(profile, "category", each.category, locale),
                    "facility": names[each.facility_id].label(locale),
                    "is_own": each.facility_id == OWN_SOURCE,
                    "part": in_emergency.part_of(each.category),
                }
                for each in lines
            ]
        ),
        question=asked.said[-1].words if asked and asked.state == "queried" else None,
    )


def _parts(lines: list[Line]) -> list[tuple[str, list[Line], list[Line]]]:
    """What fits one screen of each part, the same thing once, and what is folded away. What the
    participant entered never stands in for what a facility wrote."""
    parts = []
    for part in in_emergency.PARTS:
        own = [line for line in lines if line["part"] == part]
        newest = list({(line["title"], line["is_own"]): line for line in reversed(own)}.values())[
            ::-1
        ]
        shown = newest[:ON_ONE_SCREEN]
        parts.append((part, shown, [line for line in own if line not in shown]))
    rest = [line for line in lines if line["part"] == "rest"]
    return [*parts, ("rest", rest, [])]


@post(
    f"{PATH}/{{session_id:uuid}}/{{deed:str}}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def change(
    actor: NamedDependency[Actor],
    session_id: FromPath[UUID],
    deed: FromPath[str],
    data: URLEncodedBody[Words],
) -> Response[bytes]:
    match deed:
        case "widen":
            await emergency.widen(actor, session_id)
        case "renew":
            await emergency.renew(actor, session_id)
        case "close":
            await emergency.close(actor, session_id)
        case "hold":
            await holds.ask(actor, session_id, data.hold)
        case "answer":
            await reviews.answer(actor, session_id, data.words)
        case _:
            raise NotFound
    return Redirect(PATH if deed == "close" else f"{PATH}/{session_id}", status_code=303)


def _meant(data: Opening) -> Opening:
    """One tap in a disaster stands for all but the four items. The key that sends a form presses
    its first button too: without a name nobody tapped, and a card that was typed is meant."""
    if data.tap and data.name.strip():
        return structs.replace(data, by="four_items", reason=data.tap, words="", hold="")
    if data.by in ("four_items", "my_number_card") and not data.name.strip() and data.card:
        return structs.replace(data, by="card")
    return data


async def _found(actor: Actor, data: Opening) -> UUID | None:
    match data.by:
        case "card":
            card = CardNumber.parse(card_number(data.card), directory.profile().card_scheme)
            if isinstance(card, CardFault):
                return None
            return await finding.locate(actor, Identifier(codes.CARD, card.digits))
        case "local_id":
            facility = await directory.named(actor, [actor.facility_id or UUID(int=0)])
            system = codes.patient_in_facility(next(iter(facility.values())).code)
            return await finding.locate(actor, Identifier(system, data.local_id.strip()))
        case "insurance":
            return await emergency.find_by_insurance(
                actor,
                data.insurer,
                data.insurance_symbol,
                data.insurance_number,
                data.insurance_branch,
            )
        case "four_items" | "my_number_card":
            born = birth_of(
                Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era)
            )
            if isinstance(born, BirthDateFault):
                return None
            return await emergency.find_by_items(actor, data.name, data.name_kana, data.sex, born)


async def _form(
    request: PortalRequest,
    actor: Actor,
    data: Opening,
    error: str,
    open_to: UUID | None = None,
    /,
    **params: str | int | datetime,
) -> Response[bytes]:
    """`open_to`: who can be read without any emergency, as treatment."""
    locale = preferences(request).locale
    has_more = bool(error) and i18n.has_text(locale, f"{error}.next")
    return await render(
        request,
        "clinic/emergency_open.html",
        actor,
        status=422 if error else 200,
        path=PATH,
        values=data,
        birth={
            "birth_era": data.birth_era,
            "birth_year": data.birth_year,
            "birth_month": data.birth_month,
            "birth_day": data.birth_day,
        },
        reasons=[(each, say(request, f"emergency.reason.{each}")) for each in REASONS],
        most=MOST_WORDS,
        error=say(request, error, **params) if error else "",
        advice=say(request, f"{error}.next") if has_more else "",
        open_to=open_to,
        in_disaster=await disasters.is_declared_here(actor),
        has_declared=await ties.declared(actor) is not None,
        shut_by=await emergency.shut_by(actor),
        sessions=[each for each in await emergency.mine(actor) if each.state != "ended"],
    )


routes: list[ControllerRouterHandler] = [form_page, open_it, read, change]
