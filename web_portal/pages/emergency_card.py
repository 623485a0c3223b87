"""The emergency card: composed, seen before it is made, printed, kept on a telephone, revoked."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct, structs

from api.core.actor import Actor
from api.emergency.cards import service as cards
from api.emergency.cards.content import LINE_KINDS, Answer, Contact
from api.emergency.errors import CardFaults, UnknownCardLine, WordsHoldMyNumber
from api.identity.guards import PORTAL, SETTINGS, anyone, participants_only
from api.proxies.rules import FAMILY, Family
from api.records.emergency import carrying
from api.records.emergency.carrying import Wish
from web_portal import card_pages
from web_portal.page import Flash, PortalRequest, preferences, render, say

PATH = "/emergency-card"
READER = "/card"
Id = Annotated[str, Meta(max_length=36)]
Short = Annotated[str, Meta(max_length=200)]
_OWN: dict[str, Any] = {
    "guards": [participants_only],
    "opt": PORTAL | SETTINGS,
    "include_in_schema": False,
}


class Composed(Struct):
    # A form with one box ticked brings no list.
    record: list[Id] | Id = []
    blood: Literal["yes", ""] = ""
    implant_1: Short = ""
    implant_2: Short = ""
    implant_3: Short = ""
    pregnancy: Answer = ""
    due_on: Short = ""
    directive: Answer = ""
    contact_family_1: Family = "other"
    contact_name_1: Short = ""
    contact_phone_1: Short = ""
    contact_family_2: Family = "other"
    contact_name_2: Short = ""
    contact_phone_2: Short = ""
    note: Short = ""
    back: Literal["yes", ""] = ""


class Showing(Struct):
    form: Literal["page", "file"] = "page"


@get(PATH, **_OWN)
async def held_page(
    request: PortalRequest, actor: NamedDependency[Actor], done: FromQuery[str] = ""
) -> Response[bytes]:
    flash: Flash | None = None
    if done in ("made", "revoked"):
        texts = {"made": "card.done.made", "revoked": "card.done.revoked"}
        title = say(request, texts[done])
        flash = {"kind": "success", "title": title, "text": say(request, f"{texts[done]}.next")}
    return await render(
        request,
        "emergency_card/held.html",
        actor,
        flash=flash,
        held=await cards.mine(actor),
        kinds=LINE_KINDS,
        address=cards.page().partition("://")[2],
    )


@get(f"{PATH}/new", **_OWN)
async def compose_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _compose(request, actor, None, {})


@post(f"{PATH}/preview", status_code=200, **_OWN)
async def preview(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Composed]
) -> Response[bytes]:
    """As it would be; nothing is kept yet."""
    try:
        drafted = await carrying.draft(actor, _wish(data))
    except (CardFaults, WordsHoldMyNumber) as fault:
        return await _refused(request, actor, data, fault)
    return await render(
        request,
        "emergency_card/preview.html",
        actor,
        path=f"{PATH}/new",
        content=drafted.content,
        codes=len(drafted.sealed.parts),
        left_out=drafted.sealed.left_out,
        kinds=LINE_KINDS,
        posted=_posted(data),
    )


@post(PATH, status_code=200, **_OWN)
async def make(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Composed]
) -> Response[bytes]:
    if data.back:
        return await _compose(request, actor, data, {})
    try:
        await carrying.make(actor, _wish(data))
    except (CardFaults, WordsHoldMyNumber) as fault:
        return await _refused(request, actor, data, fault)
    return Redirect(f"{PATH}?done=made", status_code=303)


@post(f"{PATH}/paper", status_code=200, **_OWN)
async def paper(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    """Answers with the sheet itself: its code stands in no address and is not kept."""
    issued = await cards.issue(actor, "paper")
    locale = preferences(request).locale
    return _html(card_pages.carried(issued, "paper", locale, as_file=False))


@post(f"{PATH}/phone", status_code=200, **_OWN)
async def phone(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Showing]
) -> Response[bytes]:
    issued = await cards.issue(actor, "phone")
    as_file = data.form == "file"
    body = card_pages.carried(issued, "phone", preferences(request).locale, as_file=as_file)
    return _html(body, "emergency-card.html" if as_file else None)


@post(f"{PATH}/revoked", **_OWN)
async def revoke(actor: NamedDependency[Actor]) -> Response[bytes]:
    await cards.revoke(actor)
    return Redirect(f"{PATH}?done=revoked", status_code=303)


@get(READER, guards=[anyone], opt=PORTAL, include_in_schema=False)
async def reader(request: PortalRequest) -> Response[bytes]:
    """For whoever finds somebody with a card: what it says, and whether it is ours."""
    return _html(card_pages.reader(preferences(request).locale, as_file=False))


@get(f"{READER}/file", guards=[anyone], opt=PORTAL, include_in_schema=False)
async def reader_file(request: PortalRequest) -> Response[bytes]:
    """The same in one file, for where there is no network."""
    body = card_pages.reader(preferences(request).locale, as_file=True)
    return _html(body, "emergency-card-reader.html")


def _html(body: bytes, file_name: str | None = None) -> Response[bytes]:
    headers = {}
    if file_name is not None:
        headers["content-disposition"] = f'attachment; filename="{file_name}"'
    return Response(body, media_type="text/html", headers=headers)


def _wish(data: Composed) -> Wish:
    """Raises `CardFaults` for a day that is none."""
    try:
        due_on = date.fromisoformat(data.due_on) if data.due_on else None
    except ValueError as error:
        raise CardFaults({"due_on": "error.emergency.card.due"}) from error
    contacts = (
        (data.contact_family_1, data.contact_name_1, data.contact_phone_1),
        (data.contact_family_2, data.contact_name_2, data.contact_phone_2),
    )
    implants = (data.implant_1, data.implant_2, data.implant_3)
    return Wish(
        records=tuple(map(_id, _records(data))),
        blood=data.blood == "yes",
        implants=tuple(text for text in implants if text.strip()),
        pregnancy=data.pregnancy,
        due_on=due_on,
        directive=data.directive,
        contacts=tuple(Contact(*each) for each in contacts if each[1].strip() or each[2].strip()),
        note=data.note,
    )


def _records(data: Composed) -> list[str]:
    return [data.record] if isinstance(data.record, str) else data.record


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UnknownCardLine from error


def _posted(data: Composed) -> list[tuple[str, str]]:
    """All of it again, for the form that makes the card."""
    fields = structs.asdict(data)
    for name in ("record", "back"):
        del fields[name]
    return [("record", each) for each in _records(data)] + list(fields.items())


async def _refused(
    request: PortalRequest, actor: Actor, data: Composed, fault: CardFaults | WordsHoldMyNumber
) -> Response[bytes]:
    if isinstance(fault, WordsHoldMyNumber):
        # None of it goes back into a page.
        kept = Composed(record=data.record, blood=data.blood)
        return await _compose(request, actor, kept, {"note": say(request, fault.key)})
    faults = {name: say(request, key) for name, key in fault.fields.items()}
    return await _compose(request, actor, data, faults)


async def _compose(
    request: PortalRequest, actor: Actor, data: Composed | None, errors: dict[str, str]
) -> Response[bytes]:
    """`data` as it was sent back; None at first, when what is usual is ticked."""
    found = (await carrying.choice(actor)).offers
    offers = [
        {
            "kind": kind,
            "lines": [
                (
                    each.record_id,
                    each.line.text,
                    each.line.mark,
                    each.is_usual if data is None else str(each.record_id) in _records(data),
                )
                for each in found.lines
                if each.line.kind == kind
            ],
        }
        for kind in LINE_KINDS
    ]
    return await render(
        request,
        "emergency_card/compose.html",
        actor,
        status=422 if errors else 200,
        path=f"{PATH}/new",
        offers=[each for each in offers if each["lines"]],
        blood=found.blood,
        has_blood=data is not None and data.blood == "yes",
        families=[(each, say(request, f"assisted.family.{each}")) for each in FAMILY],
        values={} if data is None else structs.asdict(data),
        errors=errors,
    )


routes: list[ControllerRouterHandler] = [
    held_page,
    compose_page,
    preview,
    make,
    paper,
    phone,
    revoke,
    reader,
    reader_file,
]
