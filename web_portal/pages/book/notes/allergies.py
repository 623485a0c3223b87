"""Allergies one knows of: found in the table or written in words, apart from what was confirmed."""

from collections.abc import Container
from datetime import date
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, UPLOAD, VIEW, participants_only
from api.phr.entries.service import Entry
from api.phr.notes import allergens, rules, service
from api.phr.notes.allergens import OF_CODE
from api.phr.notes.kinds import ALLERGY
from api.phr.notes.service import Asked
from api.records.own import service as records
from api.records.own.service import Asked as AskedOfRecords
from api.records.own.service import OwnRecord
from web_portal.page import PortalRequest, preferences, render
from web_portal.pages.book import saying
from web_portal.pages.book.notes.pages import (
    ON_A_PAGE,
    After,
    Shelf,
    flash_of,
    form_of,
    pages_of,
    today,
)

SHELF: Final = Shelf(
    ALLERGY,
    "allergy",
    "/book/allergies",
    names=("name", "sort", "reaction", "severity", "since", "remark"),
    hidden=("allergen",),
)
KINDS: Final = ("allergy", "contraindication")
MOST: Final = 100


class Search(Struct):
    words: str = ""


class Picked(Struct):
    allergen: str = ""
    name: str = ""


@get(SHELF.here, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
    after: After = "",
) -> Response[bytes]:
    """What facilities wrote stands by itself: theirs was looked at by a professional."""
    every = await service.allergies(actor)
    found, own = Asked(after, ON_A_PAGE).of(every), {each.entry_id for each in every}
    theirs = [await _theirs(actor, kind, own) for kind in KINDS]
    confirmed = [each for some, _ in theirs for each in some]
    names = await directory.named(actor, (each.facility_id for each in confirmed))
    locale = preferences(request).locale
    return await render(
        request,
        "book/notes/allergies.html",
        actor,
        flash=flash_of(request, done),
        path=SHELF.here,
        here=SHELF.here,
        own=[_line(request, each) for each in found.items],
        next=found.next,
        after=after,
        confirmed=[
            {
                "id": each.record_id,
                "title": each.title,
                "on": each.on,
                "facility": names[each.facility_id].label(locale),
            }
            for each in confirmed
        ],
        more=[kind for kind, (_, has_more) in zip(KINDS, theirs, strict=True) if has_more],
    )


async def _theirs(actor: Actor, kind: str, own: Container[UUID]) -> tuple[list[OwnRecord], bool]:
    """The newest of facilities, and whether there are more; one's own stand among them."""
    found, asked, after = list[OwnRecord](), AskedOfRecords(category=kind), ""
    while len(found) <= MOST:
        page = await records.page(actor, asked, after=after or None, count=records.MOST_ROWS)
        found += [each for each in page.records if each.record_id not in own]
        after = page.after or ""
        if not after:
            break
    return found[:MOST], len(found) > MOST


@get(f"{SHELF.here}/find", guards=[participants_only], opt=PORTAL | UPLOAD, include_in_schema=False)
async def search(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _search(request, actor, "")


@post(
    f"{SHELF.here}/find",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def find(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Search]
) -> Response[bytes]:
    """POST: what somebody is allergic to stands in no address."""
    return await _search(request, actor, data.words.strip())


@post(
    f"{SHELF.here}/picked",
    status_code=200,
    guards=[participants_only],
    opt=PORTAL | UPLOAD,
    include_in_schema=False,
)
async def picked(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Picked]
) -> Response[bytes]:
    """The form, with what was found filled in, or the words that were looked for."""
    allergen = OF_CODE.get(data.allergen)
    values = {**today(), "name": data.name.strip()}
    if allergen is not None:
        values["name"] = allergen.label(preferences(request).locale)
        values |= rules.allergy_typed({"name": allergen.ja, "allergen": allergen.code})
    return await form_of(request, actor, SHELF, values)


async def _search(request: PortalRequest, actor: Actor, words: str) -> Response[bytes]:
    locale = preferences(request).locale
    return await render(
        request,
        "book/notes/allergy_find.html",
        actor,
        path=f"{SHELF.here}/find",
        here=SHELF.here,
        words=words,
        edition=date.fromisoformat(allergens.EDITION),
        found=[(each.code, each.label(locale)) for each in allergens.found(words)],
    )


def _line(request: PortalRequest, entry: Entry) -> dict[str, object]:
    values = entry.values
    shown = {k: v for k, v in values.items() if k not in ("name", "sort", "allergen")}
    return {
        "id": entry.entry_id,
        "name": values["name"],
        "sort": saying.option_of(request, ALLERGY, "sort", values["sort"]),
        "is_severe": values.get("severity") == "severe",
        "on": entry.on,
        "facts": saying.facts_of(request, ALLERGY, shown),
    }


routes: list[ControllerRouterHandler] = [listed, search, find, picked, *pages_of(SHELF)]
