"""A clinician finds a participant and reads what the settings show them."""

from datetime import date
from itertools import groupby
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent.agreeing import facility_notices, requests
from api.consent.settings.telling import label
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.fhir import codes
from api.identity.card import CardFault, CardNumber
from api.identity.guards import PORTAL, professionals_only
from api.identity.my_number import is_my_number
from api.records import service as records
from api.records.errors import NumberRefused, NumberTaken
from api.records.linking import service as linking
from api.records.mapping import Identifier
from api.records.service import Person, TimelineLine
from web_portal.page import PortalRequest, preferences, render, say

UNTOLD_MARKS = ("UNINFORMED", "UNDELIVERED")


class Search(Struct):
    by: Literal["card", "local_id"]
    card: Annotated[str, Meta(max_length=100)] = ""
    local_id: Annotated[str, Meta(max_length=64)] = ""


class OwnNumber(Struct):
    number: Annotated[str, Meta(max_length=100)] = ""


class Refused(Exception):
    """What was typed cannot be searched for; `key` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@get("/clinic", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def find_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await find_form(request, actor, {}, {})


@post(
    "/clinic/find",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def find(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    data: URLEncodedBody[Search],
) -> Response[bytes]:
    """Answers with the record page itself, so that one look makes one entry in the log."""
    facility = await _facility(actor)
    try:
        identifier = _identifier(data, facility)
    except Refused as refused:
        is_kept = refused.key != CardFault.MY_NUMBER
        values = {"card": data.card, "local_id": data.local_id} if is_kept else {}
        message = f"{say(request, refused.key)} {say(request, f'{refused.key}.next')}"
        return await find_form(request, actor, values, {str(data.by): message})
    person = (await records.find(actor, identifier)).person
    return await _read(request, actor, facility, person)


@get(
    "/clinic/participants/{participant_id:uuid}",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def read(
    request: PortalRequest, actor: NamedDependency[Actor], participant_id: FromPath[UUID]
) -> Response[bytes]:
    person = (await records.show(actor, participant_id)).person
    return await _read(request, actor, await _facility(actor), person)


@post(
    "/clinic/participants/{participant_id:uuid}/number",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def ask_number(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    data: URLEncodedBody[OwnNumber],
) -> Response[bytes]:
    """Asks the participant whether they are this facility's patient of that number."""
    here = f"/clinic/participants/{participant_id}"
    try:
        await linking.ask(actor, participant_id, data.number)
    except (NumberRefused, NumberTaken) as refusal:
        return await render(
            request,
            "clinic/number.html",
            actor,
            status=refusal.status,
            path=here,
            back=here,
            message=f"{say(request, refusal.key)} {say(request, f'{refusal.key}.next')}",
        )
    return await render(request, "clinic/number.html", actor, path=here, back=here, message="")


async def find_form(
    request: PortalRequest, actor: Actor, values: dict[str, str], errors: dict[str, str]
) -> Response[bytes]:
    facility = await _facility(actor)
    return await render(
        request,
        "clinic/find.html",
        actor,
        status=422 if errors else 200,
        path="/clinic",
        facility=facility.label(preferences(request).locale),
        purpose=say(request, "purpose.TREAT"),
        values=values,
        errors=errors,
        notices=await facility_notices.unseen(actor),
        asked=await requests.mine(actor),
    )


async def _read(
    request: PortalRequest, actor: Actor, facility: FacilityLine, person: Person | None
) -> Response[bytes]:
    locale = preferences(request).locale
    lines = await records.timeline(actor, person.participant_id) if person else []
    names = await directory.named(actor, (each.facility_id for each in lines))
    return await render(
        request,
        "clinic/read.html",
        actor,
        status=200 if person else 404,
        path=f"/clinic/participants/{person.participant_id}" if person else "/clinic",
        subject=_subject(request, person) if person else None,
        groups=grouped(lines, locale, names),
        is_cut=len(lines) == records.MOST_ROWS,
        most=records.MOST_ROWS,
        participant_id=person.participant_id if person else None,
        desk=(await linking.at_desk(actor, person.participant_id)) if person else None,
        facility=facility.label(locale),
    )


def grouped(
    lines: list[TimelineLine], locale: str, names: dict[UUID, FacilityLine]
) -> list[dict[str, object]]:
    """By category in the profile's order, newest first."""
    profile = directory.profile()
    order = [category.code for category in profile.categories]

    def place(line: TimelineLine) -> int:
        return order.index(line.category) if line.category in order else len(order)

    return [
        {
            "code": code,
            "label": label(profile, "category", code, locale),
            "records": [
                {
                    "at": line.effective_at or line.effective_on,
                    "title": line.title,
                    "facility": names[line.facility_id].label(locale),
                    "marks": [
                        i18n.text(locale, f"mark.{mark}")
                        for mark in line.marks
                        if mark in UNTOLD_MARKS
                    ],
                }
                for line in members
            ],
        }
        for code, members in groupby(sorted(lines, key=place), key=lambda line: line.category)
    ]


def _identifier(data: Search, facility: FacilityLine) -> Identifier:
    """Raises `Refused`; a 個人番号 is recognised before anything else."""
    if data.by == "card":
        card = CardNumber.parse(data.card, directory.profile().card_scheme)
        if isinstance(card, CardFault):
            raise Refused(card)
        return Identifier(codes.CARD, card.digits)
    if is_my_number(data.local_id):
        raise Refused(CardFault.MY_NUMBER)
    if not data.local_id.strip():
        raise Refused("error.clinic.local_id")
    return Identifier(codes.patient_in_facility(facility.code), data.local_id.strip())


def _subject(request: PortalRequest, person: Person) -> dict[str, object]:
    """None where the settings do not show basic information."""
    return {
        "name": person.name,
        "kana": person.name_kana,
        "birth_on": person.birth_on,
        "age": _age(person.birth_on) if person.birth_on else None,
        "sex": say(request, f"sex.{person.sex}") if person.sex else None,
    }


def _age(birth_on: date) -> int:
    today = clock.today_in_japan()
    return today.year - birth_on.year - ((today.month, today.day) < (birth_on.month, birth_on.day))


async def _facility(actor: Actor) -> FacilityLine:
    """The professional's own."""
    found = await directory.named(actor, [actor.facility_id] if actor.facility_id else [])
    return next(iter(found.values()))


routes: list[ControllerRouterHandler] = [find_page, find, read, ask_number]
