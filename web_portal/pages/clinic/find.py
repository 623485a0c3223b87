"""A clinician finds a participant: by card, code, the facility's own number, or insurance."""

import re
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct
from msgspec.structs import asdict, astuple

from api.consent.agreeing import desk_code, facility_notices, requests
from api.consent.agreeing.asking import DESK_CODE_DIGITS
from api.consent.errors import DeskCodeRefused
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.fhir import codes
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.enrolling.insurance import Insurance, InsuranceFault, parse_insurance
from api.identity.guards import PORTAL, professionals_only
from api.identity.my_number import contains_my_number, is_my_number
from api.records import finding
from api.records.errors import NumberRefused, NumberTaken
from api.records.linking import service as linking
from api.records.mapping import Identifier
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.clinic.frame import path_of, refused
from web_portal.scanned import card_number

Short = Annotated[str, Meta(max_length=20)]


class Search(Struct):
    by: Literal["card", "local_id", "insurance"]
    card: Annotated[str, Meta(max_length=10_000)] = ""
    local_id: Annotated[str, Meta(max_length=64)] = ""
    insurer: Short = ""
    insurance_symbol: Annotated[str, Meta(max_length=64)] = ""
    insurance_number: Annotated[str, Meta(max_length=64)] = ""
    insurance_branch: Short = ""
    birth_era: Short = "western"
    birth_year: Short = ""
    birth_month: Short = ""
    birth_day: Short = ""


class OwnNumber(Struct):
    number: Annotated[str, Meta(max_length=100)] = ""


class Refused(Exception):
    """What was typed cannot be searched for; `keys` say why, by field."""

    def __init__(self, **keys: str) -> None:
        super().__init__(*keys.values())
        self.keys = keys


@get("/clinic", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def find_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await find_form(request, actor, {}, {})


@post("/clinic/find", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def find(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    data: URLEncodedBody[Search],
) -> Response[bytes]:
    """Leads on to the page of whoever is found: the finding is logged here, the look there."""
    scanned = _scanned(data.card) if data.by == "card" else data.card
    if len(scanned) == DESK_CODE_DIGITS:
        return await _by_code(request, actor, scanned)
    facility = await _facility(actor)
    try:
        identifier, born_on = _sought(data, scanned, facility)
    except Refused as fault:
        is_kept = CardFault.MY_NUMBER not in fault.keys.values()
        errors = {
            name: f"{say(request, key)} {say(request, f'{key}.next')}"
            for name, key in fault.keys.items()
        }
        return await find_form(request, actor, asdict(data) if is_kept else {}, errors)
    person = (await finding.find(actor, identifier, born_on)).person
    if person is None:
        card = identifier.value if identifier.system == codes.CARD else ""
        return await refused(request, actor, card, by_insurance=data.by == "insurance")
    return Redirect(path_of(person.participant_id), status_code=303)


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


async def _by_code(request: PortalRequest, actor: Actor, code: str) -> Response[bytes]:
    """What was scanned is the code a participant shows at the desk."""
    try:
        participant_id = await desk_code.redeem(actor, code)
    except DeskCodeRefused as fault:
        message = f"{say(request, fault.key)} {say(request, f'{fault.key}.next')}"
        return await find_form(request, actor, {}, {"card": message})
    return Redirect(f"/clinic/participants/{participant_id}", status_code=303)


def _scanned(text: str) -> str:
    """The card of a participant's paper or emergency card, the digits of a desk code, or what was
    typed."""
    digits = re.sub(r"[\s-]", "", text)
    return (
        digits
        if re.fullmatch(f"[0-9]{{{DESK_CODE_DIGITS}}}", digits, re.ASCII)
        else card_number(text)
    )


def _sought(data: Search, card_text: str, facility: FacilityLine) -> tuple[Identifier, date | None]:
    """Raises `Refused`; a 個人番号 is recognised before anything else."""
    if data.by == "insurance":
        return _insured(data)
    if data.by == "card":
        card = CardNumber.parse(card_text, directory.profile().card_scheme)
        if isinstance(card, CardFault):
            raise Refused(card=card)
        return Identifier(codes.CARD, card.digits), None
    if is_my_number(data.local_id):
        raise Refused(local_id=CardFault.MY_NUMBER)
    local_id = data.local_id.strip()
    if not local_id:
        raise Refused(local_id="error.clinic.local_id")
    return Identifier(codes.patient_in_facility(facility.code), local_id), None


def _insured(data: Search) -> tuple[Identifier, date]:
    """Raises `Refused`. Nobody is found by less than both: a family shares its insurance."""
    typed = (data.insurer, data.insurance_symbol, data.insurance_number, data.insurance_branch)
    if any(map(contains_my_number, typed)):
        raise Refused(insurance_number=CardFault.MY_NUMBER)
    faults: dict[str, str] = {}
    insurance = parse_insurance(*typed)
    if insurance is None:
        faults["insurer"] = InsuranceFault.INSURER_LENGTH
    elif not isinstance(insurance, Insurance):
        faults |= insurance
    birth = Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era)
    born_on = birth_of(birth)
    if isinstance(born_on, BirthDateFault):
        faults["birth"] = born_on
    if not isinstance(insurance, Insurance) or isinstance(born_on, BirthDateFault):
        raise Refused(**faults)
    return Identifier(codes.INSURANCE_MEMBER, ":".join(astuple(insurance))), born_on


async def _facility(actor: Actor) -> FacilityLine:
    """The professional's own."""
    found = await directory.named(actor, [actor.facility_id] if actor.facility_id else [])
    return next(iter(found.values()))


routes: list[ControllerRouterHandler] = [find_page, find, ask_number]
